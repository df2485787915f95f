//! What this run will have created: later steps find it.

use core::cmp::Ordering;

use snap_path::{is_at_or_below, parents_first, prefixes};

use crate::fault::{Limit, Role};
use crate::forecast::{Route, Space};
use crate::plan::Plan;
use crate::view::{Ground, Look, NodeKind};

/// Something that will have been created, with the directories above it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    space: Space,
    kind: NodeKind,
    path: PathOf,
}

/// Where the path of something that is created stands.
#[derive(Clone, Copy, Debug)]
enum PathOf {
    MountPoint(u16),
    Source(u16),
    /// In the text of all names: where, and how long.
    Text(u32, u16),
}

impl<'a> Plan<'a> {
    /// Notes that something of this `kind` will be created where `route` leads, for the entry at
    /// `place`.
    pub(crate) fn note_made(
        &mut self,
        place: u16,
        role: Role,
        kind: NodeKind,
        route: &Route<'_>,
    ) -> Result<(), Limit> {
        let path = if route.replaced == (0, 0) {
            if role == Role::Source { PathOf::Source(place) } else { PathOf::MountPoint(place) }
        } else {
            let start = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
            self.names.try_extend_from_slice(route.path).map_err(|_| Limit::Names)?;
            PathOf::Text(start, u16::try_from(route.path.len()).unwrap_or(u16::MAX))
        };
        let at = self.made_before(route.space, route.path);
        self.made.try_insert(at, Made { space: route.space, kind, path }).map_err(|_| Limit::Steps)
    }

    fn made_path(&self, made: &Made) -> &[u8] {
        match made.path {
            PathOf::MountPoint(place) => self.desired(place).map(|item| item.entry.mount_point),
            PathOf::Source(place) => self.desired(place).map(|item| item.entry.source),
            PathOf::Text(start, len) => {
                let start = start as usize;
                self.names.get(start..start.saturating_add(usize::from(len)))
            }
        }
        .unwrap_or_default()
    }

    fn made_before(&self, space: Space, path: &[u8]) -> usize {
        self.made.partition_point(|made| {
            let order = made.space.cmp(&space);
            order.then_with(|| parents_first(self.made_path(made), path)) == Ordering::Less
        })
    }

    /// What will have been created at `path`: a directory, too, when it is only on the way to
    /// something else.
    fn made_at(&self, space: Space, path: &[u8]) -> Option<NodeKind> {
        let made = self.made.get(self.made_before(space, path))?;
        let there = self.made_path(made);
        if made.space != space || !is_at_or_below(there, path) {
            return None;
        }
        Some(if there == path { made.kind } else { NodeKind::Directory })
    }

    /// Corrects what is at the end of a route, when nothing is there now below `deepest`.
    pub(crate) fn with_made(&self, route: &Route<'_>, deepest: usize, ground: Ground) -> Look {
        let mut parent = deepest;
        let longer = prefixes(route.path).filter(|prefix| prefix.len() > deepest);
        for prefix in longer.take_while(|_| !self.made.is_empty()) {
            match self.made_at(route.space, prefix) {
                None => break,
                Some(kind) if prefix.len() == route.path.len() => return Look::Found(kind),
                Some(NodeKind::Directory) => parent = prefix.len(),
                Some(kind) => return Look::Blocked { at: prefix.len(), kind },
            }
        }
        Look::Missing { parent, ground }
    }

    /// Whether this run will have created anything below the directory `dir` of today's tree.
    pub(crate) fn has_made_below(&self, dir: &[u8]) -> bool {
        let made = self.made.get(self.made_before(Space::Live, dir));
        made.is_some_and(|made| {
            made.space == Space::Live && is_at_or_below(self.made_path(made), dir)
        })
    }
}
