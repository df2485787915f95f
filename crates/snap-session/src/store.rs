//! Reading profile files.

use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, retry_on_intr};

use crate::error::{SessionError, Subject, Task, failed};
use crate::instance::Instance;
use crate::join::{InstancePath, instance_path};

/// The profiles of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileFile {
    /// What snapd wants the namespace to look like.
    Desired,
    /// What snapd wants each user to see.
    User,
    /// What this program recorded.
    Current,
}

impl ProfileFile {
    pub(crate) fn path(self, instance: &Instance<'_>) -> InstancePath {
        match self {
            Self::Desired => instance_path(b"/var/lib/snapd/mount/snap.", instance, b".fstab"),
            Self::User => instance_path(b"/var/lib/snapd/mount/snap.", instance, b".user-fstab"),
            Self::Current => instance_path(b"/run/snapd/ns/snap.", instance, b".fstab"),
        }
    }

    fn subject(self) -> Subject {
        match self {
            Self::Desired => Subject::DesiredProfile,
            Self::User => Subject::UserProfile,
            Self::Current => Subject::CurrentProfile,
        }
    }
}

/// Reads a profile into `buffer`, and returns what of it is text. A file that does not exist is an
/// empty profile.
///
/// # Errors
///
/// The file cannot be read, or is larger than `buffer`.
pub fn read_profile<'b>(
    file: ProfileFile,
    instance: &Instance<'_>,
    buffer: &'b mut [u8],
) -> Result<&'b mut [u8], SessionError> {
    let subject = file.subject();
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = match open(file.path(instance).as_c_str(), flags, Mode::empty()) {
        Ok(fd) => fd,
        Err(Errno::NOENT) => return Ok(&mut []),
        Err(errno) => return Err(failed(Task::Open, subject)(errno)),
    };
    let read = |into: &mut [u8]| {
        retry_on_intr(|| rustix::io::read(&fd, &mut *into)).map_err(failed(Task::Read, subject))
    };
    let mut len = 0_usize;
    // Where no room is left nothing is read.
    while let more @ 1.. = read(buffer.get_mut(len..).unwrap_or_default())? {
        len = len.saturating_add(more);
    }
    if len == buffer.len() && read(&mut [0])? > 0 {
        return Err(SessionError::ProfileTooLarge(subject));
    }
    Ok(buffer.get_mut(..len).unwrap_or_default())
}
