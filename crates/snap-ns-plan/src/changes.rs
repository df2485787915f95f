//! Which entries stay, which go, which come.

use snap_mount_options::Origin;
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
    /// It goes with the tmpfs that it stands on; there is nothing to be done for it.
    GoingWithTmpfs,
    /// It was undone.
    Gone,
}

/// The pass of an entry: overname, content, layout.
fn pass(item: &Item<'_>) -> u8 {
    match item.origin {
        Origin::Rootfs | Origin::Overname => 0,
        Origin::Content => 1,
        Origin::Layout => 2,
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

    /// Finds what is the same in both profiles: the fate of every entry of the current one, and
    /// which of the desired ones are kept. Tells whether that is everything.
    pub(crate) fn find_kept(&mut self) -> bool {
        self.needs.extend(self.all_desired().iter().map(|_| Need::default()));
        let mut hint = 0;
        for (place, item) in (0_u16..).zip(self.all_current()) {
            let claim;
            (claim, hint) = self.claim_of(item, hint);
            let kept = item.origin == Origin::Rootfs
                || !item.is_synthetic() && claim.is_some_and(|at| self.try_keep(at, place, item));
            self.fates.push(if kept { Fate::Kept } else { Fate::Going });
        }
        let mut last_id: (&[u8], Option<u16>) = (&[], None);
        for (place, item) in (0_u16..).zip(self.all_current()) {
            let Some(id) = item.synthetic_for() else { continue };
            if last_id.0 != id {
                last_id = (id, self.by_id(id));
            }
            // A kept entry at the same mount point stood together with this one until now.
            let claim;
            (claim, hint) = self.claim_of(item, hint);
            let claimed = claim.is_some_and(|at| self.need(at).kept_as.is_none());
            if last_id.1.is_some() && !claimed {
                self.set_fate(place, Fate::Kept);
            }
        }
        let nothing_goes = self.fates.iter().all(|&fate| fate == Fate::Kept);
        let nothing_comes = self.needs.iter().all(|need| need.kept_as.is_some());
        nothing_goes && nothing_comes
    }

    /// The desired entry with an item's mount point, and where to look for the next one.
    fn claim_of(&self, item: &Item<'_>, hint: usize) -> (Option<u16>, usize) {
        self.desired_by_path.first_at(self.all_desired(), item.entry.mount_point, hint)
    }

    /// Turns what is kept, but stands on what goes or would be covered by what comes, into what
    /// goes and comes again.
    pub(crate) fn drag(&mut self) {
        while self.drag_what_stands_on_gone() || self.drag_what_new_ones_cover() {}
        for place in (0_u16..).take(self.all_current().len()) {
            if self.fate(place) != Fate::Kept && self.stands_on_going_tmpfs(place) {
                self.set_fate(place, Fate::GoingWithTmpfs);
            }
        }
    }

    /// Whether an entry was mounted or made in a tmpfs that goes: both go at once. One at the very
    /// mount point of the tmpfs lies over it, and goes first.
    fn stands_on_going_tmpfs(&self, place: u16) -> bool {
        let Some(item) = self.current(place) else { return false };
        let path = item.entry.mount_point;
        let above = self.current_by_path.at_or_above(self.all_current(), path);
        above.filter(|&above| above < place).max().is_some_and(|ground| {
            let tmpfs = self.current(ground).filter(|item| item.is_tmpfs());
            self.fate(ground) != Fate::Kept && tmpfs.is_some_and(|t| t.entry.mount_point != path)
        })
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
        let mut last: Option<&[u8]> = None;
        for at in 0..self.all_current().len() {
            let Some(gone) = self.current_by_path.nth(at) else { break };
            let path = crate::index::mount_point(self.all_current(), gone);
            // Of several at one mount point the first one drags the others.
            if self.fate(gone) == Fate::Kept || last == Some(path) {
                continue;
            }
            last = Some(path);
            changed |= self.drag_below(path, |_, place, _| place > gone);
        }
        changed
    }

    /// An entry that would be applied after a new one, below its mount point, has to be made anew:
    /// it would be covered otherwise. So has a mimic that was made for such an entry.
    fn drag_what_new_ones_cover(&mut self) -> bool {
        let mut changed = false;
        for at in 0..self.all_desired().len() {
            let Some(place) = self.desired_by_path.nth(at) else { break };
            let Some(new) = self.desired(place) else { break };
            if self.need(place).kept_as.is_none() && new.shape.is_mount() {
                changed |= self.drag_below(new.entry.mount_point, |plan, _, item| {
                    let asks = match item.synthetic_for() {
                        Some(id) => plan.by_id(id).and_then(|at| plan.desired(at)),
                        None => Some(item),
                    };
                    asks.is_some_and(|asks| pass(asks) >= pass(new) && !core::ptr::eq(asks, new))
                });
            }
        }
        changed
    }

    /// Lets go of what is kept at or below `path`, if `chosen` says so of an entry of the current
    /// profile and its place.
    fn drag_below(&mut self, path: &[u8], chosen: impl Fn(&Self, u16, &Item<'_>) -> bool) -> bool {
        let mut changed = false;
        for at in self.current_by_path.subtree(self.all_current(), path) {
            let Some(place) = self.current_by_path.nth(at) else { break };
            let Some(item) = self.current(place) else { break };
            let rootfs = item.origin == Origin::Rootfs;
            if self.fate(place) == Fate::Kept && !rootfs && chosen(self, place, item) {
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

    /// The tmpfs at `place` was unmounted: what stood on it is gone as well.
    pub(crate) fn note_gone_with(&mut self, place: u16) {
        self.set_fate(place, Fate::Gone);
        let Some(item) = self.current(place).filter(|item| item.is_tmpfs()) else { return };
        for at in self.current_by_path.subtree(self.all_current(), item.entry.mount_point) {
            let Some(on_it) = self.current_by_path.nth(at) else { break };
            if self.fate(on_it) == Fate::GoingWithTmpfs && on_it > place {
                self.set_fate(on_it, Fate::Gone);
            }
        }
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
