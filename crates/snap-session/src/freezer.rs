//! Stopping the processes of a snap while its mounts change.

use rustix::fs::statfs;
use rustix::io::Errno;
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
    /// None when nothing is frozen.
    frozen: Option<Version>,
}

#[derive(Clone, Copy, Debug)]
enum Version {
    V1,
    V2,
}

impl<'i> Freezer<'i> {
    /// Nothing is frozen yet.
    #[must_use]
    pub fn new(instance: Instance<'i>) -> Self {
        Self { instance, frozen: None }
    }

    /// Freezes every process of the instance, and waits until they are frozen, unless that was done
    /// before. A group that does not exist, or vanishes, is fine. If they do not freeze in time, all
    /// are thawed again. The second version of cgroups is in force if `/sys/fs/cgroup` is a cgroup2.
    ///
    /// # Errors
    ///
    /// They could not be frozen; none is then.
    pub fn freeze(&mut self) -> Result<(), SessionError> {
        if self.frozen.is_some() {
            return Ok(());
        }
        let fs_type = statfs(c"/sys/fs/cgroup").map(|stat| u64::try_from(stat.f_type));
        let version = if fs_type == Ok(Ok(CGROUP2_MAGIC)) { Version::V2 } else { Version::V1 };
        self.frozen = Some(version);
        let frozen = match version {
            Version::V1 => freezer_v1::freeze(&self.instance),
            Version::V2 => freezer_v2::freeze(&self.instance),
        };
        frozen.inspect_err(|_| {
            // The first error is the one to tell.
            let _ = self.thaw();
        })
    }

    /// Lets every process of the instance go on that was frozen.
    ///
    /// # Errors
    ///
    /// A group exists and could not be thawed.
    pub fn thaw(&mut self) -> Result<(), SessionError> {
        match self.frozen.take() {
            None => Ok(()),
            Some(Version::V1) => freezer_v1::thaw(&self.instance),
            Some(Version::V2) => freezer_v2::thaw(&self.instance),
        }
    }
}

/// Whether a group vanished, which it may at any moment.
pub(crate) fn is_gone(errno: Errno) -> bool {
    matches!(errno, Errno::NOENT | Errno::NODEV)
}

/// The end of the time that freezing may take, in nanoseconds of the monotonic clock.
pub(crate) struct Deadline(i64);

const SECOND: i64 = 1_000_000_000;

fn now() -> i64 {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::Monotonic);
    tv_sec.saturating_mul(SECOND).saturating_add(tv_nsec)
}

impl Deadline {
    pub(crate) fn start() -> Self {
        Self(now().saturating_add(FREEZE_SECONDS.saturating_mul(SECOND)))
    }

    /// The time that is left; none when it is over.
    pub(crate) fn left(&self) -> Option<Timespec> {
        let left = self.0.saturating_sub(now());
        (left >= 0).then_some(Timespec { tv_sec: left / SECOND, tv_nsec: left % SECOND })
    }
}
