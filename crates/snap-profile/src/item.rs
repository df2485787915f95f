//! An entry with all that is known of it.

use snap_fstab::Entry;
use snap_mount_options::{
    Depth, IfMissing, Kind, MountFlags, Operation, Options, Origin, Unfinished,
};

/// One entry of a profile. There can be many, so that only what every run asks of each is kept
/// beside the text; the rest is read again when it is needed.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// The six fields. The mount point, and a source that is a path, are clean.
    pub entry: Entry<'a>,
    /// The line in the profile, counted from 1.
    pub line: u32,
    /// Who asked.
    pub origin: Origin,
    /// What the mount point is, without details.
    pub shape: Shape,
    /// What to ask of mount(2).
    pub operation: Operation,
    marks: u8,
}

// Bits of `marks`: an item has 80 bytes, and would have 88 with a field for each.
const SYNTHETIC: u8 = 1;
const NAMED: u8 = 1 << 1;
const READ_ONLY: u8 = 1 << 2;
const IGNORES_MISSING: u8 = 1 << 3;
const UNFINISHED: u8 = 1 << 4;

/// The option of a symbolic link that was there before a run, which replaces it: only a journal and the
/// text for a way back have such a line, and only a way back makes it.
pub const FOUND: &[u8] = b"x-snapd.found";

/// The kinds of [`Kind`], without what belongs to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A directory that is mounted on.
    Directory,
    /// A file that is mounted on.
    File,
    /// A symbolic link.
    Symlink,
    /// Directories that are made and stay.
    EnsureDir,
}

impl Shape {
    /// Whether something is mounted.
    #[must_use]
    pub fn is_mount(self) -> bool {
        match self {
            Self::Directory | Self::File => true,
            Self::Symlink | Self::EnsureDir => false,
        }
    }
}

impl<'a> Item<'a> {
    /// An entry whose options were found to be legal.
    pub(crate) fn new(entry: Entry<'a>, line: u32, options: &Options<'a>) -> Self {
        let mark = |is: bool, mark: u8| if is { mark } else { 0 };
        Self {
            entry,
            line,
            origin: options.origin,
            shape: match options.kind {
                Kind::Directory => Shape::Directory,
                Kind::File => Shape::File,
                Kind::Symlink(_) => Shape::Symlink,
                Kind::EnsureDir(_) => Shape::EnsureDir,
            },
            operation: options.operation,
            marks: mark(options.synthetic_for.is_some(), SYNTHETIC)
                | mark(options.id.is_some(), NAMED)
                | mark(options.flags.contains(MountFlags::READ_ONLY), READ_ONLY)
                | mark(options.if_missing == IfMissing::Skip, IGNORES_MISSING)
                | mark(options.unfinished.is_some(), UNFINISHED),
        }
    }

    /// The options as values, read again.
    #[must_use]
    pub fn options(&self) -> Options<'a> {
        Options::recorded(self.entry.fs_type, self.entry.options)
    }

    /// The entry's ID: what others are *needed by* (contract section 3).
    #[must_use]
    pub fn id(&self) -> &'a [u8] {
        let own = if self.is_named() { self.options().id } else { None };
        own.unwrap_or(self.entry.mount_point)
    }

    /// Whether the entry's ID is not its mount point.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.marks & NAMED != 0
    }

    /// True for a tmpfs.
    #[must_use]
    pub fn is_tmpfs(&self) -> bool {
        self.entry.fs_type == b"tmpfs"
    }

    /// Whether it is mounted read-only.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.marks & READ_ONLY != 0
    }

    /// Whether it is skipped, silently, when something is not there.
    #[must_use]
    pub fn ignores_missing(&self) -> bool {
        self.marks & IGNORES_MISSING != 0
    }

    /// True for an entry that this program added for another one.
    #[must_use]
    pub fn is_synthetic(&self) -> bool {
        self.marks & SYNTHETIC != 0
    }

    /// Whether it is the tmpfs of a mimic.
    #[must_use]
    pub fn is_mimic(&self) -> bool {
        self.is_synthetic() && self.is_tmpfs()
    }

    /// Whether it is the copy of one thing in a mimic, which stands and falls with the tmpfs.
    #[must_use]
    pub fn is_mimic_child(&self) -> bool {
        self.is_synthetic() && !self.is_tmpfs()
    }

    /// The ID of the entry that a synthetic entry is needed by.
    #[must_use]
    pub fn synthetic_for(&self) -> Option<&'a [u8]> {
        if self.is_synthetic() { self.options().synthetic_for } else { None }
    }

    /// What an interrupted run was about to do with it.
    #[must_use]
    pub fn unfinished(&self) -> Option<Unfinished> {
        if self.marks & UNFINISHED != 0 { self.options().unfinished } else { None }
    }

    /// Whether it is a symbolic link that nobody asked for ([`FOUND`]).
    #[must_use]
    pub fn is_found(&self) -> bool {
        let mut options = self.entry.options.split(|&byte| byte == b',');
        self.shape == Shape::Symlink && options.any(|option| option == FOUND)
    }

    /// What a mount shows: its source, and how deep.
    #[must_use]
    pub fn shown(&self) -> (Option<&'a [u8]>, Depth) {
        if !self.shape.is_mount() {
            return (None, Depth::Single);
        }
        match self.operation {
            Operation::Bind(depth) => (Some(self.entry.source), depth),
            Operation::Move => (Some(self.entry.source), Depth::Recursive),
            Operation::Mount | Operation::Remount => (None, Depth::Single),
        }
    }
}
