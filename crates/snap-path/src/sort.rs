//! Sorting in place, in little code.
//!
//! What core has takes 12 KiB for each kind of thing that is sorted, which would be a quarter of the
//! program. Here lists are short, or nearly always in order already, or in the opposite order.

use core::cmp::Ordering;

/// Sorts `items`, no two of which should be equal: their order would be any (a heapsort).
pub fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    if items.is_sorted_by(|a, b| compare(a, b).is_gt()) {
        items.reverse();
    }
    if items.is_sorted_by(|a, b| compare(a, b).is_le()) {
        return;
    }
    for root in (0..items.len() / 2).rev() {
        sift_down(items, root, &compare);
    }
    for end in (1..items.len()).rev() {
        swap(items, 0, end);
        sift_down(items.get_mut(..end).unwrap_or_default(), 0, &compare);
    }
}

/// Lets what is at `root` sink below what is greater, in a heap but for that.
fn sift_down<T>(heap: &mut [T], mut root: usize, compare: &impl Fn(&T, &T) -> Ordering) {
    loop {
        let less = |a, b| heap.get(a).zip(heap.get(b)).is_some_and(|(a, b)| compare(a, b).is_lt());
        let left = root.saturating_mul(2).saturating_add(1);
        let right = left.saturating_add(1);
        let child = if less(left, right) { right } else { left };
        if !less(root, child) {
            return;
        }
        swap(heap, root, child);
        root = child;
    }
}

fn swap<T>(items: &mut [T], a: usize, b: usize) {
    if let Ok([a, b]) = items.get_disjoint_mut([a, b]) {
        core::mem::swap(a, b);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::sort_by;

    #[test]
    fn as_core_does() {
        let mut seed = 1_u32;
        let mut random = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed >> 16
        };
        for len in (0..40).chain([1000]) {
            let mut items: Vec<u32> = (0..len).map(|_| random() % 500).collect();
            for turn in 0..4 {
                let mut sorted = items.clone();
                sorted.sort_unstable();
                sort_by(&mut items, u32::cmp);
                assert_eq!(items, sorted, "{len}, {turn}");
                let third = items.len() / 3;
                match turn {
                    0 => items.reverse(),
                    1 => items.rotate_left(third),
                    _ => {}
                }
            }
        }
    }
}
