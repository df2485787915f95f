//! A static that can be borrowed mutably, once.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

/// Memory for the whole run of the program: a `static` that is handed out once.
///
/// This is how a program without a heap gets its buffers. When `T` is all zeros (or uninitialised,
/// as the slots of an empty `ArrayVec`) the static lands in `.bss`: it takes no room in the file,
/// and the kernel provides a page of it only when that page is first written.
#[derive(Debug)]
pub struct Storage<T> {
    taken: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reachable only through `take`, and that gives it to one caller only; so
// sharing the storage between threads amounts to sending the value to one of them.
#[allow(unsafe_code)]
unsafe impl<T: Send> Sync for Storage<T> {}

impl<T> Storage<T> {
    /// The storage, with what it holds in the beginning.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self { taken: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// The value, for the rest of the run; `None` for everybody but the first who asks.
    #[allow(unsafe_code)]
    #[allow(clippy::mut_from_ref, reason = "only once, as the flag sees to")]
    pub fn take(&'static self) -> Option<&'static mut T> {
        if self.taken.swap(true, Ordering::Relaxed) {
            return None;
        }
        // SAFETY: `taken` was false and never becomes false again, so this is the only reference
        // that is ever made to the value; the storage is static, so it lives long enough.
        Some(unsafe { &mut *self.value.get() })
    }
}
