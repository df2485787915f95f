//! Writable mimics: which directories, for whom, and what is in them.

use snap_mount_options::{Options, Origin};
use snap_path::{PATH_MAX, Text, file_name, parent};
use snap_profile::{ENTRIES_MAX, Item, Shape};

use crate::changes::{Fate, Time};
use crate::fault::{Fault, Limit, Role, What};
use crate::plan::Plan;
use crate::reason::Reason;
use crate::route::{Route, Space};
use crate::survey::Asked;
use crate::territory::Territory;
use crate::view::{Access, Attributes, FsView, Look, NodeKind};

/// The most mimics of one run (docs/limits.md).
pub const MIMICS_MAX: usize = 4096;

/// The most children of one mimic, whatever their kind (docs/limits.md).
pub const CHILDREN_MAX: usize = 8192;

/// The most bytes in the names of all mimics' children (docs/limits.md).
pub const NAMES_MAX: usize = 4 * 1024 * 1024;

/// The most children of all mimics of one run: each may become an entry.
pub(crate) const ALL_CHILDREN_MAX: usize = 2 * ENTRIES_MAX;

/// The longest name in a tmpfs (`limits.h`, path_resolution(7)).
pub(crate) const NAME_MAX: usize = 255;

/// How much longer a path gets where the executor sets a mimic's directory aside (`/tmp/.snap`).
const ASIDE_LEN: usize = 10;

/// A directory that is replaced by a tmpfs which shows the same, and can be written to.
#[derive(Clone, Copy, Debug)]
pub struct Mimic<'p> {
    /// The directory.
    pub dir: &'p [u8],
    /// Its mode and owner, which the tmpfs gets.
    pub attributes: Attributes,
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
    /// The entry of the desired profile that needs it; the first in the order of application.
    pub(crate) needed_by: u16,
    /// When it is made. Of several at one time the outermost is the first.
    pub(crate) time: Time,
    pub(crate) listed: Listed,
    pub(crate) state: MimicState,
    /// The tmpfs of the current profile that stays for it.
    pub(crate) kept_as: Option<u16>,
    pub(crate) reason: Reason,
    /// Where its directory was when it was listed.
    pub(crate) seen_at: u64,
}

/// What was seen of a mimic's directory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed {
    pub(crate) attributes: Attributes,
    pub(crate) first_child: u32,
    pub(crate) children: u32,
    /// How many behind those have to make way.
    pub(crate) omitted: u32,
}

impl<'a> Plan<'a> {
    /// Plans a mimic at `dir`, a directory above a path of an entry, to which `fault` happens
    /// otherwise; it does not show `omitted`. Where nobody can look yet none is planned: the
    /// executor will meet the obstacle.
    pub(crate) fn plan_mimic(
        &mut self,
        asked: &Asked<'a>,
        dir: &'a [u8],
        fault: Fault,
        omitted: &[u8],
        view: &mut dyn FsView,
    ) -> Result<(), Fault> {
        let role = fault.place.role;
        let mut buffer = [0; PATH_MAX];
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
            self.without_remains_in(listed, route.path, view)?
        } else {
            self.list_own(&route).map_err(|limit| full(fault, limit))?
        };
        let listed =
            self.list_made(listed, &route, asked.time).map_err(|limit| full(fault, limit))?;
        let seen_at = self.mark_of(&route, asked.time);
        let mimic = self.add_mimic((asked.place, time), (dir, listed, seen_at), fault)?;
        if !omitted.is_empty() {
            self.omit_child(mimic, omitted);
        }
        Ok(())
    }

    /// Whether the entry at `place` may have a mimic at `dir`.
    pub(crate) fn may_mimic(&self, place: u16, dir: &[u8], fault: Fault) -> Result<(), Fault> {
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

    /// Adds a mimic at `dir` for an entry and a time. Returns its place.
    pub(crate) fn add_mimic(
        &mut self,
        (needed_by, time): (u16, Time),
        (dir, listed, seen_at): (&'a [u8], Listed, u64),
        fault: Fault,
    ) -> Result<u16, Fault> {
        let reason = if fault.what == What::ReadOnly {
            Reason::ReadOnly
        } else if matches!(fault.what, What::Found(_)) {
            Reason::InTheWay
        } else {
            Reason::WouldShowOnHost
        };
        let mimic = u16::try_from(self.mimics.len()).unwrap_or(u16::MAX);
        let state = MimicState::Planned;
        let kept_as = None;
        let slot = Slot { dir, needed_by, time, listed, state, kept_as, reason, seen_at };
        self.mimics.try_push(slot).map_err(|_| full(fault, Limit::Mimics))?;
        let start = self.mimics_before(dir);
        self.mimics_by_dir.try_insert(start, mimic).map_err(|_| full(fault, Limit::Mimics))?;
        Ok(mimic)
    }

    /// What is in a directory of a tmpfs of ours, but for what this run will have created there.
    fn list_own(&mut self, route: &Route<'_>) -> Result<Listed, Limit> {
        let mut listed = Listed {
            attributes: self.own_attributes(route),
            first_child: u32::try_from(self.children.len()).unwrap_or(u32::MAX),
            children: 0,
            omitted: 0,
        };
        let other = route.mimic_root().and_then(|at| self.mimics.get(usize::from(at)).copied());
        let (mut at, end) = other.map_or((0, 0), |slot| {
            (slot.listed.first_child, slot.listed.first_child.saturating_add(slot.listed.children))
        });
        while at < end {
            let child = self.children.get(at as usize).copied();
            if let Some(child) = child.filter(|child| child.kind != NodeKind::Special) {
                self.children.try_push(child).map_err(|_| Limit::AllChildren)?;
                listed.children = listed.children.saturating_add(1);
            }
            at = at.saturating_add(1);
        }
        Ok(listed)
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
    fn without_remains_in(
        &mut self,
        listed: Listed,
        dir: &[u8],
        view: &mut dyn FsView,
    ) -> Result<Listed, Fault> {
        let first = listed.first_child as usize;
        let mut at = first;
        if !self.has_any_remains() || view.ground(dir)?.access == Access::ReadOnly {
            return Ok(listed);
        }
        while let Some(&child) = self.children.get(at) {
            let mut path = Text::<PATH_MAX>::new();
            let name = child.name(&self.names);
            let whole =
                path.push(dir).and_then(|()| path.push(b"/")).and_then(|()| path.push(name));
            let path = path.as_bytes();
            if whole.is_some()
                && self.made_at(Space::Live, path).is_none()
                && self.is_remains((path, child.kind), &[], view)?
            {
                self.children.remove(at);
            } else {
                at = at.saturating_add(1);
            }
        }
        let children = u32::try_from(self.children.len().saturating_sub(first));
        Ok(Listed { children: children.unwrap_or(u32::MAX), ..listed })
    }

    /// A number for the place where a route leads, and for what this run will have put there.
    fn mark_of(&self, route: &Route<'_>, time: Time) -> u64 {
        let mut mark = route.fingerprint();
        let mut add = |name: &[u8], kind: NodeKind| {
            mark = crate::route::fnv(mark, name);
            mark = crate::route::fnv(mark, &[0, kind as u8]);
        };
        if let Some(slot) = route.mimic_root().and_then(|at| self.mimics.get(usize::from(at))) {
            self.children_of(slot)
                .iter()
                .for_each(|child| add(child.name(&self.names), child.kind));
        }
        self.made_in(route.space, route.path, time, add);
        mark
    }

    /// Drops the mimics of directories that turned out to be somewhere else than where they were
    /// listed, or to have other things in them, because of other mimics. Tells whether there were any; they may be needed all the
    /// same.
    pub(crate) fn drop_stale_mimics(&mut self) -> bool {
        let mut any = false;
        for at in (0..self.mimics.len()).rev() {
            let Some(slot) = self.mimics.get_mut(at) else { break };
            // It does not hide itself.
            let (dir, time) = (slot.dir, core::mem::replace(&mut slot.time, Time::MAX));
            let (seen_at, needed_by) = (slot.seen_at, slot.needed_by);
            let mut buffer = [0; PATH_MAX];
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
            self.mimics_by_dir
                .sort_unstable_by(|a, b| snap_path::parents_first(dir(a), dir(b)).then(a.cmp(b)));
        }
        any
    }

    /// Adds to what was just listed what this run will have created in the directory before.
    fn list_made(
        &mut self,
        listed: Listed,
        route: &Route<'_>,
        time: Time,
    ) -> Result<Listed, Limit> {
        let first = listed.first_child as usize;
        let mut last = 0_usize;
        loop {
            // One at a time: the names of the others are in the text that this one is added to.
            let (mut at, mut next) = (0_usize, None);
            let mut name = [0; NAME_MAX];
            self.made_in(route.space, route.path, time, |found, kind| {
                at = at.saturating_add(1);
                let known = self.children.get(first..).unwrap_or_default();
                let known = known.iter().any(|child| child.name(&self.names) == found);
                if at > last
                    && next.is_none()
                    && !known
                    && let Some(room) = name.get_mut(..found.len())
                {
                    room.copy_from_slice(found);
                    next = Some((at, found.len(), kind));
                }
            });
            let Some((place, len, kind)) = next else { break };
            last = place;
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
    pub(crate) fn list_children(
        &mut self,
        live: &[u8],
        full: impl Fn(Limit) -> Fault,
        view: &mut dyn FsView,
    ) -> Result<Listed, Fault> {
        let attributes = view.attributes(live)?;
        let first_child = self.children.len();
        let mut count = 0_usize;
        view.list(live, &mut |name, kind| {
            count = count.saturating_add(1);
            self.add_child(name, kind).map_err(&full)?;
            let path_len = live.len().saturating_add(name.len()).saturating_add(1);
            if count > CHILDREN_MAX {
                return Err(full(Limit::Children));
            }
            if path_len >= PATH_MAX { Err(full(Limit::Path)) } else { Ok(()) }
        })?;
        self.sort_children(first_child);
        Ok(Listed {
            attributes,
            first_child: u32::try_from(first_child).unwrap_or(u32::MAX),
            children: u32::try_from(count).unwrap_or(u32::MAX),
            omitted: 0,
        })
    }

    /// The same order whatever the file system says first.
    fn sort_children(&mut self, first: usize) {
        let all_names = &self.names[..];
        if let Some(new) = self.children.get_mut(first..) {
            new.sort_unstable_by(|a, b| a.name(all_names).cmp(b.name(all_names)));
        }
    }

    fn mimics_before(&self, dir: &[u8]) -> usize {
        self.mimics_by_dir.partition_point(|&mimic| {
            let slot = self.mimics.get(usize::from(mimic));
            slot.is_some_and(|slot| snap_path::parents_first(slot.dir, dir).is_lt())
        })
    }

    /// The mimics at just `dir`.
    pub(crate) fn mimics_at(&self, dir: &[u8]) -> impl Iterator<Item = u16> {
        let from = self.mimics_by_dir.get(self.mimics_before(dir)..).unwrap_or_default();
        from.iter().copied().take_while(move |&mimic| {
            self.mimics.get(usize::from(mimic)).is_some_and(|slot| slot.dir == dir)
        })
    }

    pub(crate) fn mimic_time(&self, mimic: u16) -> Time {
        self.mimics.get(usize::from(mimic)).map_or(0, |slot| slot.time)
    }

    fn children_of(&self, slot: &Slot<'_>) -> &[Child] {
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
        slot.listed.omitted = slot.listed.omitted.saturating_add(1);
        self.omitted = self.omitted.saturating_add(1);
        true
    }

    /// Pairs the mimics that stand with those that a fresh namespace would have.
    pub(crate) fn pair_mimics(&mut self) {
        for slot in &mut self.mimics {
            (slot.kept_as, slot.state) = (None, MimicState::Planned);
        }
        for place in (0_u16..).take(self.all_current().len()) {
            let Some(item) = self.current(place) else { break };
            let mounted = self.past.get(usize::from(place)).is_some_and(|past| past.mounted);
            if !item.is_synthetic() || !item.is_tmpfs() || !mounted {
                continue;
            }
            let dir = item.entry.mount_point;
            let wanted = self.mimics_at(dir).find(|&at| {
                self.mimics.get(usize::from(at)).is_some_and(|slot| slot.kept_as.is_none())
            });
            let Some(mimic) = wanted else { continue };
            let same = self.covers_alike(mimic, place) && self.keep_children(mimic, place);
            if let Some(past) = self.past.get_mut(usize::from(place)) {
                past.kept_for = mimic;
                past.fate = if same { Fate::Kept } else { Fate::Going };
                past.reason = Reason::Changed;
            }
            if let Some(slot) = self.mimics.get_mut(usize::from(mimic)) {
                slot.kept_as = same.then_some(place);
                slot.reason = if same { slot.reason } else { Reason::Changed };
            }
        }
    }

    /// Whether the tmpfs that stands has the mode and owner that it would get now.
    fn covers_alike(&self, mimic: u16, place: u16) -> bool {
        let (Some(mimic), Some(item)) = (self.mimic(mimic), self.current(place)) else {
            return false;
        };
        let id = item.synthetic_for().unwrap_or_default();
        crate::saved::tmpfs_options(&mimic, id)
            .is_some_and(|options| options.as_bytes() == item.entry.options)
    }

    /// Keeps the children of the mimic that stands with the tmpfs at `place`, if they are just those
    /// that it would get now.
    fn keep_children(&mut self, mimic: u16, place: u16) -> bool {
        let Some(slot) = self.mimics.get(usize::from(mimic)).copied() else { return false };
        let kinds = self.children_of(&slot).iter().map(|child| child.kind);
        let wanted = kinds.filter(|kind| kind.is_listed()).count();
        let below = self.current_by_path.subtree(self.all_current(), slot.dir);
        let mut found = 0_usize;
        for at in below.clone() {
            let Some(part) =
                self.current_by_path.nth(at).and_then(|at| self.part(&slot, place, at))
            else {
                continue;
            };
            if !part {
                return false;
            }
            found = found.saturating_add(1);
        }
        if found != wanted || self.shows_other_links(&slot, below.clone()) {
            return false;
        }
        for at in below {
            let Some(at) = self.current_by_path.nth(at) else { break };
            if self.part(&slot, place, at).is_some()
                && let Some(past) = self.past.get_mut(usize::from(at))
            {
                (past.fate, past.kept_for) = (Fate::Kept, mimic);
            }
        }
        true
    }

    /// Whether the mimic that stands shows other symbolic links than it would now: they are not
    /// recorded, but what was put in the place of one is.
    fn shows_other_links(&self, slot: &Slot<'_>, below: core::ops::Range<usize>) -> bool {
        let put_there = |name: &[u8]| {
            below.clone().filter_map(|at| self.current_by_path.nth(at)).any(|at| {
                self.current(at).is_some_and(|item| {
                    let path = item.entry.mount_point;
                    !item.is_synthetic()
                        && parent(path) == Some(slot.dir)
                        && file_name(path) == name
                })
            })
        };
        let links = |child: &&Child| child.kind == NodeKind::Symlink;
        let shown = self.children_of(slot).iter().filter(links);
        let start = slot.listed.first_child.saturating_add(slot.listed.children) as usize;
        let omitted = start..start.saturating_add(slot.listed.omitted as usize);
        let omitted = self.children.get(omitted).unwrap_or_default().iter().filter(links);
        shown.map(|child| child.name(&self.names)).any(put_there)
            || omitted.map(|child| child.name(&self.names)).any(|name| !put_there(name))
    }

    /// Whether the current entry at `at` is a child of the mimic of the tmpfs at `cover`, and if so
    /// whether it stands and the mimic still has it.
    fn part(&self, slot: &Slot<'_>, cover: u16, at: u16) -> Option<bool> {
        let item = self.current(at).filter(|item| item.is_synthetic() && !item.is_tmpfs())?;
        let path = item.entry.mount_point;
        if at < cover || parent(path) != Some(slot.dir) {
            return None;
        }
        let kind = self.child_kind(slot, file_name(path));
        let mounted = self.past.get(usize::from(at)).is_some_and(|past| past.mounted);
        let alike = matches!(
            (kind, item.shape),
            (Some(NodeKind::Directory), Shape::Directory) | (Some(NodeKind::File), Shape::File)
        );
        Some(mounted && alike)
    }

    /// Whether a mimic that stays is needed by another entry than is recorded.
    pub(crate) fn records_other_needer(&self) -> bool {
        self.mimics.iter().any(|slot| {
            let id = self.desired(slot.needed_by).map(Item::id);
            let kept = slot.kept_as.and_then(|place| self.current(place));
            kept.is_some_and(|item| item.synthetic_for() != id)
        })
    }

    /// Puts the mimics in the order in which they are made, and marks those that stand.
    pub(crate) fn order_mimics(&mut self) {
        for slot in self.mimics.iter_mut().filter(|slot| slot.kept_as.is_some()) {
            slot.state = MimicState::Made;
        }
        let mimics = &self.mimics;
        let key = |at: &u16| mimics.get(usize::from(*at)).map(|slot| (slot.time, slot.dir));
        self.mimics_by_time.extend((0_u16..).take(mimics.len()));
        self.mimics_by_time.sort_unstable_by(|a, b| match (key(a), key(b)) {
            (Some((a, dir)), Some((b, other))) => {
                a.cmp(&b).then_with(|| snap_path::parents_first(dir, other))
            }
            (_, _) => a.cmp(b),
        });
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

fn full(fault: Fault, limit: Limit) -> Fault {
    Fault { what: What::Full(limit), ..fault }
}

impl<'p> Mimic<'p> {
    /// The name of one of its children.
    #[must_use]
    pub fn name(&self, child: &Child) -> &'p [u8] {
        child.name(self.names)
    }
}

impl NodeKind {
    /// Whether a child of this kind is a mount of its own in a mimic.
    pub(crate) fn is_listed(self) -> bool {
        match self {
            Self::Directory | Self::File => true,
            Self::Symlink | Self::Special => false,
        }
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
