//! Something that is not kept, and what others are to it.

use snap_mount_options::Depth;
use snap_ns_forecast::{Reason, Time, Which};

/// Something that is not kept, and what follows from it.
#[derive(Clone, Copy)]
pub(crate) struct Cause<'a> {
    pub(crate) which: Which,
    pub(crate) path: &'a [u8],
    /// What it shows at its mount point.
    pub(crate) source: Option<&'a [u8]>,
    /// Whether it shows what is mounted below its source, too.
    pub(crate) depth: Depth,
    /// Whether anything can be seen through it: a symbolic link is never followed.
    pub(crate) mounts: bool,
    /// Its place in the current profile, when it is undone.
    pub(crate) undone: Option<u16>,
    /// When it is made, in the order of application.
    pub(crate) made: Option<Time>,
    pub(crate) rule: Rule,
}

/// When what is related to a cause is affected by it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// When it came after what is undone, or would come after what is made.
    After,
    /// When the two were mounted in another order than they would be now.
    Swapped,
}

/// What an entry is to a cause, seen from that entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    StandsOn,
    Shows,
    Copies,
    Hides,
    ShownBy,
    CopiedBy,
}

impl Link {
    pub(crate) fn reason(self, which: Which) -> Reason {
        match self {
            Self::StandsOn => Reason::StandsOn(which),
            Self::Shows => Reason::Shows(which),
            Self::Copies => Reason::Copies(which),
            Self::Hides => Reason::Hides(which),
            Self::ShownBy => Reason::ShownBy(which),
            Self::CopiedBy => Reason::CopiedBy(which),
        }
    }

    /// Whether it matters for what is undone: what an entry sees is settled when it is made, so
    /// that what came later has no part in it.
    pub(crate) fn matters_for_undone(self) -> bool {
        match self {
            Self::StandsOn | Self::Shows | Self::Copies | Self::Hides => true,
            Self::ShownBy | Self::CopiedBy => false,
        }
    }
}
