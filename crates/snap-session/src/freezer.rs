//! Stopping the processes of a snap while its mounts change.

use core::mem;

use rustix::fs::statfs;

use crate::error::SessionError;
use crate::freezer_groups::{GroupPath, Groups};
use crate::freezer_v1;
use crate::instance::Instance;

/// `f_type` of a cgroup2 file system (statfs(2)).
const CGROUP2_MAGIC: u64 = 0x6367_7270;

/// The freezer of an instance's processes, in the cgroup version that is in force.
#[derive(Debug)]
pub struct Freezer<'i> {
    instance: Instance<'i>,
    state: State,
    /// Those of cgroup v2.
    groups: Groups,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing is frozen.
    Thawed,
    FrozenV1,
    FrozenV2,
}

impl<'i> Freezer<'i> {
    /// Nothing is frozen yet.
    #[must_use]
    pub fn new(instance: Instance<'i>) -> Self {
        Self { instance, state: State::Thawed, groups: Groups::default() }
    }

    /// Freezes the processes of the instance, and waits until they are frozen, unless that was done
    /// before. A group that does not exist, or vanishes, is fine; one that appears afterwards is not
    /// frozen: the lock keeps new programs of the snap from starting. If root's groups do not freeze
    /// in time, all are thawed again; users' need not stand still. The second version of cgroups is
    /// in force if `/sys/fs/cgroup` is a cgroup2.
    ///
    /// # Errors
    ///
    /// They could not be frozen; none is then.
    pub fn freeze(&mut self) -> Result<(), SessionError> {
        if self.state != State::Thawed {
            return Ok(());
        }
        let fs_type = statfs(c"/sys/fs/cgroup").map(|stat| u64::try_from(stat.f_type));
        let frozen = if fs_type == Ok(Ok(CGROUP2_MAGIC)) {
            self.state = State::FrozenV2;
            self.groups.freeze(&self.instance)
        } else {
            self.state = State::FrozenV1;
            freezer_v1::freeze(&self.instance)
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
        match mem::replace(&mut self.state, State::Thawed) {
            State::Thawed => Ok(()),
            State::FrozenV1 => freezer_v1::thaw(&self.instance),
            State::FrozenV2 => self.groups.thaw(),
        }
    }

    /// The path below `/sys/fs/cgroup` of a user's group that did not stand still in time.
    #[must_use]
    pub fn restless<'b>(&self, buffer: &'b mut GroupPath) -> Option<&'b [u8]> {
        self.groups.restless(buffer)
    }

    /// Whether there were groups that were not frozen: users have too many, or nobody knows in
    /// which one this process is.
    #[must_use]
    pub fn passed_over(&self) -> bool {
        self.groups.passed_over
    }
}
