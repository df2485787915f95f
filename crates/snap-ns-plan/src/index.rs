//! Finding entries by mount point, or by source.

use core::cell::Cell;
use core::cmp::Ordering;
use core::ops::Range;

use arrayvec::ArrayVec;
use snap_path::{is_at_or_below, parents_first, prefixes};
use snap_profile::{ENTRIES_MAX, Item};

/// What entries are found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// Their mount point.
    MountPoint,
    /// Their source; what is no path comes to stand where no path is looked for.
    Source,
}

impl Key {
    fn of<'a>(self, items: &[Item<'a>], place: u16) -> &'a [u8] {
        items.get(usize::from(place)).map_or(&[], |item| match self {
            Self::MountPoint => item.entry.mount_point,
            Self::Source => item.entry.source,
        })
    }
}

/// The places of a profile's entries, ordered by a path of theirs (parents first), then by place.
#[derive(Debug)]
pub(crate) struct Index {
    key: Key,
    places: ArrayVec<u16, ENTRIES_MAX>,
    /// Bit N is set when a path has N components; the last bit stands for all deeper ones. Most
    /// lookups of a path's prefixes end here.
    depths: u64,
    /// Where the last searches ended: paths are asked for nearly in order, a path and its parents in
    /// turn, so that most searches end there again or one further.
    found: [Cell<u16>; 2],
}

/// The last bit of [`Index::depths`].
const DEEPEST: u32 = 63;

impl Index {
    pub(crate) const fn new() -> Self {
        Self {
            key: Key::MountPoint,
            places: ArrayVec::new_const(),
            depths: 0,
            found: [Cell::new(0), Cell::new(0)],
        }
    }

    /// Orders `items` by `key`.
    pub(crate) fn fill(&mut self, key: Key, items: &[Item<'_>]) {
        self.key = key;
        self.places.clear();
        self.places.extend((0_u16..).take(items.len().min(ENTRIES_MAX)));
        self.places.sort_unstable_by(|&a, &b| {
            let path = |place| key.of(items, place);
            parents_first(path(a), path(b)).then(a.cmp(&b))
        });
        let places = self.places.iter();
        self.depths = places.fold(0, |depths, &at| depths | depth_bit(key.of(items, at)));
    }

    /// The places in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        self.places.iter().copied()
    }

    /// The place that is number `at` in the order.
    pub(crate) fn nth(&self, at: usize) -> Option<u16> {
        self.places.get(at).copied()
    }

    /// Where the entries at or below `path` start in the order.
    fn start_of(&self, items: &[Item<'_>], path: &[u8]) -> usize {
        let before =
            |&place: &u16| parents_first(self.key.of(items, place), path) == Ordering::Less;
        for found in &self.found {
            let hint = usize::from(found.get());
            for at in [hint, hint.saturating_add(1)] {
                let last = at.checked_sub(1).and_then(|last| self.places.get(last));
                let inside = at <= self.places.len();
                if inside && last.is_none_or(before) && !self.places.get(at).is_some_and(before) {
                    found.set(u16::try_from(at).unwrap_or_default());
                    return at;
                }
            }
        }
        let at = self.places.partition_point(before);
        let [first, second] = &self.found;
        second.set(first.get());
        first.set(u16::try_from(at).unwrap_or_default());
        at
    }

    /// The numbers in the order of the entries from the first at or below `path` on that are `like`
    /// it.
    fn range(&self, items: &[Item<'_>], path: &[u8], like: impl Fn(&[u8]) -> bool) -> Range<usize> {
        let start = self.start_of(items, path);
        let rest = self.places.get(start..).unwrap_or_default();
        let like = |&place: &u16| like(self.key.of(items, place));
        let len = match rest {
            [] => 0,
            [first, ..] if !like(first) => 0,
            [_, second, ..] if !like(second) => 1,
            rest => rest.partition_point(like),
        };
        start..start.saturating_add(len)
    }

    /// The numbers in the order of the entries at or below `path`.
    pub(crate) fn subtree(&self, items: &[Item<'_>], path: &[u8]) -> Range<usize> {
        self.range(items, path, |other| is_at_or_below(other, path))
    }

    /// The numbers in the order of the entries with just this path.
    pub(crate) fn range_at(&self, items: &[Item<'_>], path: &[u8]) -> Range<usize> {
        self.range(items, path, |other| other == path)
    }

    /// The entries with just this path, in the order of the profile.
    pub(crate) fn at<'i>(
        &'i self,
        items: &'i [Item<'_>],
        path: &'i [u8],
    ) -> impl Iterator<Item = u16> + 'i {
        let found = self.places.get(self.start_of(items, path)..).unwrap_or_default();
        found.iter().copied().take_while(move |&place| self.key.of(items, place) == path)
    }

    /// `path` and the directories above it, the highest first, as far as an entry can be there.
    pub(crate) fn used_prefixes<'p>(
        &self,
        path: &'p [u8],
    ) -> impl Iterator<Item = &'p [u8]> + use<'p> {
        let depths = self.depths;
        let used = move |&(depth, _): &(usize, &[u8])| depths & bit(depth) != 0;
        prefixes(path).enumerate().filter(used).map(|(_, prefix)| prefix)
    }

    /// The entries with a path that is `path` or a directory above it, the highest first.
    pub(crate) fn at_or_above<'i>(
        &'i self,
        items: &'i [Item<'_>],
        path: &'i [u8],
    ) -> impl Iterator<Item = u16> + 'i {
        self.used_prefixes(path).flat_map(move |prefix| self.at(items, prefix))
    }

    /// As [`at`](Self::at), for just the first entry, tried first at `hint` in the order; tells
    /// where the search should go on.
    pub(crate) fn first_at(
        &self,
        items: &[Item<'_>],
        path: &[u8],
        hint: usize,
    ) -> (Option<u16>, usize) {
        let matches = |&&place: &&u16| self.key.of(items, place) == path;
        if let Some(&place) = self.places.get(hint).filter(matches) {
            return (Some(place), hint.saturating_add(1));
        }
        let start = self.start_of(items, path);
        (self.places.get(start).filter(matches).copied(), start.saturating_add(1))
    }
}

fn bit(depth: usize) -> u64 {
    let shift = u32::try_from(depth).unwrap_or(DEEPEST).min(DEEPEST);
    1_u64.checked_shl(shift).unwrap_or(0)
}

fn depth_bit(path: &[u8]) -> u64 {
    // One slash before each component; `/` itself has none.
    let slashes = path.iter().filter(|&&byte| byte == b'/').count();
    bit(if path.len() > 1 { slashes } else { 0 })
}

/// The mount point of the entry at `place`.
pub(crate) fn mount_point<'a>(items: &[Item<'a>], place: u16) -> &'a [u8] {
    Key::MountPoint.of(items, place)
}
