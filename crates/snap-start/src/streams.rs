//! The standard streams, borrowed.

use rustix::fd::BorrowedFd;

/// Descriptors 0, 1 and 2.
#[allow(unsafe_code)]
// SAFETY: the start code (or std, before `main`) opens the closed ones before the program runs. It
// asks these very numbers whether they are open, which is harmless when they are not. Afterwards
// they stay open: no `OwnedFd` of them exists that could close them.
pub(crate) const STANDARD: [BorrowedFd<'static>; 3] =
    unsafe { [BorrowedFd::borrow_raw(0), BorrowedFd::borrow_raw(1), BorrowedFd::borrow_raw(2)] };

/// Standard output; it is open for the whole run.
#[must_use]
pub const fn standard_output() -> BorrowedFd<'static> {
    let [_, output, _] = STANDARD;
    output
}

/// Standard error; it is open for the whole run.
#[must_use]
pub const fn standard_error() -> BorrowedFd<'static> {
    let [_, _, error] = STANDARD;
    error
}
