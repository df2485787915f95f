//! Mounting an entry.

use snap_mount_options::{Depth, IfMissing, MountFlags, Operation, Options, Origin};
use snap_ns_plan::{Call, Fault, FsKind, NodeKind, Outcome, Role, Skip, What};
use snap_path::{file_name, parent};
use snap_profile::{Item, Shape};

use crate::data::root_attributes;
use crate::error::Error;
use crate::look::failed;
use crate::mount::Spot;
use crate::namespace::Inside;

impl Inside<'_> {
    pub(super) fn mount(&mut self, item: &Item<'_>) -> Result<Outcome, Fault> {
        let options = &item.options();
        let mounted = match options.operation {
            Operation::Bind(_) | Operation::Move => self.mount_tree(item, options),
            Operation::Mount | Operation::Remount => self.mount_file_system(item, options),
        };
        let ignores = options.if_missing == IfMissing::Skip && item.origin == Origin::Content;
        match mounted {
            Ok(()) => Ok(Outcome::Done),
            Err(fault) if ignores && fault.what == What::Missing => {
                Ok(Outcome::Skipped(Skip::IgnoredMissing))
            }
            Err(fault) => Err(fault),
        }
    }

    fn mount_tree(&mut self, item: &Item<'_>, options: &Options<'_>) -> Result<(), Fault> {
        let source = self.open_end(item.entry.source, Role::Source, item.shape)?;
        let target = self.open_end(item.entry.mount_point, Role::MountPoint, item.shape)?;
        let fresh = self.fresh(item)?;
        match options.operation {
            Operation::Bind(depth) => self.machine.bind(source, target, depth),
            Operation::Move => self.machine.move_to(source, target),
            Operation::Mount | Operation::Remount => Err(Error::Invalid),
        }
        .map_err(failed(Call::Bind, Role::MountPoint))?;
        // The executor gives flags to what it moved only when it has its propagation to set, too.
        let finishes =
            matches!(options.operation, Operation::Bind(_)) || options.propagation.is_some();
        let wanted = options.flags & MountFlags::PER_MOUNT;
        let flags = if finishes { wanted } else { MountFlags::empty() };
        self.finish(fresh, options, Some(source), flags)
    }

    /// Where the new mount will be, by directory and name: what is mounted may spread to the way
    /// there.
    fn fresh<'i>(&self, item: &Item<'i>) -> Result<(Spot, &'i [u8]), Fault> {
        let path = item.entry.mount_point;
        let dir = self.find_dir(parent(path).unwrap_or_default());
        Ok((dir.map_err(failed(Call::Open, Role::MountPoint))?, file_name(path)))
    }

    /// Opens the mount point or source of an entry, which must be there and of the right kind.
    fn open_end(&self, path: &[u8], role: Role, shape: Shape) -> Result<Spot, Fault> {
        let wanted = match shape {
            Shape::File => NodeKind::File,
            Shape::Directory | Shape::Symlink | Shape::EnsureDir => NodeKind::Directory,
        };
        let deepest = self.deepest(path);
        match (deepest.len == path.len(), deepest.kind) {
            (true, found) if found == wanted => Ok(deepest.spot),
            (true, found) => Err(Fault::new(What::Found(found), role)),
            (false, NodeKind::Directory) => Err(Fault::new(What::Missing, role)),
            (false, found) => Err(Fault::at(What::Found(found), role, deepest.len)),
        }
    }

    fn mount_file_system(&mut self, item: &Item<'_>, options: &Options<'_>) -> Result<(), Fault> {
        let role = Role::MountPoint;
        let target = self.open_end(item.entry.mount_point, role, item.shape)?;
        if options.operation == Operation::Remount {
            return self.remount(target, options.flags).map_err(failed(Call::Remount, role));
        }
        let kind = if item.is_tmpfs() { FsKind::Tmpfs } else { FsKind::Other };
        let fresh = self.fresh(item)?;
        root_attributes(item, options, self.caller.creates_for, self.caller.owner)
            .and_then(|attributes| self.mount_new(target, kind, options.flags, attributes))
            .map_err(failed(Call::Mount, role))?;
        self.finish(fresh, options, None, MountFlags::empty())
    }

    /// Gives a mount that was just made its flags and propagation; takes it away again if that
    /// fails.
    fn finish(
        &mut self,
        (dir, name): (Spot, &[u8]),
        options: &Options<'_>,
        source: Option<Spot>,
        flags: MountFlags,
    ) -> Result<(), Fault> {
        if flags.is_empty() && options.propagation.is_none() {
            return Ok(());
        }
        let role = Role::MountPoint;
        let set = |inside: &mut Self| -> Result<(), Fault> {
            let top = inside.machine.child(dir, name).ok_or(Error::NotFound);
            let top = top.map_err(failed(Call::Open, role))?;
            if source.is_some_and(|source| source.inode != top.inode) {
                return Err(Fault::new(What::Replaced, role));
            }
            if !flags.is_empty() {
                let added = match options.operation {
                    Operation::Bind(Depth::Recursive) => inside.add_tree_flags(top, flags),
                    Operation::Bind(Depth::Single)
                    | Operation::Mount
                    | Operation::Move
                    | Operation::Remount => inside.add_flags(top, flags),
                };
                added.map_err(failed(Call::Remount, role))?;
            }
            options
                .propagation
                .map_or(Ok(()), |to| inside.set_propagation(top, to))
                .map_err(failed(Call::ChangePropagation, role))
        };
        set(self).inspect_err(|fault| {
            if fault.what != What::Replaced {
                self.take_away(dir, name);
            }
        })
    }
}
