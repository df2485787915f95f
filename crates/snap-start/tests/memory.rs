//! The memory functions of the freestanding binary, under another name, against plain loops.
#![cfg(target_arch = "x86_64")]
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use core::arch::global_asm;
use core::ffi::{c_char, c_int, c_void};

global_asm!(
    ".macro function name",
    ".globl start_\\name",
    ".hidden start_\\name",
    ".type start_\\name, @function",
    "start_\\name:",
    ".endm",
    include_str!("../src/freestanding/x86_64/memory.s"),
);

unsafe extern "C" {
    fn start_memcpy(to: *mut c_void, from: *const c_void, size: usize) -> *mut c_void;
    fn start_memmove(to: *mut c_void, from: *const c_void, size: usize) -> *mut c_void;
    fn start_memset(to: *mut c_void, byte: c_int, size: usize) -> *mut c_void;
    fn start_memcmp(a: *const c_void, b: *const c_void, size: usize) -> c_int;
    fn start_bcmp(a: *const c_void, b: *const c_void, size: usize) -> c_int;
    fn start_strlen(text: *const c_char) -> usize;
}

/// Every small size, and some on both sides of where the string instructions take over.
fn sizes() -> impl Iterator<Item = usize> {
    (0..=300).chain([511, 512, 513, 1007, 1008, 1023, 1024, 1025, 1040, 4096, 5000])
}

/// Bytes that do not repeat within any distance that matters here.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(next).collect()
}

#[test]
fn memcpy_copies_exactly_what_it_is_told() {
    let source = noise(6000);
    for size in sizes() {
        for from in [0, 1, 7, 15, 16] {
            for to in 0..=16 {
                let mut actual = vec![0xa5_u8; size + 64];
                let mut expected = actual.clone();
                expected[to..to + size].copy_from_slice(&source[from..from + size]);
                let place = actual[to..].as_mut_ptr();
                // SAFETY: both ranges lie within their vectors.
                let result =
                    unsafe { start_memcpy(place.cast(), source[from..].as_ptr().cast(), size) };
                assert_eq!(result, place.cast(), "size {size} from {from} to {to}");
                assert!(actual == expected, "size {size} from {from} to {to}");
            }
        }
    }
}

#[test]
fn memmove_copies_over_itself_in_both_directions() {
    let distances = (0..=48).chain([63, 64, 65, 100, 255, 256, 299, 300, 1023, 1024, 2000]);
    let distances: Vec<usize> = distances.collect();
    for size in sizes() {
        let before = noise(size + 2100);
        for &distance in &distances {
            for (from, to) in [(distance, 0), (0, distance), (distance + 3, 3), (3, distance + 3)] {
                let mut actual = before.clone();
                let mut expected = before.clone();
                expected.copy_within(from..from + size, to);
                let base = actual.as_mut_ptr();
                // SAFETY: both ranges lie within the vector.
                let result = unsafe {
                    start_memmove(base.add(to).cast(), base.add(from).cast_const().cast(), size)
                };
                assert_eq!(result, base.wrapping_add(to).cast());
                assert!(actual == expected, "size {size} from {from} to {to}");
            }
        }
    }
}

#[test]
fn memset_fills_exactly_what_it_is_told() {
    for size in sizes() {
        for to in 0..=16 {
            for byte in [0, 0x5a, 0xff, 0x180, -1_i32] {
                let mut actual = vec![0xa5_u8; size + 64];
                let mut expected = actual.clone();
                expected[to..to + size].fill(byte.to_le_bytes()[0]);
                let place = actual[to..].as_mut_ptr();
                // SAFETY: the range lies within the vector.
                let result = unsafe { start_memset(place.cast(), byte, size) };
                assert_eq!(result, place.cast());
                assert!(actual == expected, "size {size} to {to} byte {byte}");
            }
        }
    }
}

fn compare(a: &[u8], b: &[u8]) -> (c_int, c_int) {
    assert_eq!(a.len(), b.len());
    let (a, b, size) = (a.as_ptr().cast(), b.as_ptr().cast(), a.len());
    // SAFETY: both ranges are the slices.
    unsafe { (start_memcmp(a, b, size), start_bcmp(a, b, size)) }
}

#[test]
fn memcmp_orders_as_slices_do() {
    for size in sizes() {
        for offset in [0, 1, 3, 8, 15] {
            let a = noise(size + 16);
            // What lies around the compared bytes differs, and must not matter.
            let mut b: Vec<u8> = a.iter().map(|byte| !byte).collect();
            b[offset..offset + size].copy_from_slice(&a[..size]);
            assert_eq!(compare(&a[..size], &b[offset..offset + size]), (0, 0), "{size}");
            for at in (0..size).filter(|at| size <= 300 || at % 97 == 0 || at + 9 > size) {
                for flip in [0x01, 0x80] {
                    let mut b = b.clone();
                    b[offset + at] ^= flip;
                    // A later difference the other way round must not decide.
                    if at + 1 < size {
                        b[offset + at + 1] ^= 0xff;
                    }
                    let (a, b) = (&a[..size], &b[offset..offset + size]);
                    let (order, equal) = compare(a, b);
                    assert_eq!(order.cmp(&0), a.cmp(b), "size {size} at {at}");
                    assert_ne!(equal, 0);
                    assert_eq!(compare(b, a).0.cmp(&0), b.cmp(a), "size {size} at {at}");
                }
            }
        }
    }
}

#[test]
fn strlen_finds_the_first_nul_at_every_alignment() {
    for size in sizes() {
        for offset in 0..=16 {
            for before in [0, b'x'] {
                let mut text = vec![b'x'; size + 64];
                text[..offset].fill(before);
                text[offset + size] = 0;
                text[offset + size + 2] = 0;
                // SAFETY: there is a NUL.
                let found = unsafe { start_strlen(text[offset..].as_ptr().cast()) };
                assert_eq!(found, size, "offset {offset}");
            }
        }
    }
}

/// A buffer that ends where the next page may not be touched.
fn at_the_edge(test: impl FnOnce(&mut [u8])) {
    const PAGE: usize = 4096;
    // SAFETY: a fresh anonymous mapping; its second page loses every permission; then only the
    // first one is used, and both go away after that use.
    unsafe {
        let (protection, flags) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        let map = libc::mmap(core::ptr::null_mut(), 2 * PAGE, protection, flags, -1, 0);
        assert_ne!(map, libc::MAP_FAILED);
        assert_eq!(libc::mprotect(map.add(PAGE), PAGE, libc::PROT_NONE), 0);
        test(core::slice::from_raw_parts_mut(map.cast::<u8>(), PAGE));
        assert_eq!(libc::munmap(map, 2 * PAGE), 0);
    }
}

#[test]
fn nothing_reaches_past_the_end() {
    at_the_edge(|page| {
        let other = noise(4096);
        for size in 0..=300 {
            let end = &mut page[4096 - size..];
            // SAFETY: the ranges are `end` and as much of `other`.
            unsafe {
                start_memset(end.as_mut_ptr().cast(), 1, size);
                start_memcpy(end.as_mut_ptr().cast(), other.as_ptr().cast(), size);
            }
            assert_eq!(compare(end, &other[..size]), (0, 0));
            if size > 0 {
                end.fill(b'x');
                end[size - 1] = 0;
                // SAFETY: there is a NUL.
                assert_eq!(unsafe { start_strlen(end.as_ptr().cast()) }, size - 1);
            }
        }
    });
}
