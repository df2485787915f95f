//! Mounting in the place of another mount, with no instant without one.

use rustix::fd::AsFd;
use snap_mount_options::{Operation, Options};
use snap_ns_plan::{Fault, Outcome, Role, Skip};
use snap_profile::Item;
use snap_syscalls::attach_beneath;

use crate::backend::{Backend, Stop};
use crate::kernel::Kernel;
use crate::mount::prepare;
use crate::settle::MountAt;

impl Kernel {
    /// Attaches what an entry mounts beneath what is mounted at its mount point: when that is undone,
    /// the entry is mounted. Who opens a path there finds the old mount or the new one.
    ///
    /// This takes Linux 6.5, the fd back end, and a bind or a tmpfs. Else it is skipped, as in a shared
    /// mount of which one of the two shows just the mount point.
    ///
    /// # Errors
    ///
    /// The entry cannot be mounted. The old mount stands as before.
    pub(crate) fn put_beneath(&mut self, item: &Item<'_>) -> Result<Outcome, Fault> {
        let options = &item.options();
        let there = self.mount_at(item.entry.mount_point);
        // Beneath a mount that is not ours nobody would find it.
        let can = self.backend() == Backend::Fd
            && options.propagation.is_none()
            && matches!(there, Ok(MountAt::Id(_)));
        let attached = can && self.attach_beneath_top(item, options)?;
        Ok(if attached { Outcome::Done } else { Outcome::Skipped(Skip::InTurn) })
    }

    /// Attaches it, if that is possible.
    fn attach_beneath_top(
        &mut self,
        item: &Item<'_>,
        options: &Options<'_>,
    ) -> Result<bool, Fault> {
        let prepared = match options.operation {
            Operation::Bind(_) => {
                let source = self.open_end(item.entry.source, Role::Source, item.shape)?;
                prepare(options, source.as_fd())
            }
            Operation::Mount => self.prepare_tmpfs(item, options),
            Operation::Move | Operation::Remount => Ok(None),
        };
        let tree = match prepared {
            Ok(Some(tree)) => tree,
            Ok(None) | Err(Stop::Refused(_)) => return Ok(false),
            Err(Stop::Fault(fault)) => return Err(fault),
        };
        let top = self.open_end(item.entry.mount_point, Role::MountPoint, item.shape)?;
        Ok(attach_beneath(tree.as_fd(), top.as_fd()).is_ok())
    }
}
