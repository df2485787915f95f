//! Descriptors as paths.

use rustix::fd::{AsRawFd, BorrowedFd};
use snap_path::Text;

/// The path of a descriptor: `/proc/self/fd/N` (proc(5)).
pub(crate) fn fd_path(fd: BorrowedFd<'_>) -> Text<32> {
    let mut path = Text::new();
    // A number of 32 bits fits.
    let _ = path.push_fmt(format_args!("/proc/self/fd/{}", fd.as_raw_fd()));
    path
}
