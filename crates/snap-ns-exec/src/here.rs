//! The working directory as the place to work on.
//!
//! Mounting through `/proc/self/fd/N` costs the kernel about twice as much as mounting itself. A
//! directory that was walked can be named for much less: it is made the working directory, and is
//! `.` then. That is the very place the descriptor stands for; nothing is resolved again.

use core::ffi::CStr;

use rustix::fd::BorrowedFd;
use rustix::process::fchdir;
use snap_path::Text;

use crate::fd_path::fd_path;

/// A name for a place that is open.
pub(crate) enum Here {
    /// It is the working directory.
    Dot,
    /// It is no directory, or one that may not be entered.
    Fd(Text<32>),
}

impl Here {
    /// Makes `place` the working directory, if that is possible.
    pub(crate) fn enter(place: BorrowedFd<'_>) -> Self {
        match fchdir(place) {
            Ok(()) => Self::Dot,
            Err(_) => Self::Fd(fd_path(place)),
        }
    }

    pub(crate) fn path(&self) -> &CStr {
        match self {
            Self::Dot => c".",
            Self::Fd(path) => path.as_c_str(),
        }
    }
}
