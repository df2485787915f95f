//! What is in the directory of a mimic: as it is now, and as this run will have made it.

use snap_mount_options::Options;
use snap_path::{PATH_MAX, Text};
use snap_profile::Item;

use crate::entries::Time;
use crate::fault::{Fault, Limit};
use crate::forecast::Forecast;
use crate::mimic::{CHILDREN_MAX, Child, Listed, NAME_MAX};
use crate::node::{Access, Attributes, NodeKind};
use crate::route::{Route, Space, fnv};
use crate::view::FsView;

impl Forecast<'_> {
    /// What is in a directory of a tmpfs of ours, but for what this run will have created there.
    pub(crate) fn list_own(&mut self, route: &Route<'_>) -> Result<Listed, Limit> {
        let first_child = u32::try_from(self.children.len()).unwrap_or(u32::MAX);
        let other = route.mimic_root().and_then(|at| self.mimics.get(usize::from(at)).copied());
        let (mut at, end) = other.map_or((0, 0), |slot| {
            (slot.listed.first_child, slot.listed.first_child.saturating_add(slot.listed.children))
        });
        while at < end {
            let child = self.children.get(at as usize).copied();
            if let Some(child) = child {
                self.children.try_push(child).map_err(|_| Limit::AllChildren)?;
            }
            at = at.saturating_add(1);
        }
        // What will have been made is still to be added, and all is counted then.
        Ok(Listed { attributes: self.own_attributes(route), first_child, children: 0 })
    }

    /// Mode and owner of a directory of a tmpfs of ours.
    fn own_attributes(&self, route: &Route<'_>) -> Attributes {
        if let Some(slot) = route.mimic_root().and_then(|at| self.mimics.get(usize::from(at))) {
            return slot.listed.attributes;
        }
        let Space::Tmpfs(place) = route.space else {
            return self.made_attributes(route.space, route.path);
        };
        match self.desired(place).filter(|_| route.path.len() == route.root) {
            Some(item) => tmpfs_attributes(item),
            None => self.made_attributes(route.space, route.path),
        }
    }

    /// Takes out of what was just listed what the teardown will remove.
    pub(crate) fn without_remains_in(
        &mut self,
        first: u32,
        dir: &[u8],
        view: &mut dyn FsView,
    ) -> Result<(), Fault> {
        let mut at = first as usize;
        if !self.has_any_remains() || view.ground(dir)?.access == Access::ReadOnly {
            return Ok(());
        }
        while let Some(&child) = self.children.get(at) {
            let mut path = Text::<PATH_MAX>::new();
            let name = child.name(&self.names);
            let whole =
                path.push(dir).and_then(|()| path.push(b"/")).and_then(|()| path.push(name));
            let path = path.as_bytes();
            if whole.is_some()
                && self.made_at(Space::Live, path) != Some(child.kind)
                && self.is_remains((path, child.kind), &[], view)?
            {
                self.children.remove(at);
            } else {
                at = at.saturating_add(1);
            }
        }
        Ok(())
    }

    /// A number for the place where a route leads; and one for that, how it is seen, and what this
    /// run will have put there.
    pub(crate) fn mark_of(&self, route: &Route<'_>, time: Time) -> (u64, u64) {
        let place = route.fingerprint();
        let mut mark = fnv(place, &[u8::from(route.read_only)]);
        let mut add = |name: &[u8], kind: NodeKind| {
            mark = fnv(mark, name);
            mark = fnv(mark, &[0, kind as u8]);
        };
        if let Some(slot) = route.mimic_root().and_then(|at| self.mimics.get(usize::from(at))) {
            self.children_of(slot)
                .iter()
                .for_each(|child| add(child.name(&self.names), child.kind));
        }
        self.made_in(route.space, route.path, time, add);
        (place, mark)
    }

    /// Adds to what was just listed what this run will have created in the directory before.
    pub(crate) fn list_made(
        &mut self,
        listed: Listed,
        route: &Route<'_>,
        time: Time,
    ) -> Result<Listed, Limit> {
        let first = listed.first_child as usize;
        loop {
            // One at a time: the names of the others are in the text that this one is added to.
            let (mut next, mut name) = (None, [0; NAME_MAX]);
            self.made_in(route.space, route.path, time, |found, kind| {
                let known = self.children.get(first..).unwrap_or_default();
                if next.is_none()
                    && !known.iter().any(|child| child.name(&self.names) == found)
                    && let Some(room) = name.get_mut(..found.len())
                {
                    room.copy_from_slice(found);
                    next = Some((found.len(), kind));
                }
            });
            let Some((len, kind)) = next else { break };
            self.add_child(name.get(..len).unwrap_or_default(), kind)?;
        }
        self.sort_children(first);
        let children = self.children.len().saturating_sub(first);
        Ok(Listed { children: u32::try_from(children).unwrap_or(u32::MAX), ..listed })
    }

    fn add_child(&mut self, name: &[u8], kind: NodeKind) -> Result<(), Limit> {
        let name_start = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let name_len = u16::try_from(name.len()).unwrap_or(u16::MAX);
        self.names.try_extend_from_slice(name).map_err(|_| Limit::Names)?;
        let child = Child { name_start, name_len, kind };
        self.children.try_push(child).map_err(|_| Limit::AllChildren)
    }

    /// Looks at what is in the directory `live`.
    ///
    /// # Errors
    ///
    /// The directory could not be looked at, or what is in it runs into a limit.
    pub fn list_children(
        &mut self,
        live: &[u8],
        full: impl Fn(Limit) -> Fault,
        view: &mut dyn FsView,
    ) -> Result<Listed, Fault> {
        let attributes = view.attributes(live)?;
        let (first_child, first_name) = (self.children.len(), self.names.len());
        let mut count = 0_usize;
        let listed = view.list(live, &mut |name, kind| {
            count = count.saturating_add(1);
            self.add_child(name, kind).map_err(&full)?;
            let path_len = live.len().saturating_add(name.len()).saturating_add(1);
            if count > CHILDREN_MAX {
                return Err(full(Limit::Children));
            }
            if path_len >= PATH_MAX { Err(full(Limit::Path)) } else { Ok(()) }
        });
        if let Err(fault) = listed {
            // It is listed again in each round.
            self.children.truncate(first_child);
            self.names.truncate(first_name);
            return Err(fault);
        }
        self.sort_children(first_child);
        Ok(Listed {
            attributes,
            first_child: u32::try_from(first_child).unwrap_or(u32::MAX),
            children: u32::try_from(count).unwrap_or(u32::MAX),
        })
    }

    /// The same order whatever the file system says first.
    fn sort_children(&mut self, first: usize) {
        let all_names = &self.names[..];
        if let Some(new) = self.children.get_mut(first..) {
            new.sort_unstable_by(|a, b| a.name(all_names).cmp(b.name(all_names)));
        }
    }
}

/// Mode and owner of the root of the tmpfs of an entry: what tmpfs(5) says, unless the entry does.
fn tmpfs_attributes(item: &Item<'_>) -> Attributes {
    let options = item.options();
    let number = |name: &[u8], radix| {
        let text =
            Options::data(item.entry.options).filter_map(|data| data.strip_prefix(name)).last();
        text.and_then(|text| core::str::from_utf8(text).ok())
            .and_then(|text| u32::from_str_radix(text, radix).ok())
    };
    let mode = number(b"mode=", 8).and_then(|mode| u16::try_from(mode & 0o7777).ok());
    Attributes {
        mode: options.mode.or(mode).unwrap_or(0o1777),
        uid: options.uid.or(number(b"uid=", 10)).unwrap_or(0),
        gid: options.gid.or(number(b"gid=", 10)).unwrap_or(0),
    }
}
