//! Two profiles, and what a fresh namespace of the desired one would be: one value with all storage.

use arrayvec::ArrayVec;
use snap_mount_options::Origin;
use snap_profile::{ENTRIES_MAX, Index, Item, Key, Profile};

use crate::entries::{Fate, Need, Past, Time};
use crate::fault::{Fault, Limit};
use crate::mimic::{ALL_CHILDREN_MAX, Child, Listed, MIMICS_MAX, Mimic, NAMES_MAX, Slot};
use crate::noted::{Made, Remains, Span};
use crate::reason::Reason;
use crate::route::Route;
use crate::territory::Territory;

/// Two profiles, and what is known of a fresh namespace of the desired one: what each entry needs,
/// what will have been created, and which mimics there are. All storage is in here; it is large, and
/// meant to be a part of a static.
#[derive(Debug)]
pub struct Forecast<'a> {
    /// None before there is a plan, so that an empty plan is all zeros and takes no room in a file.
    inputs: Option<Inputs<'a>>,
    /// The entries of the current profile, by mount point.
    pub current_by_path: Index<'a>,
    /// The same, by source.
    pub current_by_source: Index<'a>,
    /// The entries of the desired profile, by mount point.
    pub desired_by_path: Index<'a>,
    /// What is known of each entry of the current profile.
    pub past: ArrayVec<Past, ENTRIES_MAX>,
    /// What each entry of the desired profile needs.
    pub needs: ArrayVec<Need, ENTRIES_MAX>,
    /// The entries of the desired profile in the order of application.
    pub order: ArrayVec<u16, ENTRIES_MAX>,
    /// The mount point of the root file system that snap-confine set up, if that is a recorded tmpfs.
    pub(crate) rootfs: Option<&'a [u8]>,
    /// Whether the current profile records anything else.
    pub(crate) records: bool,
    /// How many entries of `order`, the first ones, are overnames.
    pub(crate) overnames: Time,
    /// What will have been created, ordered by place.
    pub(crate) made: ArrayVec<Made, { 2 * ENTRIES_MAX }>,
    /// What is wrong with entries of the desired profile.
    pub faults: ArrayVec<(u16, Fault), ENTRIES_MAX>,
    /// What the current profile left where the snap may write, ordered by path.
    pub(crate) remains: ArrayVec<Remains, ENTRIES_MAX>,
    /// Where, in `names`, the names of children begin.
    pub(crate) first_name: usize,
    /// The mimics that a fresh namespace would have.
    pub mimics: ArrayVec<Slot<'a>, MIMICS_MAX>,
    /// The places of `mimics`, ordered by directory.
    pub(crate) mimics_by_dir: ArrayVec<u16, MIMICS_MAX>,
    /// Whether what is wrong with the entry that is looked at is the doing of this very plan.
    pub(crate) own_doing: bool,
    /// How many things were left out of mimics because something else is to be in their place.
    pub(crate) omitted: u32,
    /// What is in the directories of all mimics.
    pub children: ArrayVec<Child, ALL_CHILDREN_MAX>,
    /// Names and paths that are in neither profile.
    pub names: ArrayVec<u8, NAMES_MAX>,
}

/// What a plan is made from.
#[derive(Clone, Copy, Debug)]
struct Inputs<'a> {
    current: &'a [Item<'a>],
    desired: &'a [Item<'a>],
    territory: Territory<'a>,
}

impl<'a> Forecast<'a> {
    /// Nothing yet.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "it is only ever a static or a buffer")]
    pub const fn new() -> Self {
        Self {
            inputs: None,
            current_by_path: Index::new(),
            current_by_source: Index::new(),
            desired_by_path: Index::new(),
            past: ArrayVec::new_const(),
            needs: ArrayVec::new_const(),
            order: ArrayVec::new_const(),
            rootfs: None,
            records: false,
            overnames: 0,
            made: ArrayVec::new_const(),
            faults: ArrayVec::new_const(),
            remains: ArrayVec::new_const(),
            first_name: 0,
            mimics: ArrayVec::new_const(),
            mimics_by_dir: ArrayVec::new_const(),
            own_doing: false,
            omitted: 0,
            children: ArrayVec::new_const(),
            names: ArrayVec::new_const(),
        }
    }

    /// Forgets everything, and takes two other profiles.
    pub fn start(
        &mut self,
        current: &'a Profile<'a>,
        desired: &'a Profile<'a>,
        territory: Territory<'a>,
    ) {
        if self.is_used() {
            self.past.clear();
            self.needs.clear();
            self.order.clear();
            self.made.clear();
            self.faults.clear();
            self.first_name = 0;
            self.forget_mimics();
        }
        self.inputs = Some(Inputs { current, desired, territory });
        let rootfs = |item: &&Item<'_>| item.origin == Origin::Rootfs;
        let tmpfs = current.iter().filter(rootfs).find(|item| item.is_tmpfs());
        self.rootfs = tmpfs.map(|item| item.entry.mount_point);
        self.records = !current.iter().all(|item| rootfs(&item));
        let unseen = Past {
            fate: Fate::Going,
            mounted: true,
            ground_goes: false,
            lingers: false,
            kept_for: 0,
            reason: Reason::Gone,
        };
        self.past.extend(current.iter().map(|_| unseen));
        self.needs.extend(desired.iter().map(|_| Need::default()));
        self.desired_by_path.fill(Key::MountPoint, desired);
    }

    /// Whether there were ever profiles. (What was never used is empty; telling it so would touch a
    /// page of each list.)
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.inputs.is_some()
    }

    /// Orders what only matters when something changes.
    pub fn find_rest(&mut self) {
        let current = self.all_current();
        self.current_by_path.fill(Key::MountPoint, current);
        // Nobody asks by source when everything goes.
        let asked = if self.needs.is_empty() { &[] } else { current };
        self.current_by_source.fill(Key::Source, asked);
        self.find_order();
    }

    /// Forgets all mimics, and what would be in them.
    pub fn forget_mimics(&mut self) {
        self.mimics.clear();
        self.mimics_by_dir.clear();
        self.children.clear();
        self.names.truncate(self.first_name);
    }

    /// Adds the path of a route to the text of all names; nothing when it is the asked one, which is
    /// an entry's own.
    pub(crate) fn add_path(&mut self, route: &Route<'_>) -> Result<Span, Limit> {
        if route.replaced == (0, 0) {
            return Ok((0, 0));
        }
        let start = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.try_extend_from_slice(route.path).map_err(|_| Limit::Names)?;
        Ok((start, u16::try_from(route.path.len()).unwrap_or(u16::MAX)))
    }

    /// All entries of the current profile.
    pub fn all_current(&self) -> &'a [Item<'a>] {
        self.inputs.map_or(&[], |inputs| inputs.current)
    }

    /// All entries of the desired profile.
    pub fn all_desired(&self) -> &'a [Item<'a>] {
        self.inputs.map_or(&[], |inputs| inputs.desired)
    }

    /// Where something may be created; nowhere without a plan.
    pub fn territory(&self) -> Territory<'a> {
        self.inputs.map_or(Territory::User { home: None }, |inputs| inputs.territory)
    }

    /// The entry of the current profile at `place`.
    #[must_use]
    pub fn current(&self, place: u16) -> Option<&'a Item<'a>> {
        self.all_current().get(usize::from(place))
    }

    /// The entry of the desired profile at `place`.
    #[must_use]
    pub fn desired(&self, place: u16) -> Option<&'a Item<'a>> {
        self.all_desired().get(usize::from(place))
    }

    /// The mimic at `place`.
    #[must_use]
    pub fn mimic(&self, place: u16) -> Option<Mimic<'_>> {
        let slot = self.mimics.get(usize::from(place))?;
        let Listed { attributes, first_child, .. } = slot.listed;
        let (dir, is_hosts, children) = (slot.dir, slot.is_hosts, self.children_of(slot));
        Some(Mimic { dir, attributes, is_hosts, children, first_child, names: &self.names })
    }

    /// The name of the mimics' child with the number `number`, as in a fault.
    #[must_use]
    pub fn child_name(&self, number: u32) -> &[u8] {
        self.children.get(number as usize).map_or(&[], |child| child.name(&self.names))
    }

    /// What the entry of the desired profile at `place` needs.
    #[must_use]
    pub fn need(&self, place: u16) -> Need {
        self.needs.get(usize::from(place)).copied().unwrap_or_default()
    }

    /// Notes that what an entry of the desired profile mounts lies beneath the old mount.
    pub fn note_beneath(&mut self, place: u16) {
        if let Some(need) = self.needs.get_mut(usize::from(place)) {
            need.beneath = true;
        }
    }

    /// Leaves out an entry of the desired profile: its later steps are not performed.
    pub fn leave_out(&mut self, place: u16) {
        if let Some(need) = self.needs.get_mut(usize::from(place)) {
            need.left_out = true;
        }
    }
}
