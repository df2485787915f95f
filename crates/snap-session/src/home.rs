//! The user's home directory.

use rustix::fs::{Mode, OFlags, open};

use crate::error::{SessionError, Subject, Task, failed};

/// Makes sure that `home` is a directory, and no symbolic link to one.
///
/// # Errors
///
/// It is not.
pub fn check_home(home: &[u8]) -> Result<(), SessionError> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match open(home, flags, Mode::empty()) {
        Ok(_) => Ok(()),
        Err(errno) => Err(failed(Task::Open, Subject::Home)(errno)),
    }
}
