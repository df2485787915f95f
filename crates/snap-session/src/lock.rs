//! The lock of an instance, which snapd, snap-confine and this program share.

use rustix::fd::OwnedFd;
use rustix::fs::{CWD, FlockOperation, Mode, OFlags, flock, mkdirat, open};
use rustix::io::{Errno, retry_on_intr};

use crate::error::{SessionError, Subject, Task, failed};
use crate::instance::Instance;
use crate::join::instance_path;

/// The lock, held as long as this value lives (flock(2)).
#[derive(Debug)]
pub struct Lock {
    _file: OwnedFd,
}

/// Takes the lock, and waits for it as long as it takes.
///
/// # Errors
///
/// The lock file cannot be opened or locked.
pub fn lock(instance: &Instance<'_>) -> Result<Lock, SessionError> {
    let file = open_lock(instance)?;
    retry_on_intr(|| flock(&file, FlockOperation::LockExclusive))
        .map_err(failed(Task::Lock, Subject::LockFile))?;
    Ok(Lock { _file: file })
}

/// Makes sure that the caller holds the lock.
///
/// # Errors
///
/// Nobody holds it, or the lock file cannot be opened.
pub fn check_locked(instance: &Instance<'_>) -> Result<(), SessionError> {
    let path = instance_path(b"/run/snapd/lock/", instance, b".lock");
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = match open(path.as_c_str(), flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Err(SessionError::NotLocked),
        Err(errno) => return Err(failed(Task::Open, Subject::LockFile)(errno)),
    };
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Ok(()),
        Ok(()) => Err(SessionError::NotLocked),
        Err(errno) => Err(failed(Task::Lock, Subject::LockFile)(errno)),
    }
}

fn open_lock(instance: &Instance<'_>) -> Result<OwnedFd, SessionError> {
    let path = instance_path(b"/run/snapd/lock/", instance, b".lock");
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR;
    match open(path.as_c_str(), flags, mode) {
        Err(Errno::NOENT) => {
            match mkdirat(CWD, c"/run/snapd/lock", Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(errno) => return Err(failed(Task::Create, Subject::LockDirectory)(errno)),
            }
            open(path.as_c_str(), flags, mode)
        }
        result => result,
    }
    .map_err(failed(Task::Open, Subject::LockFile))
}
