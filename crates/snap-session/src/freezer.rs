//! Stopping the processes of a snap while its mounts change.

use rustix::fs::statfs;
use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::error::SessionError;
use crate::instance::Instance;
use crate::{freezer_v1, freezer_v2};

/// `f_type` of a cgroup2 file system (statfs(2)).
const CGROUP2_MAGIC: u64 = 0x6367_7270;

/// How long freezing may take (contract section 2).
pub(crate) const FREEZE_SECONDS: i64 = 3;

/// The freezer of an instance's processes, in the cgroup version that is in force.
#[derive(Clone, Copy, Debug)]
pub struct Freezer<'i> {
    instance: Instance<'i>,
    version: Version,
}

#[derive(Clone, Copy, Debug)]
enum Version {
    V1,
    V2,
}

impl<'i> Freezer<'i> {
    /// Finds out which cgroup version is in force: the second if `/sys/fs/cgroup` is a cgroup2.
    #[must_use]
    pub fn new(instance: Instance<'i>) -> Self {
        let fs_type = statfs(c"/sys/fs/cgroup").map(|stat| u64::try_from(stat.f_type));
        let version = if fs_type == Ok(Ok(CGROUP2_MAGIC)) { Version::V2 } else { Version::V1 };
        Self { instance, version }
    }

    /// The name of the cgroup version, for the log.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.version {
            Version::V1 => "cgroup v1",
            Version::V2 => "cgroup v2",
        }
    }

    /// Freezes every process of the instance, and waits until they are frozen. A group that does
    /// not exist, or vanishes, is fine. If they do not freeze in time, all are thawed again.
    ///
    /// # Errors
    ///
    /// They could not be frozen; none is then.
    pub fn freeze(&self) -> Result<(), SessionError> {
        let frozen = match self.version {
            Version::V1 => freezer_v1::freeze(&self.instance),
            Version::V2 => freezer_v2::freeze(&self.instance),
        };
        frozen.inspect_err(|_| {
            // The first error is the one to tell.
            let _ = self.thaw();
        })
    }

    /// Lets every process of the instance go on.
    ///
    /// # Errors
    ///
    /// A group exists and could not be thawed.
    pub fn thaw(&self) -> Result<(), SessionError> {
        match self.version {
            Version::V1 => freezer_v1::thaw(&self.instance),
            Version::V2 => freezer_v2::thaw(&self.instance),
        }
    }
}

/// The end of the time that freezing may take.
pub(crate) struct Deadline(Timespec);

impl Deadline {
    pub(crate) fn start() -> Self {
        let now = clock_gettime(ClockId::Monotonic);
        Self(Timespec { tv_sec: now.tv_sec.saturating_add(FREEZE_SECONDS), ..now })
    }

    /// The time that is left; none when it is over.
    pub(crate) fn left(&self) -> Option<Timespec> {
        let now = clock_gettime(ClockId::Monotonic);
        let seconds = self.0.tv_sec.checked_sub(now.tv_sec)?;
        let nanos = self.0.tv_nsec.checked_sub(now.tv_nsec)?;
        let left = if nanos < 0 {
            let nanos = nanos.checked_add(1_000_000_000)?;
            Timespec { tv_sec: seconds.checked_sub(1)?, tv_nsec: nanos }
        } else {
            Timespec { tv_sec: seconds, tv_nsec: nanos }
        };
        (left.tv_sec >= 0).then_some(left)
    }
}
