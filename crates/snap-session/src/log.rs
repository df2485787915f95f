//! The log that an administrator can ask for.

use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, open};

use crate::instance::Instance;
use crate::join::instance_path;

/// Opens `/run/snapd/ns/snap.INSTANCE.log`, or that of a user (`snap.INSTANCE.user.UID.log`), if it
/// exists: it is opened for writing and never created, and a FIFO that nobody reads is none. What
/// stands in the way of a log is no reason not to run.
#[must_use]
pub fn open_log(instance: &Instance<'_>, user: Option<u32>) -> Option<OwnedFd> {
    let mut path = instance_path(b"/run/snapd/ns/snap.", instance, b"");
    if let Some(uid) = user {
        path.push_fmt(format_args!(".user.{uid}"))?;
    }
    path.push(b".log")?;
    let flags =
        OFlags::WRONLY | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    open(path.as_c_str(), flags, Mode::empty()).ok()
}
