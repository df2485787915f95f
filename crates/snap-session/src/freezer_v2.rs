//! The freezer of cgroup v2: systemd makes a scope or service for each program of a snap, anywhere
//! in the tree (the kernel's cgroup-v2 documentation, "cgroup.freeze" and "cgroup.events").

use core::mem::MaybeUninit;

use rustix::process::{Resource, getrlimit};
use snap_path::PATH_MAX;

use crate::error::{GroupName, SessionError};
use crate::freezer_groups::{Groups, USERS_MAX};
use crate::freezer_state::{FREEZE_WAIT, now, stands_still, write_state};
use crate::freezer_walk::find;
use crate::instance::Instance;

/// How long users' groups are waited for when root's stand still, in nanoseconds.
const USERS_WAIT: i64 = 50_000_000;

/// The line of `cgroup.events` when all stand still.
const FROZEN: &[u8] = b"frozen 1";

impl Groups {
    /// Freezes the groups of `instance`, all at once, and waits for them. Those that were frozen
    /// before are thawed with the others: whoever did that may have been killed.
    pub(crate) fn freeze(&mut self, instance: &Instance<'_>) -> Result<(), SessionError> {
        *self = Self::default();
        // Of each eight descriptors users' groups get two: root's, and the rest of the run, need some.
        let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        self.room = usize::try_from(descriptors / 8).map_or(USERS_MAX, |room| room.min(USERS_MAX));
        find(instance, self)?;
        // From here on they stand still: nothing is done that can be done before or afterwards.
        // Users' come first, so that nobody else stands still longer for what they have made slow;
        // one that cannot be told will not stand still.
        for group in &self.users {
            let _ = write_state(&group.freeze, b"1");
        }
        self.roots.iter().try_for_each(|group| write_state(&group.freeze, b"1"))?;
        let deadline = now().saturating_add(FREEZE_WAIT);
        for group in &self.roots {
            if !stands_still(&group.events, FROZEN, deadline)? {
                let mut path = [MaybeUninit::uninit(); PATH_MAX];
                return Err(SessionError::NotFrozen(GroupName::new(group.path(&mut path))));
            }
        }
        let deadline = now().saturating_add(USERS_WAIT);
        for (at, group) in self.users.iter().enumerate() {
            if stands_still(&group.events, FROZEN, deadline) != Ok(true) {
                self.restless.get_or_insert(at);
            }
        }
        Ok(())
    }
}
