//! Which directories become writable mimics, when, and for whom.

use snap_mount_options::Origin;
use snap_path::PATH_MAX;
use snap_profile::Shape;

use crate::entries::{Asked, Time};
use crate::fault::{Fault, Limit, Role, What};
use crate::forecast::Forecast;
use crate::mimic::{Child, Slot};
use crate::node::{Look, NodeKind};
use crate::reason::Reason;
use crate::route::{Buffer, Space};
use crate::territory::Territory;
use crate::view::FsView;

/// How much longer a path gets where the executor sets a mimic's directory aside (`/tmp/.snap`).
const ASIDE_LEN: usize = 10;

impl<'a> Forecast<'a> {
    /// Plans a mimic at `dir`, a directory above a path of an entry, to which `fault` happens
    /// otherwise; it does not show `omitted`. Where nobody can look yet none is planned:
    /// creating something there will fail.
    pub(crate) fn plan_mimic(
        &mut self,
        asked: &Asked<'a>,
        dir: &'a [u8],
        fault: Fault,
        omitted: &[u8],
        view: &mut dyn FsView,
    ) -> Result<(), Fault> {
        let role = fault.place.role;
        let mut buffer = Buffer::new_const();
        let mut route = self.route(dir, asked.time, role, &mut buffer)?;
        let there = self.look(&mut route, role, view)?;
        self.may_mimic(asked.place, dir, fault)?;
        if there != Some(Look::Found(NodeKind::Directory)) {
            return Ok(());
        }
        let live = route.space == Space::Live && route.existing == route.path.len();
        let late = asked.item.origin == Origin::Overname || self.lies_in_new_mount(dir, asked.time);
        let time = if late { asked.time.saturating_sub(1) } else { self.early() };
        let listed = if live {
            let listed = self.list_children(route.path, |limit| full(fault, limit), view)?;
            self.without_remains_in(listed.first_child, route.path, view)?;
            listed
        } else {
            self.list_own(&route).map_err(|limit| full(fault, limit))?
        };
        let listed =
            self.list_made(listed, &route, asked.time).map_err(|limit| full(fault, limit))?;
        let seen_at = self.mark_of(&route, asked.time);
        let reason = if fault.what == What::ReadOnly {
            Reason::ReadOnly
        } else if matches!(fault.what, What::Found(_) | What::OldLink(_)) {
            Reason::InTheWay
        } else {
            Reason::WouldShowOnHost
        };
        let mimic = u16::try_from(self.mimics.len()).unwrap_or(u16::MAX);
        let (needed_by, is_hosts) = (asked.place, fault.what == What::WouldShowOnHost);
        let slot = Slot { dir, needed_by, time, listed, is_hosts, kept_as: None, reason, seen_at };
        self.mimics.try_push(slot).map_err(|_| full(fault, Limit::Mimics))?;
        // There is room for each mimic.
        let _ = self.mimics_by_dir.try_insert(self.mimics_before(dir), mimic);
        if !omitted.is_empty() {
            self.omit_child(mimic, omitted);
        }
        Ok(())
    }

    /// Whether the entry at `place` may have a mimic at `dir`.
    ///
    /// # Errors
    ///
    /// Why it may not: `fault`, or what is worse.
    fn may_mimic(&self, place: u16, dir: &[u8], fault: Fault) -> Result<(), Fault> {
        let item = self.desired(place).ok_or(fault)?;
        let layout = item.origin == Origin::Layout;
        let ensures = item.shape == Shape::EnsureDir;
        let source = fault.place.role == Role::Source;
        // A user cannot make any.
        let user = matches!(self.territory(), Territory::User { .. });
        if user || ensures || (source && !layout) {
            // Nothing is said about where it is missing: that is what the caller will see.
            let missing = Fault::new(What::Missing, fault.place.role);
            return Err(if source { missing } else { fault });
        }
        if dir == b"/" {
            return Err(Fault { what: What::MimicOfRoot, ..fault });
        }
        if item.id().contains(&b',') {
            return Err(Fault { what: What::CommaInId, ..fault });
        }
        let aside = dir.len().saturating_add(ASIDE_LEN);
        if item.id().len() >= PATH_MAX || aside >= PATH_MAX {
            return Err(full(fault, Limit::Path));
        }
        Ok(())
    }

    /// Drops the mimics of directories that turned out to be somewhere else than where they were
    /// listed, or to have other things in them, because of other mimics. Tells whether there were
    /// any; they may be needed all the same.
    pub(crate) fn drop_stale_mimics(&mut self) -> bool {
        let mut any = false;
        for at in (0..self.mimics.len()).rev() {
            let Some(slot) = self.mimics.get_mut(at) else { break };
            // It does not hide itself.
            let (dir, time) = (slot.dir, core::mem::replace(&mut slot.time, Time::MAX));
            let (seen_at, needed_by) = (slot.seen_at, slot.needed_by);
            let mut buffer = Buffer::new_const();
            let needed = self.time_of(needed_by);
            let route = self.route(dir, needed, Role::MountPoint, &mut buffer);
            let stale = route.is_ok_and(|route| self.mark_of(&route, needed) != seen_at);
            if let Some(slot) = self.mimics.get_mut(at) {
                slot.time = time;
            }
            if stale {
                self.mimics.remove(at);
                any = true;
            }
        }
        if any {
            self.mimics_by_dir.clear();
            self.mimics_by_dir.extend((0_u16..).take(self.mimics.len()));
            let dir = |at: &u16| self.mimics.get(usize::from(*at)).map_or(&[][..], |slot| slot.dir);
            let order = |a: &u16, b: &u16| snap_path::parents_first(dir(a), dir(b)).then(a.cmp(b));
            snap_path::sort_by(&mut self.mimics_by_dir, order);
        }
        any
    }

    pub(crate) fn mimics_before(&self, dir: &[u8]) -> usize {
        self.mimics_by_dir.partition_point(|&mimic| {
            let slot = self.mimics.get(usize::from(mimic));
            slot.is_some_and(|slot| snap_path::parents_first(slot.dir, dir).is_lt())
        })
    }

    /// The mimics at just `dir`.
    pub fn mimics_at(&self, dir: &[u8]) -> impl Iterator<Item = u16> {
        let from = self.mimics_by_dir.get(self.mimics_before(dir)..).unwrap_or_default();
        from.iter().copied().take_while(move |&mimic| {
            self.mimics.get(usize::from(mimic)).is_some_and(|slot| slot.dir == dir)
        })
    }

    /// When the mimic at this place is made.
    #[must_use]
    pub fn mimic_time(&self, mimic: u16) -> Time {
        self.mimics.get(usize::from(mimic)).map_or(0, |slot| slot.time)
    }

    /// What a mimic shows.
    #[must_use]
    pub(crate) fn children_of(&self, slot: &Slot<'_>) -> &[Child] {
        let first = slot.listed.first_child as usize;
        let end = first.saturating_add(slot.listed.children as usize);
        self.children.get(first..end).unwrap_or_default()
    }

    /// What a mimic's directory has under `name`.
    pub(crate) fn child_kind(&self, slot: &Slot<'_>, name: &[u8]) -> Option<NodeKind> {
        let children = self.children_of(slot);
        let at = children.binary_search_by(|child| child.name(&self.names).cmp(name)).ok()?;
        children.get(at).map(|child| child.kind)
    }

    /// Leaves `name` out of a mimic, where something else is going to be. Tells whether it was there.
    pub(crate) fn omit_child(&mut self, mimic: u16, name: &[u8]) -> bool {
        let Some(slot) = self.mimics.get_mut(usize::from(mimic)) else { return false };
        let first = slot.listed.first_child as usize;
        let end = first.saturating_add(slot.listed.children as usize);
        let children = self.children.get_mut(first..end).unwrap_or_default();
        let names = &self.names[..];
        let Ok(at) = children.binary_search_by(|child| child.name(names).cmp(name)) else {
            return false;
        };
        if let Some(from) = children.get_mut(at..) {
            from.rotate_left(1);
        }
        slot.listed.children = slot.listed.children.saturating_sub(1);
        self.omitted = self.omitted.saturating_add(1);
        true
    }
}

fn full(fault: Fault, limit: Limit) -> Fault {
    Fault { what: What::Full(limit), ..fault }
}
