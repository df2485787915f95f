//! What is stored: directories, files, symbolic links.

use std::collections::BTreeMap;
use std::rc::Rc;

use snap_ns_plan::{Attributes, FsKind, NodeKind};

/// An inode of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct InodeId(pub(crate) u32);

/// A file system (super block) of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FsId(pub(crate) u32);

/// A name, a text or a target: shared by all copies of the machine.
pub(crate) type Bytes = Rc<[u8]>;

/// An object. There are no hard links: it has one name, in one directory, and keeps both in mind
/// when it is removed, as a dentry does.
#[derive(Clone, Debug)]
pub(crate) struct Inode {
    pub(crate) fs: FsId,
    /// The directory it is in; none for the root of a file system.
    pub(crate) above: Option<InodeId>,
    pub(crate) name: Bytes,
    pub(crate) attributes: Attributes,
    pub(crate) life: Life,
    pub(crate) body: Body,
}

/// Whether an object can be found by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    Linked,
    /// It only lives on where it is mounted.
    Removed,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Directory(BTreeMap<Bytes, InodeId>),
    File(Bytes),
    Symlink(Bytes),
    Special,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct FileSystem {
    pub(crate) kind: FsKind,
    pub(crate) access: snap_ns_plan::Access,
}

impl Inode {
    pub(crate) fn kind(&self) -> NodeKind {
        match self.body {
            Body::Directory(_) => NodeKind::Directory,
            Body::File(_) => NodeKind::File,
            Body::Symlink(_) => NodeKind::Symlink,
            Body::Special => NodeKind::Special,
        }
    }

    pub(crate) fn is_dir(&self) -> bool {
        matches!(self.body, Body::Directory(_))
    }

    pub(crate) fn child(&self, name: &[u8]) -> Option<InodeId> {
        match &self.body {
            Body::Directory(children) => children.get(name).copied(),
            Body::File(_) | Body::Symlink(_) | Body::Special => None,
        }
    }

    /// Text of a file, target of a symbolic link.
    pub(crate) fn text(&self) -> &[u8] {
        match &self.body {
            Body::File(text) | Body::Symlink(text) => text,
            Body::Directory(_) | Body::Special => b"",
        }
    }
}

impl Body {
    pub(crate) fn directory() -> Self {
        Self::Directory(BTreeMap::new())
    }
}
