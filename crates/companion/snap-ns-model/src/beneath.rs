//! The tree beneath the mounts of a profile.

use snap_ns_plan::{Fault, Outcome, Plan};

use crate::namespace::Namespace;

impl Namespace {
    /// The tree as it would be if everything in the current profile of `plan` were undone, the last
    /// entry first: a copy of this namespace, on the same storage, in which that is done. The plan
    /// is told what turned out not to be mounted.
    ///
    /// # Errors
    ///
    /// A mount cannot be undone in the copy.
    pub fn beneath(&self, plan: &mut Plan<'_>) -> Result<Self, Fault> {
        let copy = self.clone_namespace();
        let mut inside = copy.inside();
        // Or it would be undone wherever the copy propagates to.
        let root = inside.root.mount;
        inside.machine.make_private(root);
        for place in (0..plan.recorded()).rev() {
            let Some(mount_point) = plan.recorded_mount(place) else { continue };
            match inside.undo_mount(mount_point)? {
                Outcome::Skipped(_) => plan.note_not_mounted(place),
                Outcome::Done | Outcome::DoneWithout { .. } | Outcome::Failed(_) => {}
            }
        }
        drop(inside);
        Ok(copy)
    }
}
