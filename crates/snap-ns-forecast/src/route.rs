//! Where a path may lead.

use arrayvec::ArrayVec;
use snap_path::PATH_MAX;

use crate::fault::What;
use crate::node::{Access, Ground, NodeKind};

/// Room for a path that is rewritten.
pub type Buffer = ArrayVec<u8, PATH_MAX>;

/// In which file system a path ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Space {
    /// In one that the view shows.
    Live,
    /// In the tmpfs of the desired entry at this place.
    Tmpfs(u16),
    /// In the tmpfs of the mimic at this place.
    Mimic(u16),
    /// In one that nobody has seen yet.
    Unknown,
}

/// Where a path leads.
#[derive(Clone, Copy, Debug)]
pub struct Route<'b> {
    /// In which file system.
    pub space: Space,
    /// The path in there: in the view, or one that leads to the same place in the tmpfs.
    pub path: &'b [u8],
    /// How many bytes of the asked path, and how many of `path`, are the part that was replaced
    /// (0 and 0 when nothing was).
    pub(crate) replaced: (usize, usize),
    /// How many bytes of `path` are the root of the tmpfs.
    pub root: usize,
    /// Whether content is on the way.
    pub(crate) through_content: bool,
    /// Whether a mount on the way is read-only.
    pub(crate) read_only: bool,
    /// How many bytes of `path` are there now, when it was looked at and not all of it is.
    pub(crate) existing: usize,
}

impl Route<'_> {
    /// What is wrong when something of this `kind` is at the end.
    pub(crate) fn found(&self, kind: NodeKind) -> What {
        if self.existing == self.path.len() { What::Found(kind) } else { What::WillFind(kind) }
    }

    /// How many bytes of the asked path are the first `len` of this one.
    pub(crate) fn asked_len(&self, len: usize) -> usize {
        match len.checked_sub(self.replaced.1) {
            // All of `/` is replaced, but not its slash.
            Some(_) if len <= 1 && self.replaced.0 > 0 => self.replaced.0,
            Some(rest) => self.replaced.0.saturating_add(rest),
            None => self.replaced.0,
        }
    }

    /// A number for the place that it leads to, whatever the way; two places that are not the same
    /// have two numbers, as good as always.
    pub(crate) fn fingerprint(&self) -> u64 {
        let (kind, place) = match self.space {
            Space::Live => (0, 0),
            Space::Tmpfs(at) => (1, at),
            Space::Mimic(at) => (2, at),
            Space::Unknown => (3, 0),
        };
        let [high, low] = place.to_be_bytes();
        let start = fnv(FNV_START, &[kind, high, low]);
        fnv(start, self.path)
    }

    /// `ground`, as far as the mounts on the way leave it.
    pub(crate) fn ground(&self, ground: Ground) -> Ground {
        let access = if self.read_only { Access::ReadOnly } else { ground.access };
        Ground { access, ..ground }
    }

    /// Whether it ends at the root of a mimic's tmpfs, and of which.
    pub(crate) fn mimic_root(&self) -> Option<u16> {
        match self.space {
            Space::Mimic(mimic) if self.path.len() == self.root => Some(mimic),
            Space::Mimic(_) | Space::Live | Space::Tmpfs(_) | Space::Unknown => None,
        }
    }
}

/// Whose mounts a path leads through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// Those of the desired profile with its mimics; times are those of the order of application.
    Desired,
    /// Those of the current profile; times are places in it.
    Current,
}

/// Where the hash of Fowler, Noll and Vo begins.
pub(crate) const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// The hash of Fowler, Noll and Vo (FNV-1a), continued.
pub(crate) fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    let next = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(hash, next)
}
