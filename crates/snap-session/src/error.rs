//! What can go wrong on the host's side.

use rustix::io::Errno;

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
    /// The effective set lacks the capability with this name.
    MissingCapability(&'static str),
    /// The caller's limit leaves too little room for the stack.
    LittleStack,
    /// A profile has more bytes than there is room for.
    ProfileTooLarge(Subject),
    /// The processes of the snap in this group were not frozen in time.
    NotFrozen(GroupName),
    /// Root has more groups of the snap than there is room for, or than descriptors.
    ManyGroups,
}

/// The name of a control group, as far as there is room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupName([u8; GROUP_NAME_MAX]);

/// Enough for what snapd calls them, `snap.INSTANCE.APP-UUID.scope`, but for very long names.
const GROUP_NAME_MAX: usize = 88;

impl GroupName {
    /// Takes the last name of a path.
    pub(crate) fn new(path: &[u8]) -> Self {
        let mut bytes = [0; GROUP_NAME_MAX];
        let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        bytes.iter_mut().zip(name).for_each(|(to, from)| *to = *from);
        Self(bytes)
    }

    /// The bytes, which may be anything.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.split(|&byte| byte == 0).next().unwrap_or_default()
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
