//! Sentences about the host's side: lock, namespace, files, freezer, privileges, home.

use core::fmt;

use snap_session::{HomeError, Instance, SessionError, Subject, Task};

use crate::errno::ErrnoText;
use crate::output::Shown;

pub(crate) fn home_error(home: &[u8], error: HomeError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let home = Shown(home);
    match error {
        HomeError::IsSymlink => write!(
            f,
            "the home directory {home} (SNAP_REAL_HOME) is a symbolic link, which is never followed: \
             use the path that it leads to"
        ),
        HomeError::IsNoDirectory => {
            write!(f, "the home directory {home} (SNAP_REAL_HOME) is no directory")
        }
        HomeError::Failed(errno) => {
            write!(
                f,
                "cannot open the home directory {home} (SNAP_REAL_HOME): {}",
                ErrnoText(errno)
            )
        }
    }
}

pub(crate) fn session(
    instance: Option<&Instance<'_>>,
    error: &SessionError,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    match error {
        SessionError::Failed { task, subject, errno } => {
            write!(f, "cannot {} {}", task_text(*task), subject_text(*subject))?;
            if let Some(instance) = instance {
                write!(f, " of {}", Shown(instance.as_bytes()))?;
            }
            write!(f, "{}: {}", directory_text(*subject), ErrnoText(*errno))
        }
        SessionError::NotLocked => f.write_str(
            "--from-snap-confine was used but nobody holds the lock of the snap's namespace",
        ),
        SessionError::MissingCapability(name) => write!(f, "need to run as root or with {name}"),
        SessionError::LittleStack => f.write_str("the limit of the stack is below 512 KiB"),
        SessionError::ProfileTooLarge(subject) => {
            write!(f, "{} is larger than 8 MiB", subject_text(*subject))
        }
        SessionError::NotFrozen(group) => write!(
            f,
            "cannot freeze the processes of the snap within 3 seconds: the control group {} does not freeze",
            Shown(group.as_bytes())
        ),
        SessionError::ManyGroups => f.write_str(
            "cannot freeze the processes of the snap: they are in more than 256 control groups, or there are fewer descriptors than two for each (RLIMIT_NOFILE)",
        ),
    }
}

fn task_text(task: Task) -> &'static str {
    match task {
        Task::Open => "open",
        Task::Read => "read",
        Task::Write => "write",
        Task::Create => "create",
        Task::Replace => "replace",
        Task::Reserve => "make room for",
        Task::Lock => "lock",
        Task::Join => "join",
        Task::Drop => "drop",
    }
}

fn subject_text(subject: Subject) -> &'static str {
    match subject {
        Subject::Namespace => "the preserved mount namespace",
        Subject::LockDirectory => "/run/snapd/lock",
        Subject::LockFile => "the lock file",
        Subject::DesiredProfile => "the desired mount profile",
        Subject::UserProfile => "the user's mount profile",
        Subject::CurrentProfile => "the current mount profile",
        Subject::Freezer => "the control groups",
        Subject::OwnGroup => "/proc/self/cgroup",
        Subject::Privileges => "privileges",
    }
}

/// Where the file is: the directory may be what is missing.
fn directory_text(subject: Subject) -> &'static str {
    match subject {
        Subject::Namespace | Subject::CurrentProfile => " in /run/snapd/ns",
        Subject::DesiredProfile | Subject::UserProfile => " in /var/lib/snapd/mount",
        Subject::LockFile => " in /run/snapd/lock",
        Subject::LockDirectory | Subject::Freezer | Subject::OwnGroup | Subject::Privileges => "",
    }
}
