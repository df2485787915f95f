//! Which entries stay, which go, which come.

use arrayvec::ArrayVec;
use snap_mount_options::Origin;
use snap_path::is_at_or_below;
use snap_profile::Item;

use crate::plan::{Plan, PlanError};
use crate::survey::Need;

/// What happens to an entry of the current profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It stays, untouched.
    Kept,
    /// It is to be undone.
    Going,
    /// It was undone.
    Gone,
}

/// The most components of a path: each takes two bytes.
const DEPTH_MAX: usize = snap_path::PATH_MAX / 2;

/// The order of application: the pass, then the order of mount points.
type Rank = (u8, u32);

/// The pass of an entry: overname, content, layout.
fn pass(item: &Item<'_>) -> u8 {
    match item.origin {
        Origin::Rootfs | Origin::Overname => 0,
        Origin::Content => 1,
        Origin::Layout => 2,
    }
}

/// The directories above (or at) the one that is looked at, while mount points are gone through in
/// order; each with the least of something, itself and all above it included.
struct Ancestors<'a, T> {
    stack: ArrayVec<(&'a [u8], Option<T>), DEPTH_MAX>,
}

impl<'a, T: Ord + Copy> Ancestors<'a, T> {
    fn new() -> Self {
        Self { stack: ArrayVec::new() }
    }

    /// The least value of those at or above `path`.
    fn least(&mut self, path: &[u8]) -> Option<T> {
        while self.stack.last().is_some_and(|(top, _)| !is_at_or_below(path, top)) {
            self.stack.pop();
        }
        self.stack.last().and_then(|&(_, least)| least)
    }

    /// Adds `path`, after [`least`](Self::least) was asked for it.
    fn add(&mut self, path: &'a [u8], inherited: Option<T>, own: Option<T>) {
        let least = match (inherited, own) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if self.stack.last().is_some_and(|&(top, _)| top == path) {
            self.stack.pop();
        }
        // A path has no more components than fit, so this cannot fail.
        let _ = self.stack.try_push((path, least));
    }
}

impl Plan<'_> {
    pub(crate) fn fate(&self, place: u16) -> Fate {
        self.fates.get(usize::from(place)).copied().unwrap_or(Fate::Kept)
    }

    pub(crate) fn set_fate(&mut self, place: u16, fate: Fate) {
        if let Some(slot) = self.fates.get_mut(usize::from(place)) {
            *slot = fate;
        }
    }

    /// Two entries for one mount point could not both be seen.
    pub(crate) fn find_duplicates(&self) -> Result<(), PlanError> {
        let mut last: Option<(u16, &[u8])> = None;
        for place in self.desired_by_path.iter() {
            let path = self.desired(place).map_or(&[][..], |item| item.entry.mount_point);
            match last {
                Some((first, same)) if same == path => {
                    return Err(PlanError::Duplicate(first, place));
                }
                Some(_) | None => last = Some((place, path)),
            }
        }
        Ok(())
    }

    /// Decides the fate of every entry of the current profile, and which of the desired ones are
    /// kept.
    pub(crate) fn find_changes(&mut self) {
        self.needs.extend(self.all_desired().iter().map(|_| Need::default()));
        let mut hint = 0;
        let mut last_id: (&[u8], Option<u16>) = (&[], None);
        for (place, item) in (0_u16..).zip(self.all_current()) {
            let claim;
            (claim, hint) =
                self.desired_by_path.first_at(self.all_desired(), item.entry.mount_point, hint);
            let kept = if item.origin == Origin::Rootfs {
                true
            } else if let Some(id) = item.synthetic_for() {
                if last_id.0 != id {
                    last_id = (id, self.by_id(id));
                }
                last_id.1.is_some() && claim.is_none_or(|claim| self.is_recorded(claim))
            } else {
                claim.is_some_and(|claim| self.try_keep(claim, place, item))
            };
            self.fates.push(if kept { Fate::Kept } else { Fate::Going });
        }
        while self.drag_what_stands_on_gone() || self.drag_what_new_ones_cover() {}
    }

    /// Orders the entries that have an ID of their own.
    pub(crate) fn find_named(&mut self) {
        let named = (0_u16..).zip(self.all_desired()).filter(|(_, item)| item.is_named());
        self.named.extend(named.map(|(place, _)| place));
        let desired = self.all_desired();
        let id = |&place: &u16| desired.get(usize::from(place)).map(Item::id);
        self.named.sort_unstable_by(|a, b| id(a).cmp(&id(b)).then(a.cmp(b)));
    }

    /// The entry of the desired profile with this ID. Nearly always it is a mount point.
    fn by_id(&self, id: &[u8]) -> Option<u16> {
        let has_id = |&place: &u16| self.desired(place).is_some_and(|item| item.id() == id);
        let (at_path, _) = self.desired_by_path.first_at(self.all_desired(), id, 0);
        at_path.filter(has_id).or_else(|| {
            let before = |&place: &u16| self.desired(place).is_some_and(|item| item.id() < id);
            let start = self.named.partition_point(before);
            self.named.get(start).filter(|&place| has_id(place)).copied()
        })
    }

    /// Whether a desired entry is recorded just so. Then it stood together with whatever else is
    /// recorded for its mount point, above or below.
    fn is_recorded(&self, claim: u16) -> bool {
        self.desired(claim).is_some_and(|desired| {
            let path = desired.entry.mount_point;
            let mut there = self.current_by_path.at(self.all_current(), path);
            there.any(|place| self.current(place).is_some_and(|item| item.entry == desired.entry))
        })
    }

    /// Keeps the current entry at `place` for the desired one at `claim`, if all six fields are
    /// equal and none is kept for it yet.
    fn try_keep(&mut self, claim: u16, place: u16, item: &Item<'_>) -> bool {
        let equal = self.desired(claim).is_some_and(|desired| desired.entry == item.entry);
        match self.needs.get_mut(usize::from(claim)) {
            Some(need) if equal && need.kept_as.is_none() => {
                need.kept_as = Some(place);
                true
            }
            Some(_) | None => false,
        }
    }

    /// An entry that was mounted on what goes now has to go first.
    fn drag_what_stands_on_gone(&mut self) -> bool {
        let mut changed = false;
        let mut gone_above = Ancestors::<u16>::new();
        for at in 0..self.all_current().len() {
            let Some(place) = self.current_by_path.nth(at) else {
                break;
            };
            let Some(item) = self.current(place) else {
                break;
            };
            let path = item.entry.mount_point;
            let gone = gone_above.least(path);
            let stands_on_gone = gone.is_some_and(|gone| gone < place);
            let rootfs = item.origin == Origin::Rootfs;
            if stands_on_gone && !rootfs && self.fate(place) == Fate::Kept {
                self.let_go(place);
                changed = true;
            }
            let own = (self.fate(place) != Fate::Kept).then_some(place);
            gone_above.add(path, gone, own);
        }
        changed
    }

    /// An entry that would be applied after a new one, at or below its mount point, has to be made
    /// anew: it would be covered otherwise.
    fn drag_what_new_ones_cover(&mut self) -> bool {
        let mut changed = false;
        let mut new_above = Ancestors::<Rank>::new();
        for at in 0..self.all_desired().len() {
            let Some(place) = self.desired_by_path.nth(at) else {
                break;
            };
            let Some(item) = self.desired(place) else {
                break;
            };
            let path = item.entry.mount_point;
            let rank = (pass(item), u32::try_from(at).unwrap_or(u32::MAX));
            let covering = new_above.least(path);
            let covered = covering.is_some_and(|new| new < rank);
            if let Some(kept_as) = self.need(place).kept_as.filter(|_| covered) {
                self.let_go(kept_as);
                changed = true;
            }
            let mounts = item.shape.is_mount();
            let own = (mounts && self.need(place).kept_as.is_none()).then_some(rank);
            new_above.add(path, covering, own);
        }
        changed | self.drag_covered_mimics()
    }

    /// The same for what belongs to kept mimics.
    fn drag_covered_mimics(&mut self) -> bool {
        let mut changed = false;
        for (place, item) in (0_u16..).zip(self.all_current()) {
            let Some(id) = item.synthetic_for() else {
                continue;
            };
            if self.fate(place) != Fate::Kept {
                continue;
            }
            let path = item.entry.mount_point;
            let mut above = self.desired_by_path.at_or_above(self.all_desired(), path);
            let needs_it = |at| self.desired(at).is_some_and(|item: &Item<'_>| item.id() == id);
            let covering = above.find(|&at| {
                self.need(at).kept_as.is_none()
                    && !needs_it(at)
                    && self.desired(at).is_some_and(|new| {
                        let pass_of_need = self.by_id(id).and_then(|at| self.desired(at)).map(pass);
                        new.shape.is_mount() && Some(pass(new)) <= pass_of_need
                    })
            });
            drop(above);
            if covering.is_some() {
                self.let_go(place);
                changed = true;
            }
        }
        changed
    }

    /// Turns a kept entry into one that goes, and comes again if it is desired.
    fn let_go(&mut self, place: u16) {
        self.set_fate(place, Fate::Going);
        let claim = self.current(place).and_then(|item| {
            self.desired_by_path.at(self.all_desired(), item.entry.mount_point).next()
        });
        if let Some(need) = claim.and_then(|claim| self.needs.get_mut(usize::from(claim)))
            && need.kept_as == Some(place)
        {
            need.kept_as = None;
        }
    }

    /// Whether the mount point of an entry that goes was made for it and has to be removed. What a
    /// mimic covers was there before, and what is in a tmpfs that goes as well goes with it.
    pub(crate) fn mount_point_was_made(&self, place: u16) -> bool {
        let Some(item) = self.current(place) else {
            return false;
        };
        if item.is_synthetic() && item.is_tmpfs() {
            return false;
        }
        let above = self.current_by_path.at_or_above(self.all_current(), item.entry.mount_point);
        let ground = above.filter(|&above| above < place).last();
        !ground.is_some_and(|ground| {
            self.fate(ground) != Fate::Kept && self.current(ground).is_some_and(Item::is_tmpfs)
        })
    }

    /// Puts what has to be made into the order of application.
    pub(crate) fn find_order(&mut self) {
        for wanted in 0..=2 {
            for place in self.desired_by_path.iter() {
                let new = self.need(place).kept_as.is_none();
                let item = self.all_desired().get(usize::from(place));
                if new && item.is_some_and(|item| pass(item) == wanted) {
                    self.order.push(place);
                }
            }
        }
        for (rank, &place) in (0_u16..).zip(&self.order) {
            if let Some(need) = self.needs.get_mut(usize::from(place)) {
                need.rank = rank;
            }
        }
    }
}
