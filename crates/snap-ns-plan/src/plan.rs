//! The plan: one value that holds everything about a run.

use arrayvec::ArrayVec;
use snap_mount_options::Origin;
use snap_profile::{ENTRIES_MAX, Item, Profile};

use crate::account::Count;
use crate::changes::{Fate, Past, Time};
use crate::drive::Observer;
use crate::fault::{Fault, Limit};
use crate::index::{Index, Key};
use crate::made::Made;
use crate::mimic::{ALL_CHILDREN_MAX, Child, Listed, MIMICS_MAX, Mimic, NAMES_MAX, Slot};
use crate::reason::Reason;
use crate::remains::Remains;
use crate::route::Log;
use crate::step::{Op, STEPS_MAX, Skip, State, Step};
use crate::survey::Need;
use crate::territory::Territory;
use crate::view::FsView;

/// Everything about a run: the two profiles, what happens to each entry, the steps in order, and
/// what became of them. All storage is in here; it is large, and meant to be a static.
#[derive(Debug)]
pub struct Plan<'a> {
    /// None before there is a plan, so that an empty plan is all zeros and takes no room in a file.
    inputs: Option<Inputs<'a>>,
    pub(crate) current_by_path: Index<'a>,
    pub(crate) current_by_source: Index<'a>,
    pub(crate) desired_by_path: Index<'a>,
    /// The entries of the desired profile whose ID is not their mount point, ordered by ID.
    pub(crate) named: ArrayVec<u16, ENTRIES_MAX>,
    /// What is known of each entry of the current profile.
    pub(crate) past: ArrayVec<Past, ENTRIES_MAX>,
    /// What each entry of the desired profile needs.
    pub(crate) needs: ArrayVec<Need, ENTRIES_MAX>,
    /// The entries of the desired profile in the order of application.
    pub(crate) order: ArrayVec<u16, ENTRIES_MAX>,
    /// The mount point of the root file system that snap-confine set up, if that is a recorded tmpfs.
    pub(crate) rootfs: Option<&'a [u8]>,
    /// Whether the current profile records anything else.
    pub(crate) records: bool,
    /// How many of them, the first ones, are overnames.
    pub(crate) overnames: Time,
    /// What will have been created, ordered by place.
    pub(crate) made: ArrayVec<Made, { 2 * ENTRIES_MAX }>,
    /// What is wrong with entries of the desired profile.
    pub(crate) faults: ArrayVec<(u16, Fault), ENTRIES_MAX>,
    /// What the current profile left where the snap may write, ordered by path.
    pub(crate) remains: ArrayVec<Remains, ENTRIES_MAX>,
    /// Where, in `names`, the names of children begin.
    pub(crate) first_name: usize,
    /// Entries of the current profile that are not kept after all; what that means for others is
    /// still to be found out.
    pub(crate) let_go: ArrayVec<u16, ENTRIES_MAX>,
    pub(crate) steps: ArrayVec<Step, STEPS_MAX>,
    /// Which mounts stand while a step is performed, for the rule.
    pub(crate) now: (Log, Time),
    pub(crate) mimics: ArrayVec<Slot<'a>, MIMICS_MAX>,
    /// The places of `mimics`, ordered by directory.
    pub(crate) mimics_by_dir: ArrayVec<u16, MIMICS_MAX>,
    /// The same, in the order in which they are made.
    pub(crate) mimics_by_time: ArrayVec<u16, MIMICS_MAX>,
    /// Whether what is wrong with the entry that is looked at is the doing of this very plan.
    pub(crate) own_doing: bool,
    /// How many things were left out of mimics because something else is to be in their place.
    pub(crate) omitted: u32,
    pub(crate) children: ArrayVec<Child, ALL_CHILDREN_MAX>,
    pub(crate) names: ArrayVec<u8, NAMES_MAX>,
    /// What will stand when all steps are done.
    pub(crate) expected: Count,
}

/// What a plan is made from.
#[derive(Clone, Copy, Debug)]
struct Inputs<'a> {
    current: &'a [Item<'a>],
    desired: &'a [Item<'a>],
    territory: Territory<'a>,
}

/// What came of comparing two profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Comparison {
    /// Everything that is desired stands, and nothing else: there is nothing to do.
    Same,
    /// They differ.
    Differ,
}

/// Why there is no plan. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// Two entries of the desired profile, by their places, have the same mount point.
    Duplicate(u16, u16),
    /// A layout or overname entry of the desired profile, by its place, cannot be made.
    Refused(u16, Fault),
    /// The plan as a whole runs into a limit.
    Full(Limit),
}

impl<'a> Plan<'a> {
    /// An empty plan.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "it is only ever a static or a buffer")]
    pub const fn new() -> Self {
        Self {
            inputs: None,
            current_by_path: Index::new(),
            current_by_source: Index::new(),
            desired_by_path: Index::new(),
            named: ArrayVec::new_const(),
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
            let_go: ArrayVec::new_const(),
            steps: ArrayVec::new_const(),
            now: (Log::Desired, 0),
            mimics: ArrayVec::new_const(),
            mimics_by_dir: ArrayVec::new_const(),
            mimics_by_time: ArrayVec::new_const(),
            own_doing: false,
            omitted: 0,
            children: ArrayVec::new_const(),
            names: ArrayVec::new_const(),
            expected: Count { bytes: 0, lines: 0, line: 0, longest: 0 },
        }
    }

    /// Compares the two profiles: the first half of planning, for which nobody has to look at the
    /// file system.
    ///
    /// # Errors
    ///
    /// The desired profile contradicts itself; nothing was changed, and nothing is to be.
    pub fn compare(
        &mut self,
        current: &'a Profile<'a>,
        desired: &'a Profile<'a>,
        territory: Territory<'a>,
    ) -> Result<Comparison, PlanError> {
        self.reset(current, desired, territory);
        self.desired_by_path.fill(Key::MountPoint, desired);
        self.find_duplicates()?;
        self.find_named();
        self.pair_entries();
        if self.is_same() {
            return Ok(Comparison::Same);
        }
        self.current_by_path.fill(Key::MountPoint, current);
        self.current_by_source.fill(Key::Source, current);
        self.find_order();
        Ok(Comparison::Differ)
    }

    /// How many entries the current profile has.
    #[must_use]
    pub fn recorded(&self) -> u16 {
        u16::try_from(self.all_current().len()).unwrap_or(u16::MAX)
    }

    /// The mount point of the entry of the current profile at `place`, if it is a mount: those are
    /// the mounts that the view which [`complete`](Self::complete) asks must not show.
    #[must_use]
    pub fn recorded_mount(&self, place: u16) -> Option<&'a [u8]> {
        let item = self.current(place)?;
        let mounts = item.shape.is_mount() && item.origin != Origin::Rootfs;
        mounts.then_some(item.entry.mount_point)
    }

    /// Notes that the entry of the current profile at `place` is not mounted.
    pub fn note_not_mounted(&mut self, place: u16) {
        if let Some(past) = self.past.get_mut(usize::from(place)) {
            past.mounted = false;
        }
    }

    /// Notes that the current profile is the record of another namespace.
    pub fn note_nothing_mounted(&mut self) {
        self.past.iter_mut().for_each(|past| past.mounted = false);
    }

    /// Whether the tree beneath the mounts of the current profile matters: there are any, and
    /// something is desired.
    #[must_use]
    pub fn asks_beneath(&self) -> bool {
        let mut recorded = 0..self.recorded();
        !self.order.is_empty() && recorded.any(|place| self.recorded_mount(place).is_some())
    }

    /// Plans the way between two profiles that differ: the second half of planning. `view` shows
    /// the tree as it would be if everything in the current profile had been unmounted. A content
    /// entry that cannot be made is left out and told to `observer`.
    ///
    /// # Errors
    ///
    /// There can be no such plan; nothing was changed, and nothing is to be.
    pub fn complete(
        &mut self,
        view: &mut dyn FsView,
        observer: &mut dyn Observer,
    ) -> Result<(), PlanError> {
        self.find_remains().map_err(PlanError::Full)?;
        if self.past.iter().any(|past| !past.mounted) {
            self.pair_entries();
        }
        // Each turn finds at least one more entry that cannot be kept; nearly always none.
        loop {
            self.forget_mimics();
            self.needs.iter_mut().for_each(|need| need.hopeless = false);
            self.survey(view)?;
            self.pair_mimics();
            self.close();
            while self.let_go_of_others() {
                self.follow_up();
            }
            if !self.deny_doubtful() {
                break;
            }
            self.pair_entries();
        }
        self.judge(observer)?;
        self.find_what_goes_along();
        self.lay_out_steps().ok_or(PlanError::Full(Limit::Steps))?;
        self.check_account().map_err(PlanError::Full)
    }

    pub(crate) fn forget_mimics(&mut self) {
        self.mimics.clear();
        self.mimics_by_dir.clear();
        self.children.clear();
        self.names.truncate(self.first_name);
    }

    /// Forgets everything. (Not `*self = new()`: a plan is far larger than a stack.)
    fn reset(
        &mut self,
        current: &'a [Item<'a>],
        desired: &'a [Item<'a>],
        territory: Territory<'a>,
    ) {
        // What was never used is empty; telling it so would touch a page of each list.
        if self.inputs.is_some() {
            self.named.clear();
            self.past.clear();
            self.needs.clear();
            self.order.clear();
            self.steps.clear();
            self.made.clear();
            self.faults.clear();
            self.first_name = 0;
            self.forget_mimics();
            self.mimics_by_time.clear();
        }
        self.inputs = Some(Inputs { current, desired, territory });
        self.now = (Log::Desired, Time::MAX);
        let rootfs = |item: &&Item<'_>| item.origin == Origin::Rootfs;
        let tmpfs = current.iter().filter(rootfs).find(|item| item.is_tmpfs());
        self.rootfs = tmpfs.map(|item| item.entry.mount_point);
        self.records = !current.iter().all(|item| rootfs(&item));
        let unseen = Past {
            fate: Fate::Going,
            mounted: true,
            ground_goes: false,
            kept_for: 0,
            reason: Reason::Gone,
        };
        self.past.extend(current.iter().map(|_| unseen));
        self.needs.extend(desired.iter().map(|_| Need::default()));
    }

    /// All entries of the current profile.
    pub(crate) fn all_current(&self) -> &'a [Item<'a>] {
        self.inputs.map_or(&[], |inputs| inputs.current)
    }

    /// All entries of the desired profile.
    pub(crate) fn all_desired(&self) -> &'a [Item<'a>] {
        self.inputs.map_or(&[], |inputs| inputs.desired)
    }

    /// Where something may be created; nowhere without a plan.
    pub(crate) fn territory(&self) -> Territory<'a> {
        self.inputs.map_or(Territory::User { home: None }, |inputs| inputs.territory)
    }

    /// Whether nothing at all has to be done, and nothing to be recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && !self.records_other_needer()
    }

    /// Whether anything but the record has to be changed.
    #[must_use]
    pub fn touches_tree(&self) -> bool {
        self.steps.iter().any(|step| !matches!(step.op, Op::Forget(_)))
    }

    /// The steps, in the order in which they are performed.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
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
        let Listed { attributes, first_child, children, .. } = slot.listed;
        let first = first_child as usize;
        let children = self.children.get(first..first.saturating_add(children as usize))?;
        Some(Mimic { dir: slot.dir, attributes, children, first_child, names: &self.names })
    }

    /// The name of the mimics' child with the number `number`, as in a fault.
    #[must_use]
    pub fn child_name(&self, number: u32) -> &[u8] {
        self.children.get(number as usize).map_or(&[], |child| child.name(&self.names))
    }

    pub(crate) fn need(&self, place: u16) -> Need {
        self.needs.get(usize::from(place)).copied().unwrap_or_default()
    }

    pub(crate) fn set_state(&mut self, at: usize, state: State) {
        if let Some(step) = self.steps.get_mut(at) {
            step.state = state;
        }
    }

    /// Leaves out an entry of the desired profile: its later steps are not performed.
    pub(crate) fn leave_out(&mut self, place: u16) {
        if let Some(need) = self.needs.get_mut(usize::from(place)) {
            need.left_out = true;
        }
    }

    /// Whether a step must not be performed because its entry was left out.
    pub(crate) fn is_left_out(&self, op: Op) -> Option<Skip> {
        // A mimic serves others as well.
        let own = !matches!(op, Op::Mimic(_));
        self.cause(op).filter(|&place| own && self.need(place).left_out).map(|_| Skip::LeftOut)
    }
}
