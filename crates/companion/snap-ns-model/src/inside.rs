//! What can be done in a namespace, as single system calls.

use snap_mount_options::{MountFlags, Propagation};
use snap_ns_plan::{Access, Attributes, FsKind};
use snap_path::{file_name, parent};

use crate::error::Error;
use crate::inode::{Body, InodeId, Life};
use crate::mount::{Bindable, Mount, Spot, flags_for};
use crate::namespace::Inside;
use crate::walk::Deepest;

impl Inside<'_> {
    pub(crate) fn deepest(&self, path: &[u8]) -> Deepest {
        self.machine.deepest(self.root, path)
    }

    pub(crate) fn find(&self, path: &[u8]) -> Result<Spot, Error> {
        self.machine.find(self.root, path)
    }

    pub(crate) fn find_dir(&self, path: &[u8]) -> Result<Spot, Error> {
        self.machine.find_dir(self.root, path)
    }

    /// The directory that holds `path`, and its name in there.
    pub(crate) fn find_parent<'p>(&self, path: &'p [u8]) -> Result<(Spot, &'p [u8]), Error> {
        let dir = parent(path).ok_or(Error::Busy)?;
        Ok((self.find_dir(dir)?, file_name(path)))
    }

    /// What is at `path`, as umount(2) and the like are asked about it: by its name in a directory.
    pub(crate) fn find_in_dir(&self, path: &[u8]) -> Result<Spot, Error> {
        let (dir, name) = self.find_parent(path)?;
        self.machine.child(dir, name).ok_or(Error::NotFound)
    }

    /// Creates an object with just these attributes.
    pub(crate) fn create(
        &mut self,
        dir: Spot,
        name: &[u8],
        attributes: Attributes,
        body: Body,
    ) -> Result<InodeId, Error> {
        // That the directory was removed, or something is there already, is what matters most.
        let above = self.machine.storage.inode(dir.inode);
        if above.life == Life::Removed {
            return Err(Error::NotFound);
        }
        if above.child(name).is_some() {
            return Err(Error::Exists);
        }
        self.machine.require_writable(dir)?;
        self.machine.storage.create(dir.inode, name, attributes, body)
    }

    pub(crate) fn remove(&mut self, path: &[u8]) -> Result<(), Error> {
        let (dir, name) = self.find_parent(path)?;
        self.machine.remove(dir, name, self.id)
    }

    pub(crate) fn mount_new(
        &mut self,
        target: Spot,
        kind: FsKind,
        asked: MountFlags,
        attributes: Attributes,
    ) -> Result<(), Error> {
        let flags = flags_for(asked);
        // Asked for with a new file system, that is about both (mount(2)).
        let read_only = flags.contains(MountFlags::READ_ONLY);
        let access = if read_only { Access::ReadOnly } else { Access::Writable };
        let root = self.machine.storage.new_system(kind, access, attributes);
        let mount = Mount {
            on: None,
            root,
            flags,
            namespace: None,
            peers: None,
            master: None,
            bindable: Bindable::Yes,
        };
        self.machine.mount_new(mount, target)
    }

    /// Remounts with the flags that there are and `wanted`.
    pub(crate) fn add_flags(&mut self, spot: Spot, wanted: MountFlags) -> Result<(), Error> {
        self.require_mount(spot)?;
        let atime = MountFlags::NO_ATIME | MountFlags::RELATIME;
        let mut kept = self.machine.flags(spot.mount);
        if wanted.intersects(atime | MountFlags::STRICT_ATIME) {
            kept.remove(atime);
        } else if !kept.intersects(atime | MountFlags::NO_DIR_ATIME)
            && !wanted.contains(MountFlags::NO_DIR_ATIME)
        {
            // When nothing is asked about access times, nothing changes (mount(2)).
            kept |= MountFlags::STRICT_ATIME;
        }
        let flags = flags_for(kept | wanted);
        self.machine.change(spot.mount, |mount| mount.flags = flags);
        Ok(())
    }

    /// Gives all mounts of a tree these flags, as mount_setattr(2) does.
    pub(crate) fn add_tree_flags(&mut self, spot: Spot, wanted: MountFlags) -> Result<(), Error> {
        self.require_mount(spot)?;
        let atime = MountFlags::NO_ATIME | MountFlags::RELATIME;
        let asked = wanted.intersects(atime | MountFlags::STRICT_ATIME);
        let kept = if asked { atime.complement() } else { MountFlags::all() };
        let added = if asked { flags_for(wanted) } else { flags_for(wanted).difference(atime) };
        for mount in self.machine.tree(spot.mount) {
            self.machine.change(mount, |mount| mount.flags = (mount.flags & kept) | added);
        }
        Ok(())
    }

    /// Remounts the file system, and the mount, with other flags.
    pub(crate) fn remount(&mut self, spot: Spot, asked: MountFlags) -> Result<(), Error> {
        self.require_mount(spot)?;
        let read_only = asked.contains(MountFlags::READ_ONLY);
        let fs = self.machine.fs_of(spot.mount);
        self.machine.storage.system_mut(fs).access =
            if read_only { Access::ReadOnly } else { Access::Writable };
        let asks_for_atime = MountFlags::NO_ATIME
            | MountFlags::NO_DIR_ATIME
            | MountFlags::RELATIME
            | MountFlags::STRICT_ATIME;
        let mut flags = flags_for(asked);
        if !asked.intersects(asks_for_atime) {
            let atime = MountFlags::NO_ATIME | MountFlags::NO_DIR_ATIME | MountFlags::RELATIME;
            flags = flags.difference(atime) | (self.machine.mount(spot.mount).flags & atime);
        }
        self.machine.change(spot.mount, |mount| mount.flags = flags);
        Ok(())
    }

    pub(crate) fn set_propagation(&mut self, spot: Spot, to: Propagation) -> Result<(), Error> {
        self.require_mount(spot)?;
        self.machine.set_propagation(spot.mount, to);
        Ok(())
    }

    pub(crate) fn require_mount(&self, spot: Spot) -> Result<(), Error> {
        // The root of the namespace stands nowhere, but is a mount.
        if spot == self.root { Ok(()) } else { self.machine.require_mount(spot) }
    }
}
