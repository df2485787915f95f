//! Writable mimics: which directories, for whom, and what is in them.

use snap_profile::ENTRIES_MAX;

use crate::view::{Attributes, NodeKind};

/// The most mimics of one run (docs/limits.md).
pub const MIMICS_MAX: usize = 4096;

/// The most children of one mimic, whatever their kind (docs/limits.md).
pub const CHILDREN_MAX: usize = 8192;

/// The most bytes in the names of all mimics' children (docs/limits.md).
pub const NAMES_MAX: usize = 4 * 1024 * 1024;

/// The most children of all mimics of one run: each may become an entry.
pub(crate) const ALL_CHILDREN_MAX: usize = 2 * ENTRIES_MAX;

/// A directory that is replaced by a tmpfs which shows the same, and can be written to.
#[derive(Clone, Copy, Debug)]
pub struct Mimic<'p> {
    /// The directory.
    pub dir: &'p [u8],
    /// Its mode and owner, which the tmpfs gets.
    pub attributes: Attributes,
    /// What is in it, by name.
    pub children: &'p [Child],
    /// The number of the first of `children` in the plan, for faults.
    pub first_child: u32,
    /// The text that the children's names are in.
    pub(crate) names: &'p [u8],
}

/// One thing in the directory.
#[derive(Clone, Copy, Debug)]
pub struct Child {
    pub(crate) name_start: u32,
    pub(crate) name_len: u16,
    /// What it is.
    pub kind: NodeKind,
}

/// How far a mimic got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MimicState {
    /// It will be made.
    Planned,
    /// It stands.
    Made,
    /// It could not be made, and nothing of it is left.
    Failed,
}

/// A mimic as the plan stores it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot<'a> {
    pub(crate) dir: &'a [u8],
    /// The entry of the desired profile that needs it.
    pub(crate) needed_by: u16,
    pub(crate) listed: Listed,
    pub(crate) state: MimicState,
    pub(crate) turn: Turn,
}

/// What was seen of a mimic's directory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed {
    pub(crate) attributes: Attributes,
    pub(crate) first_child: u32,
    pub(crate) children: u32,
}

/// When a mimic is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Before all content and layouts.
    Early,
    /// Just before the entry that needs it: its directory is in a mount that comes with this run,
    /// or the entry is an overname.
    Late,
}

impl<'p> Mimic<'p> {
    /// The name of one of its children.
    #[must_use]
    pub fn name(&self, child: &Child) -> &'p [u8] {
        child.name(self.names)
    }
}

impl Child {
    /// This child's name, out of the text that all names are in.
    pub(crate) fn name<'p>(&self, names: &'p [u8]) -> &'p [u8] {
        let start = self.name_start as usize;
        let end = start.saturating_add(usize::from(self.name_len));
        names.get(start..end).unwrap_or_default()
    }
}
