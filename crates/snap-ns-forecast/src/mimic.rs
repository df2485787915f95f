//! Writable mimics: directories that are replaced, and what is in them.

use crate::entries::Time;
use crate::node::{Attributes, NodeKind};
use crate::noted::text_at;
use crate::reason::Reason;
use crate::route::{FNV_START, fnv};

/// The most mimics of one run (docs/limits.md).
pub const MIMICS_MAX: usize = 4096;

/// The most children of one mimic, whatever their kind (docs/limits.md).
pub const CHILDREN_MAX: usize = 32 * 1024;

/// The most bytes in the names of all mimics' children (docs/limits.md).
pub const NAMES_MAX: usize = 4 * 1024 * 1024;

/// The most children of all mimics of one run.
pub(crate) const ALL_CHILDREN_MAX: usize = 64 * 1024;

/// What [`Mimic::summary`] is recorded as.
pub const SHOWS: &[u8] = b"x-snapd.shows=";

/// The longest name in a tmpfs (`limits.h`, path_resolution(7)).
pub(crate) const NAME_MAX: usize = 255;

/// A directory that is replaced by a tmpfs which shows the same, and can be written to.
#[derive(Clone, Copy, Debug)]
pub struct Mimic<'p> {
    /// The directory.
    pub dir: &'p [u8],
    /// Its mode and owner, which the tmpfs gets.
    pub attributes: Attributes,
    /// It is the host's, who may change it at any time.
    pub is_hosts: bool,
    /// What is in it, by name; without what has to make way.
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

/// A mimic as it is stored.
#[derive(Clone, Copy, Debug)]
pub struct Slot<'a> {
    /// The directory.
    pub dir: &'a [u8],
    /// The entry of the desired profile that needs it; the first in the order of application.
    pub needed_by: u16,
    /// When it is made. Of several at one time the outermost is the first.
    pub time: Time,
    /// What is in the directory.
    pub listed: Listed,
    /// The directory is the host's.
    pub is_hosts: bool,
    /// The tmpfs of the current profile that stays for it.
    pub kept_as: Option<u16>,
    /// Why it is needed.
    pub reason: Reason,
    /// Where its directory was when it was listed, and what was there, as numbers.
    pub(crate) seen_at: (u64, u64),
}

/// What was seen of a mimic's directory.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// Its mode and owner.
    pub attributes: Attributes,
    /// The number of the first thing in it.
    pub first_child: u32,
    /// How many there are.
    pub children: u32,
}

impl<'p> Mimic<'p> {
    /// A number for the names and kinds of its children, which is all that is recorded of them: the
    /// packaged program can do without a line for each.
    #[must_use]
    pub fn summary(&self) -> u64 {
        self.children
            .iter()
            .fold(FNV_START, |hash, child| fnv(fnv(hash, self.name(child)), &[0, child.kind as u8]))
    }

    /// The name of one of its children.
    #[must_use]
    pub fn name(&self, child: &Child) -> &'p [u8] {
        child.name(self.names)
    }
}

impl Child {
    /// This child's name, out of the text that all names are in.
    pub fn name<'p>(&self, names: &'p [u8]) -> &'p [u8] {
        text_at(names, (self.name_start, self.name_len))
    }
}
