//! Looking: the planner's questions, answered as the executor does.

use snap_ns_plan::{
    Attributes, Buffer, Call, Each, Fault, FsView, Ground, Look, NodeKind, Role, What,
};

use crate::error::Error;
use crate::inode::{Body, FsId, Inode, Life};
use crate::namespace::Namespace;

/// `call` failed for the path `role`.
pub(crate) fn failed(call: Call, role: Role) -> impl Fn(Error) -> Fault {
    move |error| Fault::new(What::Failed(call, error.errno()), role)
}

/// A directory that was removed can be opened where it is mounted, but not read (getdents(2)).
fn require_readable(inode: &Inode) -> Result<(), Fault> {
    match (inode.is_dir(), inode.life) {
        (true, Life::Removed) => Err(failed(Call::ReadDirectory, Role::Mimic)(Error::NotFound)),
        (true, Life::Linked) | (false, Life::Linked | Life::Removed) => Ok(()),
    }
}

impl FsView for Namespace {
    fn look(&mut self, path: &[u8], _: Role) -> Result<Look, Fault> {
        let inside = self.inside();
        let deepest = inside.deepest(path);
        if deepest.len == path.len() {
            return Ok(Look::Found(deepest.kind));
        }
        if deepest.kind != NodeKind::Directory {
            return Ok(Look::Blocked { at: deepest.len, kind: deepest.kind });
        }
        let ground = inside.machine.ground(deepest.spot);
        Ok(Look::Missing { parent: deepest.len, ground })
    }

    fn ground(&mut self, dir: &[u8]) -> Result<Ground, Fault> {
        let inside = self.inside();
        let spot = inside.find_dir(dir).map_err(failed(Call::Open, Role::Mimic))?;
        Ok(inside.machine.ground(spot))
    }

    fn same_fs(&mut self, a: &[u8], b: &[u8]) -> Result<bool, Fault> {
        self.inside().same_fs(a, b)
    }

    fn leads_to(&mut self, path: &[u8], target: &[u8]) -> Result<bool, Fault> {
        let inside = self.inside();
        let failed = failed(Call::ReadLink, Role::MountPoint);
        let spot = inside.find(path).map_err(&failed)?;
        match &inside.machine.storage.inode(spot.inode).body {
            Body::Symlink(found) => Ok(&found[..] == target),
            // What readlinkat(2) says of a descriptor that is for no link.
            Body::Directory(_) | Body::File(_) | Body::Special => Err(failed(Error::NotFound)),
        }
    }

    fn read_link(&mut self, path: &[u8], target: &mut Buffer) -> Result<bool, Fault> {
        let inside = self.inside();
        let failed = failed(Call::ReadLink, Role::MountPoint);
        let (text, roots) = inside.find_link(path).map_err(&failed)?;
        target.try_extend_from_slice(text).map_err(|_| failed(Error::NotFound))?;
        Ok(roots)
    }

    fn is_vacant(&mut self, path: &[u8]) -> Result<bool, Fault> {
        let inside = self.inside();
        let spot = inside.find(path).map_err(failed(Call::Open, Role::MountPoint))?;
        let inode = inside.machine.storage.inode(spot.inode);
        require_readable(inode)?;
        Ok(match &inode.body {
            Body::Directory(children) => children.is_empty(),
            Body::File(text) => text.is_empty(),
            Body::Symlink(_) | Body::Special => false,
        })
    }

    fn attributes(&mut self, path: &[u8]) -> Result<Attributes, Fault> {
        let inside = self.inside();
        let spot = inside.find_dir(path).map_err(failed(Call::Open, Role::Mimic))?;
        Ok(inside.machine.storage.inode(spot.inode).attributes)
    }

    fn mount_id_at(&mut self, path: &[u8]) -> u64 {
        let inside = self.inside();
        let there = inside.find_in_dir(path).and_then(|spot| inside.require_mount(spot));
        u64::from(there.is_ok())
    }

    fn list(&mut self, path: &[u8], each: &mut Each<'_>) -> Result<(), Fault> {
        let inside = self.inside();
        let spot = inside.find_dir(path).map_err(failed(Call::Open, Role::Mimic))?;
        let storage = &inside.machine.storage;
        let inode = storage.inode(spot.inode);
        require_readable(inode)?;
        if let Body::Directory(children) = &inode.body {
            for (name, &child) in children {
                each(name, storage.inode(child).kind())?;
            }
        }
        Ok(())
    }

    fn has_tree_flags(&mut self) -> bool {
        true
    }
}

impl crate::namespace::Inside<'_> {
    pub(crate) fn same_fs(&self, a: &[u8], b: &[u8]) -> Result<bool, Fault> {
        if a == b {
            return Ok(true);
        }
        let same = |a, b| -> Result<bool, Error> { Ok(self.fs_at(a)? == self.fs_at(b)?) };
        same(a, b).map_err(failed(Call::Stat, Role::Mimic))
    }

    /// Whether two directories are in the same file system.
    pub(crate) fn is_on(&self, dir: &[u8], other: &[u8]) -> Result<bool, Error> {
        Ok(self.fs_at(dir)? == self.fs_at(other)?)
    }

    fn fs_at(&self, dir: &[u8]) -> Result<FsId, Error> {
        Ok(self.machine.storage.inode(self.find_dir(dir)?.inode).fs)
    }
}
