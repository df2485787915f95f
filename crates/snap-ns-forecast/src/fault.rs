//! What can go wrong, as facts.

use crate::node::NodeKind;

/// A failure: what happened, and at which path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What happened.
    pub what: What,
    /// Where.
    pub place: Place,
}

/// A path that belongs to an entry or a mimic, or its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which path.
    pub role: Role,
    /// How many bytes of it are meant: a directory above it, or all of it.
    pub len: usize,
}

/// The paths that a fault can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The entry's mount point.
    MountPoint,
    /// The entry's source.
    Source,
    /// The directory that an ensure-dir entry needs.
    MustExistDir,
    /// The directory of a mimic.
    Mimic,
    /// The place to which a mimic's directory is set aside.
    Aside,
    /// A child of a mimic's directory, by its number in the plan.
    Child(u32),
    /// No path at all.
    Nothing,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A system call failed.
    Failed(Call, Errno),
    /// Something of this kind is in the way, or is not what is needed.
    Found(NodeKind),
    /// Something of this kind will be in the way: this run creates it before.
    WillFind(NodeKind),
    /// Nothing is there, and it may not be created.
    Missing,
    /// Creating it would show on the host.
    WouldShowOnHost,
    /// The file system is read-only.
    ReadOnly,
    /// It needs a writable mimic of `/`, which would break the namespace.
    MimicOfRoot,
    /// The entry's ID has a comma, so that no synthetic entry could refer to it.
    CommaInId,
    /// A directory that only root may change is not root's alone, and cannot be made so: what is there
    /// belongs to this user.
    NotOurs(u32),
    /// The entry of the desired profile at this place has the same mount point, and goes first.
    Claimed(u16),
    /// No failure: an overname, the entry of the desired profile at this place, lies over the source
    /// of content, so that this is the instance's own.
    Mapped(u16),
    /// A symbolic link that leads elsewhere is in the place of the one that is wanted, the entry of the
    /// desired profile at this place.
    OldLink(u16),
    /// No failure: that link is replaced.
    Replaces(u16),
    /// No failure: the target of a symbolic link ends at its first comma, as options do.
    CutTarget,
    /// An ensure-dir entry's directory does not lie below this one.
    NotBelow,
    /// Something else took the place of what was made there, or looked at.
    Replaced,
    /// A recursive bind cannot be made read-only as a whole by this kernel.
    RecursiveReadOnly,
    /// A limit of docs/limits.md.
    Full(Limit),
}

/// An error number of the kernel (errno(3)).
pub type Errno = i32;

/// The system calls that can fail, named as in section 2 of the manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the system call of its name")]
pub enum Call {
    Open,
    Stat,
    StatFs,
    ReadLink,
    ReadDirectory,
    MakeDirectory,
    MakeFile,
    MakeSymlink,
    ChangeOwner,
    ChangeDirectory,
    Bind,
    Remount,
    Mount,
    ChangePropagation,
    Unmount,
    Remove,
    Reserve,
    CopyNamespace,
}

/// The limits that a plan can run into (docs/limits.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Entries of the profile that would be saved.
    Entries,
    /// Bytes of the profile that would be saved.
    Text,
    /// Bytes of a line of the profile that would be saved.
    Line,
    /// Steps of the plan.
    Steps,
    /// Writable mimics of one run.
    Mimics,
    /// Children of one mimic.
    Children,
    /// Children of all mimics.
    AllChildren,
    /// Bytes in the names of all mimics' children.
    Names,
    /// How often the plan was made again because one entry changed what another one finds.
    Rounds,
    /// Bytes of a path.
    Path,
    /// Bytes of a file system's mount data.
    Data,
}

impl Place {
    /// All of the path `role`.
    #[must_use]
    pub fn whole(role: Role) -> Self {
        Self { role, len: usize::MAX }
    }
}

impl Fault {
    /// `what`, about all of the path `role`.
    #[must_use]
    pub fn new(what: What, role: Role) -> Self {
        Self { what, place: Place::whole(role) }
    }

    /// `what`, about the first `len` bytes of the path `role`.
    #[must_use]
    pub fn at(what: What, role: Role, len: usize) -> Self {
        Self { what, place: Place { role, len } }
    }
}
