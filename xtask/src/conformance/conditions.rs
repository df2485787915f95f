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
    /// The AppArmor profile of runs that snap-confine starts.
    pub(crate) profile: Option<String>,
    /// Whether it is that of others as well.
    pub(crate) updates: Updates,
    /// Who starts an application for the first time.
    pub(crate) starter: Starter,
}

/// How snapd starts the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) enum Updates {
    /// As it does.
    #[default]
    Unconfined,
    /// Under the profile.
    Confined,
}

/// Whose credentials the first construction has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) enum Starter {
    #[default]
    Root,
    /// uid 1000 with three capabilities, as from snap-confine 2.77.
    User,
    /// Root; and a user's mounts are made by root for uid 1000, as from a setuid snap-confine.
    Setuid,
}

/// Who a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    Root,
    /// uid 1000, with three capabilities.
    User,
    /// The real user is 1000, the effective one root.
    Setuid,
}

impl Conditions {
    /// Those of the packaged original beside ours: with all system calls, and started by root, for
    /// what it creates is the user's otherwise.
    pub(crate) fn of_the_original(&self) -> Self {
        Self { profile: self.profile.clone(), ..Self::default() }
    }

    /// Whose identity a run by `caller` has.
    pub(super) fn identity(&self, caller: Caller) -> Identity {
        match (caller, self.starter) {
            (Caller::User, Starter::Setuid) => Identity::Setuid,
            (Caller::User, Starter::Root | Starter::User)
            | (Caller::SnapConfine, Starter::User) => Identity::User,
            (Caller::SnapConfine, Starter::Root | Starter::Setuid) | (Caller::Snapd, _) => {
                Identity::Root
            }
        }
    }

    /// Prepares the command of a run by `caller`, before it becomes anybody.
    pub(super) fn apply(&self, caller: Caller, command: &mut Command) {
        self.without.apply(command);
        let confined = match caller {
            Caller::SnapConfine | Caller::User => true,
            Caller::Snapd => self.updates == Updates::Confined,
        };
        if let Some(profile) = self.profile.as_ref().filter(|_| confined) {
            let change = format!("exec {profile}");
            // SAFETY: the closure writes to a file, in the forked child of a process that has a
            // single thread.
            unsafe { command.pre_exec(move || fs::write("/proc/self/attr/exec", &change)) };
        }
    }
}
