//! Mounting in the place of another mount, with no instant without one.

use rustix::fd::AsFd;
use snap_mount_options::Operation;
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
        let skipped = Outcome::Skipped(Skip::InTurn);
        // Beneath a mount that is not ours nobody would find it.
        if self.backend() == Backend::Classic
            || options.propagation.is_some()
            || !matches!(self.mount_at(item.entry.mount_point), Ok(MountAt::Id(_)))
        {
            return Ok(skipped);
        }
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
            Ok(None) | Err(Stop::Refused(_)) => return Ok(skipped),
            Err(Stop::Fault(fault)) => return Err(fault),
        };
        let top = self.open_end(item.entry.mount_point, Role::MountPoint, item.shape)?;
        let attached = attach_beneath(tree.as_fd(), top.as_fd());
        Ok(attached.map_or(skipped, |()| Outcome::Done))
    }
}
