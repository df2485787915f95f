//! What is noted of places, with paths that stand in the text of all names.

use snap_profile::Item;

use crate::node::NodeKind;
use crate::route::Space;

/// Where something stands in the text of all names, and how long it is.
pub(crate) type Span = (u32, u16);

/// What stands there.
pub(crate) fn text_at(names: &[u8], (start, len): Span) -> &[u8] {
    let start = start as usize;
    names.get(start..start.saturating_add(usize::from(len))).unwrap_or_default()
}

/// Something that will have been created, with the directories above it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    pub(crate) space: Space,
    pub(crate) kind: NodeKind,
    /// The desired entry that it is created for.
    pub(crate) place: u16,
    /// Whether it is that entry's source, and not its mount point.
    pub(crate) is_source: bool,
    /// Its path; of no length when it is the entry's own.
    pub(crate) text: Span,
}

/// A mount point or symbolic link of the current profile, by the place where it really is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Remains {
    /// The entry's place.
    pub(crate) place: u16,
    /// The path; of no length when it is the entry's own mount point.
    pub(crate) text: Span,
}

impl Remains {
    pub(crate) fn path<'p>(&self, items: &[Item<'p>], names: &'p [u8]) -> &'p [u8] {
        if self.text.1 > 0 {
            return text_at(names, self.text);
        }
        items.get(usize::from(self.place)).map_or(&[], |item| item.entry.mount_point)
    }
}

/// Where the text of an old link stands: first its path (empty: it is not to be replaced),
/// then its options.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotedLink {
    pub(crate) text: usize,
    pub(crate) options: usize,
    pub(crate) end: usize,
}
