//! Stopping the processes of a snap while its mounts change.

use core::mem;

use rustix::fs::{Mode, OFlags, open, statfs};
use rustix::io::{self, Errno};
use rustix::time::{ClockId, Timespec, clock_gettime};
use snap_path::PATH_MAX;

use crate::error::{SessionError, Subject, Task, failed};
use crate::freezer_v1;
use crate::freezer_v2::Groups;
use crate::instance::Instance;

/// `f_type` of a cgroup2 file system (statfs(2)).
const CGROUP2_MAGIC: u64 = 0x6367_7270;

/// How long freezing may take (contract section 2).
pub(crate) const FREEZE_SECONDS: i64 = 3;

/// The freezer of an instance's processes, in the cgroup version that is in force.
#[derive(Debug)]
pub struct Freezer<'i> {
    instance: Instance<'i>,
    state: State,
    own_group: OwnGroup,
}

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one, and no heap")]
enum State {
    /// Nothing is frozen.
    Thawed,
    FrozenV1,
    FrozenV2(Groups),
}

/// Whether this process is in a group of the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnGroup {
    /// It is somewhere else.
    Elsewhere,
    /// It is, and that group is left alone.
    Spared,
}

impl<'i> Freezer<'i> {
    /// Nothing is frozen yet.
    #[must_use]
    pub fn new(instance: Instance<'i>) -> Self {
        Self { instance, state: State::Thawed, own_group: OwnGroup::Elsewhere }
    }

    /// Freezes every process of the instance, and waits until they are frozen, unless that was done
    /// before. A group that does not exist, or vanishes, is fine; one that appears meanwhile is
    /// frozen too. If they do not freeze in time, all are thawed again. The group that this process
    /// is in, and what is below it, is left alone. The second version of cgroups is in force if
    /// `/sys/fs/cgroup` is a cgroup2.
    ///
    /// # Errors
    ///
    /// They could not be frozen; none is then.
    pub fn freeze(&mut self) -> Result<(), SessionError> {
        if !matches!(self.state, State::Thawed) {
            return Ok(());
        }
        let fs_type = statfs(c"/sys/fs/cgroup").map(|stat| u64::try_from(stat.f_type));
        let frozen = if fs_type == Ok(Ok(CGROUP2_MAGIC)) {
            let mut groups = Groups::new();
            let frozen = groups.freeze(&self.instance);
            self.state = State::FrozenV2(groups);
            frozen
        } else {
            self.state = State::FrozenV1;
            freezer_v1::freeze(&self.instance)
        };
        self.own_group = frozen.inspect_err(|_| {
            // The first error is the one to tell.
            let _ = self.thaw();
        })?;
        Ok(())
    }

    /// Lets every process of the instance go on that was frozen.
    ///
    /// # Errors
    ///
    /// A group exists and could not be thawed.
    pub fn thaw(&mut self) -> Result<(), SessionError> {
        match mem::replace(&mut self.state, State::Thawed) {
            State::Thawed => Ok(()),
            State::FrozenV1 => freezer_v1::thaw(&self.instance),
            State::FrozenV2(groups) => groups.thaw(&self.instance),
        }
    }

    /// Whether a group of the instance was not frozen because this process is in it.
    #[must_use]
    pub fn spared_own_group(&self) -> bool {
        self.own_group == OwnGroup::Spared
    }
}

/// Reads `/proc/self/cgroup` into `buffer`: the path of the group that this process is in, in the
/// hierarchy that `is_it` tells by the list of its controllers (cgroups(7)).
pub(crate) fn own_group(
    buffer: &mut [u8; PATH_MAX],
    is_it: impl Fn(&[u8]) -> bool,
) -> Result<&[u8], SessionError> {
    let read = |buffer: &mut [u8]| -> io::Result<usize> {
        let file = open(c"/proc/self/cgroup", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        let mut len = 0_usize;
        loop {
            match rustix::io::read(&file, buffer.get_mut(len..).unwrap_or_default())? {
                0 => return Ok(len),
                more => len = len.saturating_add(more),
            }
        }
    };
    let len = read(buffer).map_err(failed(Task::Read, Subject::OwnGroup))?;
    let text = buffer.get(..len).unwrap_or_default();
    let path = text.split(|&byte| byte == b'\n').find_map(|line| {
        let mut fields = line.splitn(3, |&byte| byte == b':').skip(1);
        fields.next().filter(|controllers| is_it(controllers))?;
        fields.next()
    });
    Ok(path.unwrap_or_default())
}

/// Whether a group vanished, which it may at any moment.
pub(crate) fn is_gone(errno: Errno) -> bool {
    matches!(errno, Errno::NOENT | Errno::NODEV)
}

/// The end of the time that freezing may take, in nanoseconds of the monotonic clock.
pub(crate) struct Deadline(i64);

const SECOND: i64 = 1_000_000_000;

/// The clock that nobody sets, in nanoseconds.
pub(crate) fn now() -> i64 {
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
