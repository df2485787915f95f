//! The tree beneath the mounts of a profile.
//!
//! What lies under a mount that is going to be undone cannot be seen by path. A copy of the
//! namespace can show it (mount_namespaces(7)): the mounts are undone there, and nowhere else.
//! Nothing is created or removed in a file system for that.

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Mode, OFlags, open};
use rustix::io;
use rustix::mount::{MountPropagationFlags, mount_change};
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space};
use snap_ns_plan::{Fault, Outcome, Plan, What};
use snap_profile::Item;

use crate::kernel::{CreatesFor, Kernel};
use crate::settle::MountAt;

impl Kernel {
    /// Looks at the tree as it would be if everything in the current profile of `plan` were undone,
    /// the last entry first; the plan is told what turned out not to be mounted. This thread stays
    /// in its namespace; it needs `CAP_SYS_ADMIN` and `CAP_SYS_CHROOT` (setns(2)).
    ///
    /// # Errors
    ///
    /// The namespace cannot be copied, or a mount cannot be undone in the copy.
    pub fn beneath(&self, plan: &mut Plan<'_>) -> io::Result<Self> {
        let own = own_namespace()?;
        #[allow(deprecated, reason = "it is unsafe for descriptor tables only, which stay shared")]
        rustix::thread::unshare(UnshareFlags::NEWNS)?;
        let copy = self.undo_all(plan);
        move_into_link_name_space(own.as_fd(), Some(LinkNameSpaceType::Mount))?;
        copy
    }

    /// Whether everything that the current profile of `plan` records is mounted, as far as that can
    /// be seen. When nothing is, in a namespace that is new, it is a record of an older one. (The
    /// children of a mimic are not looked at: they stand and fall with it.)
    #[must_use]
    pub fn all_mounted(&mut self, plan: &Plan<'_>) -> bool {
        let child = |item: &Item<'_>| item.is_synthetic() && !item.is_tmpfs();
        (0..plan.recorded())
            .filter(|&place| !plan.current(place).is_some_and(child))
            .filter_map(|place| plan.recorded_mount(place))
            // Where nobody knows it has to be looked at beneath.
            .all(|path| matches!(self.mount_at(path), Ok(MountAt::Id(_) | MountAt::Unknown)))
    }

    fn undo_all(&self, plan: &mut Plan<'_>) -> io::Result<Self> {
        // Or it would be undone wherever the copy propagates to.
        mount_change(c"/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
        let mut copy = Self::with_resolver(CreatesFor::Root, self.backend, self.resolver)?;
        copy.namespace = Some(own_namespace()?);
        for place in (0..plan.recorded()).rev() {
            let Some(mount_point) = plan.recorded_mount(place) else { continue };
            match copy.unmount(mount_point) {
                Ok(Outcome::Skipped(_)) => plan.note_not_mounted(place),
                Ok(Outcome::Done) => {}
                Err(Fault { what: What::Failed(_, errno), .. }) => {
                    return Err(io::Errno::from_raw_os_error(errno));
                }
                Ok(Outcome::Obstacle { .. } | Outcome::Failed(_)) | Err(_) => {
                    return Err(io::Errno::BUSY);
                }
            }
            copy.parents.forget_at(mount_point);
        }
        Ok(copy)
    }
}

fn own_namespace() -> io::Result<OwnedFd> {
    open(c"/proc/thread-self/ns/mnt", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
}
