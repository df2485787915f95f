//! What there can be at a path, and what matters of it.

/// What there can be at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link.
    Symlink,
    /// A device, FIFO or socket.
    Special,
}

/// The answer to "what is at this path?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// This.
    Found(NodeKind),
    /// Nothing; the first `parent` bytes of the path are the deepest directory that exists.
    Missing {
        /// The length of that directory's path.
        parent: usize,
        /// What is known of it.
        ground: Ground,
    },
    /// The first `at` bytes of the path, which is not all of it, lead to no directory.
    Blocked {
        /// The length of the path to what is in the way.
        at: usize,
        /// What is there.
        kind: NodeKind,
    },
}

/// What matters of a directory in which something might be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ground {
    /// Whether anything can be created at all (`EROFS` otherwise).
    pub access: Access,
    /// Whether the file system is a tmpfs.
    pub fs: FsKind,
}

/// Whether a file system can be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It can.
    Writable,
    /// It cannot.
    ReadOnly,
}

/// The kind of a file system, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FsKind {
    /// tmpfs(5).
    Tmpfs,
    /// Any other.
    Other,
}

/// Mode and owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// Permission bits, set-id and sticky bits.
    pub mode: u16,
    /// The owning user.
    pub uid: u32,
    /// The owning group.
    pub gid: u32,
}
