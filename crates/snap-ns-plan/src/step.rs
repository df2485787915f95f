//! The steps of a plan, and what became of them.

use snap_ns_forecast::{Fault, MIMICS_MAX, Mimic, Role, Which};
use snap_profile::{ENTRIES_MAX, Item};

/// The most steps of a plan: two for each entry that goes, three for each that comes, one for each
/// mimic (docs/limits.md).
pub const STEPS_MAX: usize = 5 * ENTRIES_MAX + MIMICS_MAX;

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What.
    pub op: Op,
    /// What became of it.
    pub state: State,
}

/// What a step does, and for which entry (by its place in the profile) or mimic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Undo the mount of an entry of the current profile.
    Unmount(u16),
    /// Remove the symbolic link of an entry of the current profile.
    RemoveSymlink(u16),
    /// Remove the mount point of an entry of the current profile, if nothing is in it.
    RemoveMountPoint(u16),
    /// Remove the source of an entry of the current profile, which was made in a tmpfs of ours.
    RemoveSource(u16),
    /// Drop an entry of the current profile of which nothing is to be undone.
    Forget(u16),
    /// Create the source of an entry of the desired profile.
    MakeSource(u16),
    /// Create the mount point of an entry of the desired profile.
    MakeMountPoint(u16),
    /// Create the symbolic link of an entry of the desired profile.
    MakeSymlink(u16),
    /// Create the directories of an ensure-dir entry of the desired profile.
    EnsureDir(u16),
    /// Mount an entry of the desired profile, with its flags and propagation.
    Mount(u16),
    /// Put what an entry of the desired profile mounts beneath the mount whose place it takes, where
    /// the kernel can do that: there is no instant without one then.
    PutBeneath(u16),
    /// Replace a directory by a writable mimic.
    Mimic(u16),
}

impl Op {
    /// What it is done to.
    pub(crate) fn which(self) -> Which {
        match self {
            Self::Unmount(place)
            | Self::RemoveSymlink(place)
            | Self::RemoveMountPoint(place)
            | Self::RemoveSource(place)
            | Self::Forget(place) => Which::Current(place),
            Self::MakeSource(place)
            | Self::MakeMountPoint(place)
            | Self::MakeSymlink(place)
            | Self::EnsureDir(place)
            | Self::PutBeneath(place)
            | Self::Mount(place) => Which::Desired(place),
            Self::Mimic(mimic) => Which::Mimic(mimic),
        }
    }

    /// The entry of the desired profile that it makes.
    pub(crate) fn makes(self) -> Option<u16> {
        match self {
            Self::Mount(place) | Self::MakeSymlink(place) | Self::EnsureDir(place) => Some(place),
            Self::Unmount(_)
            | Self::RemoveSymlink(_)
            | Self::RemoveMountPoint(_)
            | Self::RemoveSource(_)
            | Self::Forget(_)
            | Self::MakeSource(_)
            | Self::MakeMountPoint(_)
            | Self::PutBeneath(_)
            | Self::Mimic(_) => None,
        }
    }
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing yet.
    Pending,
    /// It was performed.
    Done,
    /// It was not necessary.
    Skipped(Skip),
    /// It failed.
    Failed,
}

/// Why a step was not necessary. All of these are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// What was to be undone is not there any more.
    NotThere,
    /// A mount point that is in use, not empty or on a read-only file system stays.
    Stays,
    /// The source or mount point is missing, and the entry says to ignore that.
    IgnoredMissing,
    /// An earlier step of the same entry failed.
    LeftOut,
    /// The old mount goes before the new one comes.
    InTurn,
}

/// A step with all that is needed to perform it.
#[derive(Clone, Copy, Debug)]
pub enum Action<'p> {
    /// Nothing; no performer ever sees this.
    Nothing,
    /// Undo a mount, and all mounts below it.
    Unmount {
        /// Where it is.
        mount_point: &'p [u8],
    },
    /// Remove a symbolic link, if it still has this target; then directories, as below.
    RemoveSymlink {
        /// Where it is.
        path: &'p [u8],
        /// What it was created with.
        target: &'p [u8],
        /// As below.
        keep: usize,
    },
    /// Remove an empty directory or an empty file where the rule lets something be created, then the directories above it that are empty
    /// by now.
    RemoveMountPoint {
        /// Where it is.
        path: &'p [u8],
        /// The directory that is the first so many bytes of the path stays, and all above it; so does
        /// whatever is mounted on.
        keep: usize,
    },
    /// The same, only if it is in the same file system as the directory `own`.
    RemoveSource {
        /// Where it is.
        path: &'p [u8],
        /// The tmpfs of ours.
        own: &'p [u8],
        /// As above.
        keep: usize,
    },
    /// Create a directory or file, and the directories above it.
    Make(Creation<'p>),
    /// Create a symbolic link, and the directories above it.
    MakeSymlink {
        /// Where.
        path: &'p [u8],
        /// To what.
        target: &'p [u8],
        /// The target of one that may be there, which is removed if it and its directory are root's
        /// alone.
        old: Option<&'p [u8]>,
        /// The user and group of the link itself, where they are not the performer's usual ones.
        owner: (Option<u32>, Option<u32>),
    },
    /// Create directories below one that exists, owned by the caller.
    EnsureDir {
        /// Up to here.
        path: &'p [u8],
        /// Below this one.
        must_exist: &'p [u8],
    },
    /// Mount an entry.
    Mount(&'p Item<'p>),
    /// Put what an entry mounts beneath what is mounted at its mount point, or skip that.
    PutBeneath(&'p Item<'p>),
    /// Replace a directory by a writable mimic.
    Mimic(Mimic<'p>),
}

/// Something to be created.
#[derive(Clone, Copy, Debug)]
pub struct Creation<'p> {
    /// Where.
    pub path: &'p [u8],
    /// Which path of the entry that is.
    pub role: Role,
    /// What.
    pub kind: ObjectKind,
    /// The mode of the object itself; directories above it get what the rule says.
    pub mode: u16,
    /// The owner of the object itself, if not the performer's usual one, which those above it get.
    pub uid: Option<u32>,
    /// The group, likewise.
    pub gid: Option<u32>,
}

/// What can be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// A directory.
    Directory,
    /// An empty regular file.
    File,
}

/// What came of an attempt to perform a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// It is done.
    Done,
    /// It is done, but so many children of a mimic cannot be shown.
    DoneWithout {
        /// What happened to the first of them.
        first: Fault,
        /// How many there are.
        count: u32,
    },
    /// It was not necessary.
    Skipped(Skip),
    /// It failed.
    Failed(Fault),
}
