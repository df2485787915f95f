//! All inodes and file systems of a machine.
//!
//! An inode that changes is copied first when a copy of the machine shares it: copying a machine
//! costs one counter for each inode.

use std::rc::Rc;

use snap_ns_plan::{Access, Attributes, FsKind};

use crate::error::Error;
use crate::inode::{Body, FileSystem, FsId, Inode, InodeId, Life};

#[derive(Clone, Debug, Default)]
pub(crate) struct Storage {
    inodes: Vec<Rc<Inode>>,
    systems: Vec<FileSystem>,
}

#[allow(clippy::indexing_slicing, reason = "only this arena makes IDs, and nothing is freed")]
impl Storage {
    pub(crate) fn inode(&self, id: InodeId) -> &Inode {
        &self.inodes[id.0 as usize]
    }

    pub(crate) fn inode_mut(&mut self, id: InodeId) -> &mut Inode {
        Rc::make_mut(&mut self.inodes[id.0 as usize])
    }

    pub(crate) fn system(&self, id: FsId) -> &FileSystem {
        &self.systems[id.0 as usize]
    }

    pub(crate) fn system_mut(&mut self, id: FsId) -> &mut FileSystem {
        &mut self.systems[id.0 as usize]
    }
}

impl Storage {
    fn add(&mut self, inode: Inode) -> InodeId {
        let id = InodeId(u32::try_from(self.inodes.len()).unwrap_or(u32::MAX));
        self.inodes.push(Rc::new(inode));
        id
    }

    /// A new file system with an empty root directory.
    pub(crate) fn new_system(
        &mut self,
        kind: FsKind,
        access: Access,
        attributes: Attributes,
    ) -> InodeId {
        let fs = FsId(u32::try_from(self.systems.len()).unwrap_or(u32::MAX));
        self.systems.push(FileSystem { kind, access });
        self.add(Inode {
            fs,
            above: None,
            name: Rc::default(),
            attributes,
            life: Life::Linked,
            body: Body::directory(),
        })
    }

    /// Creates `name` in the directory `dir`, which need not be writable.
    pub(crate) fn create(
        &mut self,
        dir: InodeId,
        name: &[u8],
        attributes: Attributes,
        body: Body,
    ) -> Result<InodeId, Error> {
        let above = self.inode(dir);
        if !above.is_dir() {
            return Err(Error::NotDirectory);
        }
        if above.life == Life::Removed {
            return Err(Error::NotFound);
        }
        if name.is_empty() || above.child(name).is_some() {
            return Err(Error::Exists);
        }
        let (fs, name): (_, Rc<[u8]>) = (above.fs, name.into());
        let inode = Inode {
            fs,
            above: Some(dir),
            name: name.clone(),
            attributes,
            life: Life::Linked,
            body,
        };
        let id = self.add(inode);
        if let Body::Directory(children) = &mut self.inode_mut(dir).body {
            children.insert(name, id);
        }
        Ok(id)
    }

    /// Takes an object that is not in use out of its directory.
    pub(crate) fn unlink(&mut self, id: InodeId) {
        let Inode { above, ref name, .. } = *self.inode(id);
        let name = name.clone();
        self.inode_mut(id).life = Life::Removed;
        if let Some(above) = above
            && let Body::Directory(children) = &mut self.inode_mut(above).body
        {
            children.remove(&name);
        }
    }

    /// Whether `inode` is `dir` or somewhere below it, on its file system.
    pub(crate) fn is_below(&self, inode: InodeId, dir: InodeId) -> bool {
        let mut at = Some(inode);
        while let Some(id) = at {
            if id == dir {
                return true;
            }
            at = self.inode(id).above;
        }
        false
    }

    /// Adds the path from `dir` (exclusive) to `inode`, each name with a `/` before it.
    pub(crate) fn push_path(&self, inode: InodeId, dir: Option<InodeId>, path: &mut Vec<u8>) {
        if Some(inode) == dir {
            return;
        }
        let inode = self.inode(inode);
        if let Some(above) = inode.above {
            self.push_path(above, dir, path);
            path.push(b'/');
            path.extend_from_slice(&inode.name);
        }
    }
}
