//! Descriptors as paths.

use rustix::fd::{AsRawFd, BorrowedFd};
use snap_path::Text;

/// The path of a descriptor: `/proc/self/fd/N` (proc(5)).
pub(crate) fn fd_path(fd: BorrowedFd<'_>) -> Text<32> {
    let mut path = Text::new();
    // A descriptor is never negative, and ten digits fit.
    let number = u32::try_from(fd.as_raw_fd()).unwrap_or(u32::MAX);
    let _ = path.push(b"/proc/self/fd/").and_then(|()| path.push_number(number, 10));
    path
}
