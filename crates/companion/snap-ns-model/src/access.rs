//! What can be written to.

use snap_mount_options::MountFlags;
use snap_ns_plan::{Access, Ground};

use crate::error::Error;
use crate::inode::FsId;
use crate::machine::Machine;
use crate::mount::{MountId, Spot};

impl Machine {
    pub(crate) fn fs_of(&self, mount: MountId) -> FsId {
        self.storage.inode(self.mount(mount).root).fs
    }

    /// The flags that statfs(2) tells: a mount of a file system that is read-only is so, too.
    pub(crate) fn flags(&self, mount: MountId) -> MountFlags {
        let of_fs = match self.storage.system(self.fs_of(mount)).access {
            Access::Writable => MountFlags::empty(),
            Access::ReadOnly => MountFlags::READ_ONLY,
        };
        self.mount(mount).flags | of_fs
    }

    pub(crate) fn ground(&self, spot: Spot) -> Ground {
        let read_only = self.flags(spot.mount).contains(MountFlags::READ_ONLY);
        Ground {
            access: if read_only { Access::ReadOnly } else { Access::Writable },
            fs: self.storage.system(self.fs_of(spot.mount)).kind,
        }
    }

    pub(crate) fn require_writable(&self, spot: Spot) -> Result<(), Error> {
        match self.ground(spot).access {
            Access::Writable => Ok(()),
            Access::ReadOnly => Err(Error::ReadOnly),
        }
    }
}
