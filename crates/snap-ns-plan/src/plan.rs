//! The plan: one value that holds everything about a run.

use arrayvec::ArrayVec;
use snap_mount_options::Origin;
use snap_ns_forecast::{Fault, Forecast, Limit, Log, MIMICS_MAX, Mimic, Territory, Time};
use snap_profile::{ENTRIES_MAX, Item, Profile};

use crate::journal_lines::Direction;
use crate::step::{Op, STEPS_MAX, State, Step};

/// Everything about a run: the two profiles, what happens to each entry, the steps in order, and
/// what became of them. All storage is in here; it is large, and meant to be a static.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The profiles, and what a fresh namespace would be.
    pub(crate) forecast: Forecast<'a>,
    /// The entries of the desired profile whose ID is not their mount point, ordered by ID.
    pub(crate) named: ArrayVec<u16, ENTRIES_MAX>,
    /// Entries of the current profile that are not kept after all; what that means for others is
    /// still to be found out.
    pub(crate) let_go: ArrayVec<u16, ENTRIES_MAX>,
    /// Something that was created for an entry that goes will be created again, with another mode or
    /// owner.
    pub(crate) made_otherwise: bool,
    pub(crate) steps: ArrayVec<Step, STEPS_MAX>,
    /// Which mounts stand while a step is performed, for the rule.
    pub(crate) now: (Log, Time),
    /// The same, in the order in which they are made.
    pub(crate) mimics_by_time: ArrayVec<u16, MIMICS_MAX>,
    /// How many bytes the profile has when all steps are done.
    pub(crate) expected: usize,
    /// Where the interrupted run wanted to whose journal is the current profile.
    pub(crate) after: Direction,
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
    /// Two layouts or overnames of the desired profile, by their places, have the same mount point.
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
            forecast: Forecast::new(),
            named: ArrayVec::new_const(),
            let_go: ArrayVec::new_const(),
            made_otherwise: false,
            steps: ArrayVec::new_const(),
            now: (Log::Desired, 0),
            mimics_by_time: ArrayVec::new_const(),
            expected: 0,
            after: Direction::Forth,
        }
    }

    /// The entry of the current profile at `place`.
    #[must_use]
    pub fn current(&self, place: u16) -> Option<&'a Item<'a>> {
        self.forecast.current(place)
    }

    /// The entry of the desired profile at `place`.
    #[must_use]
    pub fn desired(&self, place: u16) -> Option<&'a Item<'a>> {
        self.forecast.desired(place)
    }

    /// The mimic at `place`.
    #[must_use]
    pub fn mimic(&self, place: u16) -> Option<Mimic<'_>> {
        self.forecast.mimic(place)
    }

    /// Where the symbolic link leads that is in the place of the desired entry at `place`.
    #[must_use]
    pub fn old_target(&self, place: u16) -> Option<&[u8]> {
        self.forecast.old_link(place).map(|link| link.target)
    }

    /// The name of the mimics' child with the number `number`, as in a fault.
    #[must_use]
    pub fn child_name(&self, number: u32) -> &[u8] {
        self.forecast.child_name(number)
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
        // (Not `*self = new()`: a plan is far larger than a stack.)
        if self.forecast.is_used() {
            self.named.clear();
            self.steps.clear();
            self.mimics_by_time.clear();
        }
        self.forecast.start(current, desired, territory);
        self.now = (Log::Desired, Time::MAX);
        self.find_duplicates()?;
        self.find_named();
        self.pair_entries();
        if self.is_same() {
            return Ok(Comparison::Same);
        }
        self.plan_all_the_same();
        Ok(Comparison::Differ)
    }

    /// Prepares for [`complete`](Self::complete) although the profiles are the same: when it is not
    /// certain that what is recorded stands.
    pub fn plan_all_the_same(&mut self) {
        self.forecast.find_rest();
    }

    /// How many entries the current profile has.
    #[must_use]
    pub fn recorded(&self) -> u16 {
        u16::try_from(self.forecast.all_current().len()).unwrap_or(u16::MAX)
    }

    /// The mount point of the entry of the current profile at `place`, if it is a mount: those are
    /// the mounts that the view which [`complete`](Self::complete) asks must not show.
    #[must_use]
    pub fn recorded_mount(&self, place: u16) -> Option<&'a [u8]> {
        let item = self.current(place).filter(|_| self.is_mounted(place))?;
        let mounts = item.shape.is_mount() && item.origin != Origin::Rootfs;
        mounts.then_some(item.entry.mount_point)
    }

    /// The mount point of the entry of the current profile at `place`, if it is a tmpfs and nothing
    /// that is recorded after it is mounted on it or above it: so that it can be seen by path.
    #[must_use]
    pub fn recorded_tmpfs(&self, place: u16) -> Option<&'a [u8]> {
        let tmpfs = |_: &&[u8]| self.current(place).is_some_and(Item::is_tmpfs);
        let path = self.recorded_mount(place).filter(tmpfs)?;
        self.forecast.current_by_path.at_or_above(path).all(|other| other <= place).then_some(path)
    }

    /// Whether nobody found yet that the entry of the current profile at `place` is not mounted.
    pub(crate) fn is_mounted(&self, place: u16) -> bool {
        self.forecast.past.get(usize::from(place)).is_some_and(|past| past.mounted)
    }

    /// Notes that the entry of the current profile at `place` is not mounted.
    pub fn note_not_mounted(&mut self, place: u16) {
        if let Some(past) = self.forecast.past.get_mut(usize::from(place)) {
            past.mounted = false;
        }
    }

    /// Notes that the current profile is the record of another namespace.
    pub fn note_nothing_mounted(&mut self) {
        self.forecast.past.iter_mut().for_each(|past| past.mounted = false);
    }

    /// Whether the tree beneath the mounts of the current profile matters: there are any, and
    /// something is desired.
    #[must_use]
    pub fn asks_beneath(&self) -> bool {
        let mut recorded = 0..self.recorded();
        !self.forecast.order.is_empty()
            && recorded.any(|place| self.recorded_mount(place).is_some())
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

    pub(crate) fn set_state(&mut self, at: usize, state: State) {
        if let Some(step) = self.steps.get_mut(at) {
            step.state = state;
        }
    }
}
