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

/// Standard output as a place for formatted text. What cannot be written is lost.
pub(crate) struct StandardOutput;

impl core::fmt::Write for StandardOutput {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        rustix::io::write(standard_output(), text.as_bytes())
            .map_or(Err(core::fmt::Error), |_| Ok(()))
    }
}
