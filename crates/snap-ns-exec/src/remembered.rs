//! What is remembered of the directories that were walked last.

use rustix::fd::OwnedFd;
use snap_ns_plan::Ground;
use snap_path::{Text, is_at_or_below};

/// The longest path that is remembered, and its NUL. One that is longer is walked each time: room
/// for the longest would be most of what a `Kernel` takes of the stack.
const REMEMBERED_MAX: usize = 512;

/// Which of the two directories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The parent of mount points.
    Target,
    /// The parent of sources.
    Source,
}

/// A directory that was walked.
#[derive(Debug)]
pub(crate) struct Parent {
    /// Empty when it is too long.
    pub(crate) path: Text<REMEMBERED_MAX>,
    pub(crate) fd: OwnedFd,
    pub(crate) ground: Option<Ground>,
    pub(crate) proof: Option<Proof>,
}

/// Whether nobody but root can change what a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Every directory on the way, and the last one, is root's, nobody else may write to it, and the
    /// plan knows of nothing that is shown there from another place.
    RootOnly,
    /// Not so.
    None,
}

/// The two directories, as far as they are known.
#[derive(Debug, Default)]
pub(crate) struct Parents {
    pub(crate) target: Option<Parent>,
    pub(crate) source: Option<Parent>,
}

impl Parents {
    pub(crate) fn side(&mut self, side: Side) -> &mut Option<Parent> {
        match side {
            Side::Target => &mut self.target,
            Side::Source => &mut self.source,
        }
    }

    /// Forgets what a change of the mounts at `path` may have covered or uncovered.
    pub(crate) fn forget_at(&mut self, path: &[u8]) {
        for side in [&mut self.target, &mut self.source] {
            side.take_if(|parent| is_at_or_below(parent.path.as_bytes(), path));
        }
    }
}
