//! What can go wrong on the host's side.

use rustix::io::Errno;

use crate::privileges::Capability;

/// Why the host does not let the run go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionError {
    /// A system call failed.
    Failed {
        /// What was tried.
        task: Task,
        /// With what.
        subject: Subject,
        /// The kernel's error number.
        errno: i32,
    },
    /// snap-confine calls with the instance's lock held, and it was free.
    NotLocked,
    /// The effective set lacks this.
    MissingCapability(Capability),
    /// The caller's limit leaves too little room for the stack.
    LittleStack,
    /// A profile has more bytes than there is room for.
    ProfileTooLarge(Subject),
    /// The processes of the snap in this group were not frozen in time.
    NotFrozen(GroupName),
}

/// What the name of a control group has after `snap.` and the instance's name, and the groups
/// below that, as far as there is room: a name that is cut ends in three dots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupName {
    bytes: [u8; GROUP_NAME_MAX as usize],
    len: u8,
}

/// Enough for what snapd calls them, `.APP-UUID.scope`, with the longest name of a program.
const GROUP_NAME_MAX: u8 = 88;

impl GroupName {
    pub(crate) fn new(name: &[u8]) -> Self {
        let mut bytes = [0; GROUP_NAME_MAX as usize];
        bytes.iter_mut().zip(name).for_each(|(to, from)| *to = *from);
        if name.len() > bytes.len()
            && let Some(end) = bytes.last_chunk_mut()
        {
            *end = *b"...";
        }
        let len = u8::try_from(name.len()).map_or(GROUP_NAME_MAX, |len| len.min(GROUP_NAME_MAX));
        Self { bytes, len }
    }

    /// The bytes, which may be anything.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Open something.
    Open,
    /// Read something.
    Read,
    /// Write something.
    Write,
    /// Create something.
    Create,
    /// Put something in the place of what was there.
    Replace,
    /// Make sure that there is room for something.
    Reserve,
    /// Lock something.
    Lock,
    /// Enter a namespace.
    Join,
    /// Change the identity or capabilities of this process.
    Drop,
}

/// With what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// `/run/snapd/ns/INSTANCE.mnt`
    Namespace,
    /// `/run/snapd/lock`
    LockDirectory,
    /// `/run/snapd/lock/INSTANCE.lock`
    LockFile,
    /// `/var/lib/snapd/mount/snap.INSTANCE.fstab`
    DesiredProfile,
    /// `/var/lib/snapd/mount/snap.INSTANCE.user-fstab`
    UserProfile,
    /// `/run/snapd/ns/snap.INSTANCE.fstab`
    CurrentProfile,
    /// The control groups of the snap.
    Freezer,
    /// `/proc/self/cgroup`
    OwnGroup,
    /// The privileges of this process.
    Privileges,
}

/// `task` failed with `subject`.
pub(crate) fn failed(task: Task, subject: Subject) -> impl Fn(Errno) -> SessionError {
    move |errno| SessionError::Failed { task, subject, errno: errno.raw_os_error() }
}
