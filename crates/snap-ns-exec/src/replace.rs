//! Mounting in the place of another mount.

use rustix::fd::{AsFd, OwnedFd};
use snap_mount_options::{Operation, Options};
use snap_ns_plan::{Call, Fault, Outcome, Role, Rule};
use snap_profile::Item;
use snap_syscalls::attach_beneath;

use crate::backend::{Backend, Stop};
use crate::fault::failed;
use crate::kernel::Kernel;
use crate::mount::prepare;
use crate::tree::change_propagation;
use crate::unmount::take_away;

impl Kernel {
    /// Mounts an entry in the place of what is mounted at its mount point, which is undone with all
    /// below it. Its source may not depend on that.
    ///
    /// Who opens a path there finds the old mount or the new one; there is no instant without. This
    /// takes Linux 6.5, the fd back end, and a bind or a tmpfs. Else, and in a shared mount of which
    /// one of the two shows just the mount point, the old one goes before the new one comes.
    ///
    /// # Errors
    ///
    /// The old mount cannot be undone: then it stands, and the new one may lie beneath it. Or the
    /// entry cannot be mounted: then the old mount stands, or none does.
    pub fn replace(&mut self, item: &Item<'_>, rule: &dyn Rule) -> Result<Outcome, Fault> {
        let (path, role) = (item.entry.mount_point, Role::MountPoint);
        let options = &item.options();
        let tree = match self.backend() {
            Backend::Fd => self.place_beneath(item, options)?,
            Backend::Classic => None,
        };
        // If need be a second time: what lies beneath cannot be taken away.
        let _ = self.unmount(path).or_else(|_| self.unmount(path))?;
        let Some(tree) = tree else { return self.mount(item, rule) };
        if let Some(change) = options.propagation {
            let (dir, name) = self.holder(item).map_err(failed(Call::Open, role))?;
            change_propagation(tree.as_fd(), change)
                .map_err(failed(Call::ChangePropagation, role))
                .inspect_err(|_| take_away(dir, name))?;
        }
        Ok(Outcome::Done)
    }

    /// Attaches what the entry mounts beneath the mount that is there, if that is possible.
    fn place_beneath(
        &mut self,
        item: &Item<'_>,
        options: &Options<'_>,
    ) -> Result<Option<OwnedFd>, Fault> {
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
            Ok(None) | Err(Stop::Refused(_)) => return Ok(None),
            Err(Stop::Fault(fault)) => return Err(fault),
        };
        let top = self.open_end(item.entry.mount_point, Role::MountPoint, item.shape)?;
        Ok(attach_beneath(tree.as_fd(), top.as_fd()).is_ok().then_some(tree))
    }
}
