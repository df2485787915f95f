//! Which mounts can take the place of another one at once, so that there is no instant without.
//!
//! The old mount lingers: it is not undone with the rest of the teardown, but just before the new one
//! is made, which may lie beneath it by then. That is only right where nothing in between sees or
//! changes the difference.

use snap_ns_forecast::{Fate, FsView, Past};
use snap_path::is_at_or_below;
use snap_profile::Item;

use crate::plan::Plan;
use crate::step::Op;

/// No more entries may go: each is compared with all others, and an update that changes more than a
/// few is a refresh, which stops the snap anyway.
const GOING_MAX: usize = 64;

/// Where a mount of the current profile is, and what it shows, if that has a path. What is mounted in
/// either place may appear in the other one as well.
#[derive(Clone, Copy)]
struct Ends<'p> {
    path: &'p [u8],
    source: Option<&'p [u8]>,
}

impl<'p> Ends<'p> {
    fn of(item: &Item<'p>) -> Self {
        Self { path: item.entry.mount_point, source: item.shown().0 }
    }

    /// Whether what is mounted, or made, at `other` may be seen here.
    fn may_see(&self, other: &[u8]) -> bool {
        related(self.path, other) || self.source.is_some_and(|source| related(source, other))
    }

    /// Whether who shows `other` may see this mount.
    fn may_be_shown_by(&self, other: Option<&[u8]>) -> bool {
        other.is_some_and(|other| related(self.path, other))
    }
}

fn related(a: &[u8], b: &[u8]) -> bool {
    is_at_or_below(a, b) || is_at_or_below(b, a)
}

impl<'a> Plan<'a> {
    /// Finds the entries of the current profile that linger until another one takes their place.
    pub(crate) fn find_lingering(&mut self, view: &mut dyn FsView) {
        let going = |past: &&Past| past.fate == Fate::Going;
        // What has to be made again may be what a mount that lingers is on, by whatever path.
        if self.made_otherwise || self.forecast.past.iter().filter(going).count() > GOING_MAX {
            return;
        }
        for place in 0..self.recorded() {
            // Beneath the old one there must be no other mount: nobody could tell them apart.
            let path = self.current(place).map_or(&[][..], |item| item.entry.mount_point);
            let lingers = self.may_linger(place) == Some(true)
                && view.mount_id_at(path) == 0
                && !self.is_of_kept_mimic(path);
            if let Some(past) = self.forecast.past.get_mut(usize::from(place)) {
                past.lingers = lingers;
            }
        }
    }

    /// Whether a mimic that stays has a mount of its own at just `path`: only what is mounted on top of
    /// it is an entry's.
    fn is_of_kept_mimic(&self, path: &[u8]) -> bool {
        let kept = |mimic: &u16| {
            self.forecast.mimics.get(usize::from(*mimic)).is_some_and(|slot| slot.kept_as.is_some())
        };
        let mut kept = (0_u16..).take(self.forecast.mimics.len()).filter(kept);
        kept.any(|mimic| {
            self.forecast.child_at(mimic, path).is_some_and(|(_, len)| len == path.len())
        })
    }

    /// Whether the current entry at `place` may be undone as late as the desired one at the same mount
    /// point is made.
    fn may_linger(&self, place: u16) -> Option<bool> {
        let stands = |past: &&Past| past.fate == Fate::Going && past.mounted && !past.ground_goes;
        self.forecast.past.get(usize::from(place)).filter(stands)?;
        let old = self.current(place)?;
        let ends = Ends::of(old);
        let new = self.forecast.desired_by_path.find(ends.path)?;
        let (item, need) = (self.desired(new)?, self.forecast.need(new));
        let same_kind = old.shape.is_mount() && item.shape == old.shape && !old.is_synthetic();
        // What was created for the old one must not have to go, nor anything be made for the new one.
        let source_stays = ends
            .source
            .is_none_or(|source| self.own_of_source(place).is_none() || self.stays(place, source));
        let point_stays = !need.make_mount_point || self.stays(place, ends.path);
        let may = same_kind
            && !need.left_out
            && !need.make_source
            && !ends.may_be_shown_by(item.shown().0)
            && self.is_alone(place, &ends)
            && self.is_unseen(new, &ends)
            && source_stays
            && point_stays;
        Some(may)
    }

    /// Whether no other entry of the current profile that goes has to do with the one at `place`, whose
    /// ends these are, nor any that stays with its mount point, but for a tmpfs above it.
    fn is_alone(&self, place: u16, ends: &Ends<'_>) -> bool {
        let ground = |at: u16| {
            let above = |item: &Item<'_>| item.is_tmpfs() && item.entry.mount_point != ends.path;
            self.current(at).is_some_and(above) && self.forecast.fate(at) == Fate::Kept
        };
        let below = self.forecast.current_by_path.subtree(ends.path);
        let mut above = self.forecast.current_by_path.at_or_above(ends.path);
        let all = (0_u16..).zip(self.forecast.all_current().iter().zip(&self.forecast.past));
        let mut others = all.filter(|(at, (_, past))| *at != place && past.fate != Fate::Kept);
        others.all(|(_, (item, _))| {
            let shown = item.shown().0.filter(|_| !item.is_synthetic());
            !ends.may_see(item.entry.mount_point) && !ends.may_be_shown_by(shown)
        }) && below.count() == 1
            && above.all(|at| at == place || ground(at))
    }

    /// Whether nothing that is made before the desired entry at `new` has to do with the old mount.
    fn is_unseen(&self, new: u16, ends: &Ends<'_>) -> bool {
        let mut earlier = self.forecast.order.iter().take_while(|&&place| place != new);
        let mut mimics = self.forecast.mimics.iter().filter(|slot| slot.kept_as.is_none());
        earlier.all(|&place| {
            let need = self.forecast.need(place);
            let made = need.kept_as.is_none() && !need.left_out;
            let Some(item) = self.desired(place).filter(|_| made) else { return true };
            !ends.may_see(item.entry.mount_point) && !ends.may_be_shown_by(item.shown().0)
        }) && mimics.all(|slot| !ends.may_see(slot.dir))
    }

    /// The entry of the current profile that the desired one at `new` takes the place of.
    pub(crate) fn replaced_by(&self, new: u16) -> Option<u16> {
        let path = self.desired(new)?.entry.mount_point;
        let mut at = self.forecast.current_by_path.at(path);
        at.find(|&at| self.lingers(at))
    }

    /// Whether what a step mounts lies beneath the old mount, or was made in this way.
    pub(crate) fn is_beneath(&self, op: Op) -> bool {
        matches!(op, Op::Mount(place) if self.forecast.need(place).beneath)
    }

    /// Whether the entry of the current profile at `place` is undone only when another one has taken
    /// its place.
    pub(crate) fn lingers(&self, place: u16) -> bool {
        self.forecast.past.get(usize::from(place)).is_some_and(|past| past.lingers)
    }
}
