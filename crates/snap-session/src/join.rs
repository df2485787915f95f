//! Entering the mount namespace of an instance.

use rustix::fs::{AtFlags, CWD, Mode, OFlags, open, statat};
use rustix::io::Errno;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::error::{SessionError, Subject, Task, failed};
use crate::instance::Instance;
use rustix::fd::AsFd;
use snap_path::Text;

/// Whether there was a namespace to join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Joined {
    /// This process is in it now, at its root.
    Joined,
    /// There is none: nothing has to be updated.
    NoNamespace,
}

/// Whether there may be a namespace to join: nothing is made, not even a lock file, where none is.
///
/// # Errors
///
/// Nobody can tell.
pub fn is_preserved(instance: &Instance<'_>) -> Result<bool, SessionError> {
    match statat(CWD, path(instance).as_c_str(), AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(errno) => Err(failed(Task::Open, Subject::Namespace)(errno)),
    }
}

fn path(instance: &Instance<'_>) -> InstancePath {
    instance_path(b"/run/snapd/ns/", instance, b".mnt")
}

/// Joins the namespace that snap-confine preserved for `instance`. Called with the lock held:
/// snap-confine replaces a namespace under it.
///
/// # Errors
///
/// The file is there but cannot be opened, or this process may not join.
pub fn join(instance: &Instance<'_>) -> Result<Joined, SessionError> {
    let subject = Subject::Namespace;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = match open(path(instance).as_c_str(), flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(Joined::NoNamespace),
        Err(errno) => return Err(failed(Task::Open, subject)(errno)),
    };
    match move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Mount)) {
        Ok(()) => Ok(Joined::Joined),
        // A file that no namespace was ever bound to, or is bound to no more (setns(2)).
        Err(Errno::INVAL) => Ok(Joined::NoNamespace),
        Err(errno) => Err(failed(Task::Join, subject)(errno)),
    }
}

/// Room for a path with an instance name in it.
pub(crate) type InstancePath = Text<192>;

/// `before`, the instance's name, `after`: the fixed parts of all such paths leave room for the
/// longest name.
pub(crate) fn instance_path(before: &[u8], instance: &Instance<'_>, after: &[u8]) -> InstancePath {
    let mut path = InstancePath::new();
    let whole = [before, instance.as_bytes(), after];
    match whole.iter().try_for_each(|part| path.push(part)) {
        Some(()) => path,
        None => InstancePath::new(),
    }
}
