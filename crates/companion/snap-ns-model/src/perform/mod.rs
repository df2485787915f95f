//! Performing actions as the executor does, call by call.

mod create;
mod mimic;
mod mount;
mod proof;
mod undo;

use snap_ns_plan::{Action, Call, Fault, Outcome, Performer, Role, Rule, Skip};

use crate::error::Error;
use crate::look::failed;
use crate::namespace::Namespace;

impl Performer for Namespace {
    fn perform(&mut self, action: &Action<'_>, rule: &dyn Rule) -> Outcome {
        let number = self.performed;
        self.performed = number.saturating_add(1);
        if self.fail_at == Some(number) {
            return Outcome::Failed(on_demand(action));
        }
        let mut inside = self.inside();
        let result = match action {
            Action::Nothing => Ok(Outcome::Done),
            Action::Unmount { mount_point } => inside.undo_mount(mount_point),
            Action::RemoveSymlink { path, target, keep } => {
                inside.remove_symlink(path, target, *keep, rule)
            }
            Action::RemoveMountPoint { path, keep } => inside.remove_mount_point(path, *keep, rule),
            Action::RemoveSource { path, own, keep } => {
                inside.remove_source(path, own, *keep, rule)
            }
            Action::Make(creation) => inside.make(creation, rule),
            Action::MakeSymlink { path, target, old, owner } => {
                inside.make_symlink(path, target, *old, *owner, rule)
            }
            Action::EnsureDir { path, must_exist } => inside.ensure_dir(path, must_exist, rule),
            Action::Mount(item) => inside.mount(item),
            // Nobody looks in between.
            Action::PutBeneath(_) => Ok(Outcome::Skipped(Skip::InTurn)),
            Action::Mimic(mimic) => inside.mimic(mimic, rule),
        };
        result.unwrap_or_else(Outcome::Failed)
    }
}

/// A fault as it could be, for an action that fails on demand.
fn on_demand(action: &Action<'_>) -> Fault {
    let (call, role) = match action {
        Action::Nothing => (Call::Reserve, Role::Nothing),
        Action::Unmount { .. } => (Call::Unmount, Role::MountPoint),
        Action::RemoveSymlink { .. }
        | Action::RemoveMountPoint { .. }
        | Action::RemoveSource { .. } => (Call::Remove, Role::MountPoint),
        Action::Make(creation) => (Call::Stat, creation.role),
        Action::MakeSymlink { .. } => (Call::MakeSymlink, Role::MountPoint),
        Action::EnsureDir { .. } => (Call::MakeDirectory, Role::MountPoint),
        Action::Mount(_) | Action::PutBeneath(_) => (Call::Mount, Role::MountPoint),
        Action::Mimic(_) => (Call::Mount, Role::Mimic),
    };
    failed(call, role)(Error::Io)
}
