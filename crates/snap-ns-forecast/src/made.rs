//! What this run will have created: later steps find it.

use core::cmp::Ordering;

use snap_mount_options::Options;
use snap_path::{is_at_or_below, parents_first, prefixes};
use snap_profile::Item;

use crate::entries::Time;
use crate::fault::{Fault, Limit, Role, What};
use crate::forecast::Forecast;
use crate::node::{Attributes, Ground, Look, NodeKind};
use crate::noted::{Made, text_at};
use crate::route::{Route, Space};
use crate::territory::directory_mode;

impl<'a> Forecast<'a> {
    /// Whether nothing at all will be created, or used again.
    #[must_use]
    pub fn makes_nothing(&self) -> bool {
        self.made.is_empty()
    }

    /// Notes that something of this `kind` will be created where `route` leads, for the entry at
    /// `place`.
    pub(crate) fn note_made(
        &mut self,
        place: u16,
        role: Role,
        kind: NodeKind,
        route: &Route<'_>,
    ) -> Result<(), Fault> {
        let full = |limit| Fault::new(What::Full(limit), role);
        let (text, is_source) = (self.add_path(route).map_err(full)?, role == Role::Source);
        let at = self.made_before(route.space, route.path);
        let made = Made { space: route.space, kind, place, is_source, text };
        self.made.try_insert(at, made).map_err(|_| full(Limit::Steps))
    }

    /// Forgets what would have been created for the entry at `place`. Tells whether there was
    /// anything.
    pub(crate) fn forget_made(&mut self, place: u16) -> bool {
        let before = self.made.len();
        self.made.retain(|made| made.place != place);
        self.made.len() < before
    }

    fn made_path(&self, made: &Made) -> &[u8] {
        if made.text.1 > 0 {
            return text_at(&self.names, made.text);
        }
        match self.desired(made.place) {
            Some(item) if made.is_source => item.entry.source,
            Some(item) => item.entry.mount_point,
            None => &[],
        }
    }

    fn made_before(&self, space: Space, path: &[u8]) -> usize {
        self.made.partition_point(|made| {
            let order = made.space.cmp(&space);
            order.then_with(|| parents_first(self.made_path(made), path)) == Ordering::Less
        })
    }

    /// What will have been created at `path`: a directory, too, when it is only on the way to
    /// something else.
    pub fn made_at(&self, space: Space, path: &[u8]) -> Option<NodeKind> {
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

    /// Mode and owner of the directory that will have been created at `path`.
    pub fn made_attributes(&self, space: Space, path: &[u8]) -> Attributes {
        let made = self.made.get(self.made_before(space, path));
        let own = made.filter(|made| !made.is_source && self.made_path(made) == path);
        let options = own.and_then(|made| self.desired(made.place)).map(Item::options);
        created_with(&options.unwrap_or_default(), path)
    }

    /// Whether an entry that is kept needs what will have been created at `path`.
    pub fn is_made_for_kept(&self, space: Space, path: &[u8]) -> bool {
        let from = self.made.get(self.made_before(space, path)..).unwrap_or_default().iter();
        let mut below = from
            .take_while(|made| made.space == space && is_at_or_below(self.made_path(made), path));
        below.any(|made| self.need(made.place).kept_as.is_some())
    }

    /// The current entry that is kept for the one that creates just `path`, if it is kept.
    pub fn kept_maker(&self, space: Space, path: &[u8]) -> Option<u16> {
        let made = self.made.get(self.made_before(space, path))?;
        let just = made.space == space && self.made_path(made) == path;
        self.need(made.place).kept_as.filter(|_| just)
    }

    /// Tells `each` the names and kinds of what will have been created right in the directory `dir`
    /// before `time`; some more than once.
    pub(crate) fn made_in(
        &self,
        space: Space,
        dir: &[u8],
        time: Time,
        mut each: impl FnMut(&[u8], NodeKind),
    ) {
        for made in self.made.get(self.made_before(space, dir)..).unwrap_or_default() {
            let path = self.made_path(made);
            let Some(rest) = snap_path::below(path, dir).filter(|_| made.space == space) else {
                break;
            };
            let name = rest.split(|&byte| byte == b'/').next().unwrap_or_default();
            if !name.is_empty() && self.time_of(made.place) < time {
                let last = name.len() == rest.len();
                each(name, if last { made.kind } else { NodeKind::Directory });
            }
        }
    }
}

/// Mode and owner that something gets when it is created at `path` for an entry with `options`.
pub fn created_with(options: &Options<'_>, path: &[u8]) -> Attributes {
    Attributes {
        mode: options.mode.unwrap_or_else(|| directory_mode(path)),
        uid: options.uid.unwrap_or(0),
        gid: options.gid.unwrap_or(0),
    }
}
