//! A throw-away copy of the mount namespace.
//!
//! What is mounted in it nobody sees, and it is gone when nobody needs it any more, however the
//! program ends.

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Mode, OFlags, open};
use rustix::io;
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space};

use crate::kernel::{Kernel, Phase};

impl Kernel {
    /// Does `work` in a copy of the namespace (unshare(2)), where this thread is for that time. It
    /// needs `CAP_SYS_ADMIN` and `CAP_SYS_CHROOT` (setns(2)).
    ///
    /// # Errors
    ///
    /// The namespace cannot be copied. Or it cannot be come back to: then nothing can be performed
    /// any more.
    pub(crate) fn in_copy<T>(&mut self, work: impl FnOnce(&Self) -> T) -> io::Result<T> {
        let own = own_namespace()?;
        #[allow(deprecated, reason = "it is unsafe for descriptor tables only, which stay shared")]
        rustix::thread::unshare(UnshareFlags::NEWNS)?;
        let done = work(self);
        let back = || move_into_link_name_space(own.as_fd(), Some(LinkNameSpaceType::Mount));
        // Too much depends on it to give up at once.
        match back().or_else(|_| back()) {
            Ok(()) => Ok(done),
            Err(errno) => {
                self.phase = Phase::Lost(errno);
                Err(errno)
            }
        }
    }
}

/// The namespace that this thread is in.
pub(crate) fn own_namespace() -> io::Result<OwnedFd> {
    open(c"/proc/thread-self/ns/mnt", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
}
