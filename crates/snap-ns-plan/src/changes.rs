//! What is the same in both profiles, and in which order entries are applied.

use snap_fstab::Entry;
use snap_mount_options::{Depth, Origin};
use snap_ns_forecast::{Fate, Field, Need, Reason};
use snap_path::parent;
use snap_profile::{Item, Shape};

use crate::plan::{Plan, PlanError};
use crate::step::Op;

/// The first field in which two entries with the same mount point differ.
fn difference(a: &Entry<'_>, b: &Entry<'_>) -> Option<Field> {
    if a.source != b.source {
        Some(Field::Source)
    } else if a.fs_type != b.fs_type {
        Some(Field::Type)
    } else if a.options != b.options {
        Some(Field::Options)
    } else {
        (a != b).then_some(Field::Numbers)
    }
}

/// Whether an entry has its mount point for itself.
fn claims(item: &Item<'_>) -> bool {
    item.shape != Shape::EnsureDir
}

impl<'a> Plan<'a> {
    /// Two entries for one mount point could not both be seen: the first layout or overname has it,
    /// else the first of content. An ensure-dir entry has no mount point. Equal lines are one.
    ///
    /// # Errors
    ///
    /// Two of layouts and overnames contradict each other.
    pub(crate) fn find_duplicates(&mut self) -> Result<(), PlanError> {
        let (mut last, mut any) = (None::<(u16, &Item<'a>)>, false);
        for at in 0..self.forecast.all_desired().len() {
            let place = self.forecast.desired_by_path.nth(at).unwrap_or_default();
            let Some(item) = self.desired(place) else { break };
            let same = |owner: &Item<'a>| owner.entry.mount_point == item.entry.mount_point;
            let (loser, winner) = match last.filter(|(_, owner)| same(owner)) {
                Some((first, owner)) if owner.entry == item.entry => (place, first),
                Some((first, owner)) if claims(owner) => match (owner.origin, item.origin) {
                    _ if !claims(item) => continue,
                    (_, Origin::Content) => (place, first),
                    (Origin::Content, _) => {
                        last = Some((place, item));
                        (first, place)
                    }
                    (_, _) => return Err(PlanError::Duplicate(first, place)),
                },
                Some(_) | None => {
                    last = Some((place, item));
                    continue;
                }
            };
            if let Some(need) = self.forecast.needs.get_mut(usize::from(loser)) {
                (need.claimed_by, any) = (Some(winner), true);
            }
        }
        if any {
            let needs = &self.forecast.needs;
            let claimed = |place| needs.get(usize::from(place)).and_then(|need| need.claimed_by);
            self.forecast.desired_by_path.retain(|place| claimed(place).is_none());
        }
        Ok(())
    }

    /// Pairs each entry of the current profile that is equal to a desired one, in all six fields,
    /// with that. Synthetic ones are not looked at.
    pub(crate) fn pair_entries(&mut self) {
        for need in &mut self.forecast.needs {
            need.kept_as = None;
            need.reason = Reason::New;
        }
        for (place, item) in (0_u16..).zip(self.forecast.all_current()) {
            let (fate, kept_for, reason);
            if item.origin == Origin::Rootfs {
                (fate, kept_for, reason) = (Fate::Kept, 0, Reason::New);
            } else if item.is_found() {
                // There is nothing of it to be undone.
                (fate, kept_for, reason) = (Fate::Gone, 0, Reason::Gone);
            } else if item.is_synthetic() {
                (fate, kept_for, reason) = (Fate::Going, 0, Reason::NotNeeded);
            } else {
                // (Where an ensure-dir entry is as well, it may be the last one.)
                let path = item.entry.mount_point;
                let last = self.forecast.desired_by_path.find(path);
                let equal = |&at: &u16| self.desired(at).is_some_and(|it| it.entry == item.entry);
                let others = || self.forecast.desired_by_path.at(path).find(equal);
                let claim = last.filter(equal).or_else(others).or(last);
                reason = self.pair(place, item, claim);
                fate = if reason == Reason::New { Fate::Kept } else { Fate::Going };
                kept_for = claim.unwrap_or_default();
            }
            if let Some(past) = self.forecast.past.get_mut(usize::from(place)) {
                (past.fate, past.kept_for, past.reason) = (fate, kept_for, reason);
            }
        }
    }

    /// Pairs the current entry at `place` with the desired one at `claim`. Tells why not, or
    /// [`Reason::New`].
    fn pair(&mut self, place: u16, item: &Item<'_>, claim: Option<u16>) -> Reason {
        let Some(desired) = claim.and_then(|claim| self.desired(claim)) else {
            return Reason::Gone;
        };
        let mounted = self.forecast.past.get(usize::from(place)).is_none_or(|past| past.mounted);
        let need = claim.and_then(|claim| self.forecast.needs.get_mut(usize::from(claim)));
        let Some(need) = need else { return Reason::Gone };
        let reason = match difference(&item.entry, &desired.entry) {
            _ if !mounted => Reason::NotMounted,
            Some(field) => Reason::Differs(field),
            None if need.denied => Reason::NotPossible,
            None if need.kept_as.is_some() => Reason::Twice,
            None => {
                need.kept_as = Some(place);
                return Reason::New;
            }
        };
        need.reason = reason;
        reason
    }

    /// Whether the profiles are the same: every desired entry stands, and every synthetic one
    /// belongs to a desired one.
    pub(crate) fn is_same(&self) -> bool {
        let mut last_id: (&[u8], bool) = (&[], false);
        let stands = |need: &Need| need.kept_as.is_some() || need.claimed_by.is_some();
        self.forecast.needs.iter().all(stands)
            && self.forecast.all_current().iter().zip(&self.forecast.past).all(|(item, past)| {
                let Some(id) = item.synthetic_for() else { return past.fate == Fate::Kept };
                if last_id.0 != id {
                    last_id = (id, self.by_id(id).is_some());
                }
                last_id.1
            })
    }

    /// Orders the entries that have an ID of their own.
    pub(crate) fn find_named(&mut self) {
        let named = (0_u16..).zip(self.forecast.all_desired()).filter(|(_, item)| item.is_named());
        self.named.extend(named.map(|(place, _)| place));
        let desired = self.forecast.all_desired();
        let id = |&place: &u16| desired.get(usize::from(place)).map(Item::id);
        snap_path::sort_by(&mut self.named, |a, b| id(a).cmp(&id(b)).then(a.cmp(b)));
    }

    /// The entry of the desired profile with this ID. Nearly always it is a mount point.
    fn by_id(&self, id: &[u8]) -> Option<u16> {
        let has_id = |&place: &u16| self.desired(place).is_some_and(|item| item.id() == id);
        self.forecast.desired_by_path.find(id).filter(has_id).or_else(|| {
            let before = |&place: &u16| self.desired(place).is_some_and(|item| item.id() < id);
            let start = self.named.partition_point(before);
            self.named.get(start).filter(|&place| has_id(place)).copied()
        })
    }

    /// Decides what goes with the tmpfs that it stands on. What may show another mount that goes is
    /// undone on its own: the mount point of that could not be removed otherwise.
    pub(crate) fn find_what_goes_along(&mut self) {
        for at in 0..self.forecast.all_current().len() {
            let Some(place) = self.forecast.current_by_path.nth(at) else { break };
            let Some(item) =
                self.current(place).filter(|_| self.forecast.fate(place) == Fate::Going)
            else {
                continue;
            };
            let copies = self.may_show_what_goes(item);
            let path = item.entry.mount_point;
            let below =
                self.forecast.current_by_path.at_or_above(path).filter(|&below| below < place);
            // One at the very mount point of the tmpfs lies over it, and goes first. One that is not
            // right in a mimic may be in a child, which shows something else.
            let ground_goes = below.max().is_some_and(|ground| {
                let tmpfs = self.current(ground).filter(|item| item.is_tmpfs());
                let other = tmpfs.is_some_and(|tmpfs| match tmpfs.is_mimic() {
                    true => parent(path) == Some(tmpfs.entry.mount_point),
                    false => tmpfs.entry.mount_point != path,
                });
                self.forecast.fate(ground) != Fate::Kept && other
            });
            if let Some(past) =
                self.forecast.past.get_mut(usize::from(place)).filter(|_| ground_goes)
            {
                past.ground_goes = true;
                if !copies {
                    past.fate = Fate::GoingWithTmpfs;
                }
            }
        }
    }

    /// Whether a mount may show another one that goes: one below its source, or that this is reached
    /// through.
    fn may_show_what_goes(&self, item: &Item<'_>) -> bool {
        let (Some(source), Depth::Recursive) = item.shown() else { return false };
        let mut through = self.forecast.current_by_path.at_or_above(source);
        !item.is_synthetic()
            && (!self.forecast.current_by_path.around(source).below.is_empty()
                || through.any(|place| self.forecast.fate(place) != Fate::Kept))
    }

    /// Notes that the entry of the current profile which a step undoes is gone; what stood on it, if it
    /// is a tmpfs, is gone as well.
    pub(crate) fn note_gone(&mut self, op: Op) {
        let (Op::Unmount(place) | Op::Forget(place) | Op::RemoveSymlink(place)) = op else {
            return;
        };
        self.forecast.set_fate(place, Fate::Gone);
        let Some(item) = self.current(place).filter(|item| item.is_tmpfs()) else { return };
        for at in self.forecast.current_by_path.subtree(item.entry.mount_point) {
            let Some(on_it) = self.forecast.current_by_path.nth(at) else { break };
            if self.forecast.fate(on_it) == Fate::GoingWithTmpfs && on_it > place {
                self.forecast.set_fate(on_it, Fate::Gone);
            }
        }
    }
}
