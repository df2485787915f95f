//! What a program under test starts with, besides what its caller gives it.

use std::fs;
use std::process::Command;

use serde::{Deserialize, Serialize};
use snap_ns_testbed::Without;

use std::os::unix::process::CommandExt;

use super::case::Caller;

/// The kernel and the confinement that a program meets. The default is this machine's kernel as it
/// is, and no confinement.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Conditions {
    /// The system calls that it has to do without.
    pub(crate) without: Without,
    /// The AppArmor profile of runs that snap-confine starts; snapd starts it unconfined.
    pub(crate) profile: Option<String>,
    /// Who starts an application for the first time.
    pub(crate) starter: Starter,
}

/// Whose credentials the first construction has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) enum Starter {
    #[default]
    Root,
    /// uid 1000 with three capabilities, as from snap-confine 2.77.
    User,
}

impl Conditions {
    /// Those of the packaged original beside ours: with all system calls, and started by root, for
    /// what it creates is the user's otherwise.
    pub(crate) fn of_the_original(&self) -> Self {
        Self { profile: self.profile.clone(), ..Self::default() }
    }

    /// Whether a run by `caller` has a user's identity.
    pub(super) fn is_users(&self, caller: Caller) -> bool {
        match caller {
            Caller::User => true,
            Caller::SnapConfine => self.starter == Starter::User,
            Caller::Snapd => false,
        }
    }

    /// Prepares the command of a run by `caller`, before it becomes anybody.
    pub(super) fn apply(&self, caller: Caller, command: &mut Command) {
        self.without.apply(command);
        if let (Some(profile), Caller::SnapConfine | Caller::User) = (&self.profile, caller) {
            let change = format!("exec {profile}");
            // SAFETY: the closure writes to a file, in the forked child of a process that has a
            // single thread.
            unsafe { command.pre_exec(move || fs::write("/proc/self/attr/exec", &change)) };
        }
    }
}
