//! What paths lead to. A symbolic link is an answer, never followed.

use snap_ns_plan::NodeKind;
use snap_path::components;

use crate::error::Error;
use crate::machine::Machine;
use crate::mount::Spot;

/// The deepest part of a path that there is, and that is not below something else than a directory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deepest {
    pub(crate) spot: Spot,
    /// How many bytes of the path that is.
    pub(crate) len: usize,
    pub(crate) kind: NodeKind,
}

impl Machine {
    pub(crate) fn kind(&self, spot: Spot) -> NodeKind {
        self.storage.inode(spot.inode).kind()
    }

    /// The topmost of what is at `name` in a directory.
    pub(crate) fn child(&self, dir: Spot, name: &[u8]) -> Option<Spot> {
        let inode = self.storage.inode(dir.inode).child(name)?;
        Some(self.topmost(Spot { mount: dir.mount, inode }))
    }

    pub(crate) fn deepest(&self, root: Spot, path: &[u8]) -> Deepest {
        let mut deepest = Deepest { spot: root, len: 1, kind: NodeKind::Directory };
        for component in components(path) {
            let slash = usize::from(deepest.len > 1);
            let Some(spot) = self.child(deepest.spot, component) else { break };
            let len = deepest.len.saturating_add(slash).saturating_add(component.len());
            deepest = Deepest { spot, len, kind: self.kind(spot) };
        }
        deepest
    }

    /// What is at `path`, with the error that openat2(2) gives.
    pub(crate) fn find(&self, root: Spot, path: &[u8]) -> Result<Spot, Error> {
        let deepest = self.deepest(root, path);
        match deepest.kind {
            _ if deepest.len == path.len() => Ok(deepest.spot),
            NodeKind::Directory => Err(Error::NotFound),
            NodeKind::Symlink => Err(Error::Loop),
            NodeKind::File | NodeKind::Special => Err(Error::NotDirectory),
        }
    }

    /// The same with `O_DIRECTORY`.
    pub(crate) fn find_dir(&self, root: Spot, path: &[u8]) -> Result<Spot, Error> {
        let spot = self.find(root, path)?;
        self.require_dir(spot)
    }

    /// The directory `name` in `dir`.
    pub(crate) fn child_dir(&self, dir: Spot, name: &[u8]) -> Result<Spot, Error> {
        let spot = self.child(dir, name).ok_or(Error::NotFound)?;
        self.require_dir(spot)
    }

    fn require_dir(&self, spot: Spot) -> Result<Spot, Error> {
        if self.storage.inode(spot.inode).is_dir() { Ok(spot) } else { Err(Error::NotDirectory) }
    }
}
