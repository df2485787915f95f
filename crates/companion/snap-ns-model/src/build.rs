//! Building what a namespace shows, one system call after the other.

use snap_mount_options::{Depth, MountFlags, Propagation};
use snap_ns_plan::{Attributes, FsKind, NodeKind};
use snap_path::{file_name, parent, prefixes};

use crate::error::Error;
use crate::inode::Body;
use crate::namespace::{DIRECTORY, Namespace};

const FILE: Attributes = Attributes { mode: 0o644, uid: 0, gid: 0 };
const LINK: Attributes = Attributes { mode: 0o777, uid: 0, gid: 0 };

impl Namespace {
    /// Creates a directory with just this mode and owner.
    ///
    /// # Errors
    ///
    /// As mkdir(2).
    pub fn dir(
        &mut self,
        path: impl AsRef<[u8]>,
        mode: u16,
        uid: u32,
        gid: u32,
    ) -> Result<&mut Self, Error> {
        self.create(path.as_ref(), Attributes { mode, uid, gid }, Body::directory())
    }

    /// Creates the directory, with mode 0755, and all above it, as far as they are missing.
    ///
    /// # Errors
    ///
    /// As mkdir(2); something else than a directory is on the way.
    pub fn dirs(&mut self, path: impl AsRef<[u8]>) -> Result<&mut Self, Error> {
        for prefix in prefixes(path.as_ref()) {
            let found = self.inside().find_dir(prefix);
            if found == Err(Error::NotFound) {
                self.create(prefix, DIRECTORY, Body::directory())?;
            } else {
                found?;
            }
        }
        Ok(self)
    }

    /// Creates a file with mode 0644 and this text.
    ///
    /// # Errors
    ///
    /// As open(2) with `O_EXCL`.
    pub fn file(
        &mut self,
        path: impl AsRef<[u8]>,
        text: impl AsRef<[u8]>,
    ) -> Result<&mut Self, Error> {
        self.create(path.as_ref(), FILE, Body::File(text.as_ref().into()))
    }

    /// Writes a text over that of a file.
    ///
    /// # Errors
    ///
    /// As open(2) with `O_WRONLY`.
    pub fn write(
        &mut self,
        path: impl AsRef<[u8]>,
        text: impl AsRef<[u8]>,
    ) -> Result<&mut Self, Error> {
        let mut inside = self.inside();
        let spot = inside.find(path.as_ref())?;
        inside.machine.require_writable(spot)?;
        match &mut inside.machine.storage.inode_mut(spot.inode).body {
            Body::File(old) => *old = text.as_ref().into(),
            Body::Directory(_) | Body::Symlink(_) | Body::Special => return Err(Error::Invalid),
        }
        drop(inside);
        Ok(self)
    }

    /// Creates a symbolic link.
    ///
    /// # Errors
    ///
    /// As symlink(2).
    pub fn link(
        &mut self,
        path: impl AsRef<[u8]>,
        target: impl AsRef<[u8]>,
    ) -> Result<&mut Self, Error> {
        self.create(path.as_ref(), LINK, Body::Symlink(target.as_ref().into()))
    }

    /// Creates a FIFO with mode 0644, for all that is neither directory, file nor link.
    ///
    /// # Errors
    ///
    /// As mknod(2).
    pub fn special(&mut self, path: impl AsRef<[u8]>) -> Result<&mut Self, Error> {
        self.create(path.as_ref(), FILE, Body::Special)
    }

    fn create(
        &mut self,
        path: &[u8],
        attributes: Attributes,
        body: Body,
    ) -> Result<&mut Self, Error> {
        let mut inside = self.inside();
        let dir = inside.find_dir(parent(path).ok_or(Error::Exists)?)?;
        inside.create(dir, file_name(path), attributes, body)?;
        drop(inside);
        Ok(self)
    }

    /// Gives what is at `path` another mode and owner.
    ///
    /// # Errors
    ///
    /// As chmod(2).
    pub fn set_attributes(
        &mut self,
        path: impl AsRef<[u8]>,
        mode: u16,
        uid: u32,
        gid: u32,
    ) -> Result<&mut Self, Error> {
        let mut inside = self.inside();
        let spot = inside.find(path.as_ref())?;
        inside.machine.require_writable(spot)?;
        inside.machine.storage.inode_mut(spot.inode).attributes = Attributes { mode, uid, gid };
        drop(inside);
        Ok(self)
    }

    /// Removes a file, a link, or an empty directory.
    ///
    /// # Errors
    ///
    /// As unlink(2) and rmdir(2).
    pub fn remove(&mut self, path: impl AsRef<[u8]>) -> Result<&mut Self, Error> {
        self.inside().remove(path.as_ref())?;
        Ok(self)
    }

    /// Mounts a new tmpfs; its root directory has mode 0755.
    ///
    /// # Errors
    ///
    /// As mount(2).
    pub fn mount_tmpfs(&mut self, path: impl AsRef<[u8]>) -> Result<&mut Self, Error> {
        self.mount_new(path.as_ref(), FsKind::Tmpfs)
    }

    /// Mounts a new file system that is no tmpfs, likewise.
    ///
    /// # Errors
    ///
    /// As mount(2).
    pub fn mount_other(&mut self, path: impl AsRef<[u8]>) -> Result<&mut Self, Error> {
        self.mount_new(path.as_ref(), FsKind::Other)
    }

    fn mount_new(&mut self, path: &[u8], kind: FsKind) -> Result<&mut Self, Error> {
        let mut inside = self.inside();
        let target = inside.find(path)?;
        inside.mount_new(target, kind, MountFlags::empty(), DIRECTORY)?;
        drop(inside);
        Ok(self)
    }

    /// Shows `source` at `path`, too.
    ///
    /// # Errors
    ///
    /// As mount(2); [`Error::Loop`] for a symbolic link.
    pub fn bind(
        &mut self,
        source: impl AsRef<[u8]>,
        path: impl AsRef<[u8]>,
    ) -> Result<&mut Self, Error> {
        self.bind_tree(source.as_ref(), path.as_ref(), Depth::Single)
    }

    /// The same with all that is mounted below `source`.
    ///
    /// # Errors
    ///
    /// As [`bind`](Self::bind).
    pub fn rbind(
        &mut self,
        source: impl AsRef<[u8]>,
        path: impl AsRef<[u8]>,
    ) -> Result<&mut Self, Error> {
        self.bind_tree(source.as_ref(), path.as_ref(), Depth::Recursive)
    }

    /// Moves the topmost mount at `source`, and all that is mounted in it, to `path`.
    ///
    /// # Errors
    ///
    /// As [`bind`](Self::bind).
    pub fn move_mount(
        &mut self,
        source: impl AsRef<[u8]>,
        path: impl AsRef<[u8]>,
    ) -> Result<&mut Self, Error> {
        let mut inside = self.inside();
        let (source, target) = (inside.find(source.as_ref())?, inside.find(path.as_ref())?);
        inside.machine.move_to(source, target)?;
        drop(inside);
        Ok(self)
    }

    fn bind_tree(&mut self, source: &[u8], path: &[u8], depth: Depth) -> Result<&mut Self, Error> {
        let mut inside = self.inside();
        let (source, target) = (inside.find(source)?, inside.find(path)?);
        for spot in [source, target] {
            if inside.machine.kind(spot) == NodeKind::Symlink {
                return Err(Error::Loop);
            }
        }
        inside.machine.bind(source, target, depth)?;
        drop(inside);
        Ok(self)
    }

    /// Makes the mount at `path` read-only, not its file system.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`]: `path` is no mount point.
    pub fn set_read_only(&mut self, path: impl AsRef<[u8]>) -> Result<&mut Self, Error> {
        let mut inside = self.inside();
        let spot = inside.find(path.as_ref())?;
        inside.require_mount(spot)?;
        inside.machine.change(spot.mount, |mount| mount.flags |= MountFlags::READ_ONLY);
        drop(inside);
        Ok(self)
    }

    /// Gives the mount at `path` these flags besides those that it has, as the executor does.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`]: `path` is no mount point.
    pub fn add_flags(
        &mut self,
        path: impl AsRef<[u8]>,
        flags: MountFlags,
    ) -> Result<&mut Self, Error> {
        let mut inside = self.inside();
        let spot = inside.find(path.as_ref())?;
        inside.add_flags(spot, flags)?;
        drop(inside);
        Ok(self)
    }

    /// Changes the propagation of the mount at `path`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`]: `path` is no mount point.
    pub fn set_propagation(
        &mut self,
        path: impl AsRef<[u8]>,
        to: Propagation,
    ) -> Result<&mut Self, Error> {
        let mut inside = self.inside();
        let spot = inside.find(path.as_ref())?;
        inside.set_propagation(spot, to)?;
        drop(inside);
        Ok(self)
    }

    /// Unmounts the topmost mount at `path`.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`]: something is mounted in it; [`Error::Invalid`]: `path` is no mount point.
    pub fn unmount(&mut self, path: impl AsRef<[u8]>) -> Result<&mut Self, Error> {
        let mut inside = self.inside();
        let spot = inside.find_in_dir(path.as_ref())?;
        inside.machine.unmount(spot)?;
        drop(inside);
        Ok(self)
    }

    /// Unmounts the topmost mount at `path` with all that is mounted in it.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`]: `path` is no mount point.
    pub fn detach(&mut self, path: impl AsRef<[u8]>) -> Result<&mut Self, Error> {
        let mut inside = self.inside();
        let spot = inside.find_in_dir(path.as_ref())?;
        inside.machine.detach(spot)?;
        drop(inside);
        Ok(self)
    }
}
