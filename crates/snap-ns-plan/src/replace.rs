//! Which mounts can take the place of another one at once, so that there is no instant without.
//!
//! The old one is not undone with the rest of the teardown then, but when the new one is made. That is
//! only right where nobody in between sees the difference.

use snap_ns_forecast::{Fate, FsView, Past, Reason};
use snap_path::is_at_or_below;
use snap_profile::Item;

use crate::plan::Plan;

/// The most entries that are looked at: each is compared with all others, and an update that changes
/// more than a few is a refresh, which stops the snap anyway.
const LOOKED_AT_MAX: usize = 64;

fn related(a: &[u8], b: &[u8]) -> bool {
    is_at_or_below(a, b) || is_at_or_below(b, a)
}

impl Plan<'_> {
    /// Finds the entries of the current profile that are replaced.
    pub(crate) fn find_replaced(&mut self, view: &mut dyn FsView) {
        let mut left = LOOKED_AT_MAX;
        for place in 0..self.recorded() {
            let changed = |past: &Past| past.fate == Fate::Going && past.reason != Reason::Gone;
            if left == 0 || !self.forecast.past.get(usize::from(place)).is_some_and(changed) {
                continue;
            }
            left = left.saturating_sub(1);
            let new = self.replacement(place).filter(|_| {
                // Beneath the old one there must be no other mount: nobody could tell them apart.
                let path = self.current(place).map_or(&[][..], |item| item.entry.mount_point);
                view.mount_id_at(path) == 0
            });
            if let (Some(new), Some(past)) = (new, self.forecast.past.get_mut(usize::from(place))) {
                (past.fate, past.kept_for) = (Fate::Replaced, new);
            }
        }
    }

    /// The entry of the desired profile that may take the place of the current one at `place`.
    fn replacement(&self, place: u16) -> Option<u16> {
        let past = self.forecast.past.get(usize::from(place))?;
        let old = self.current(place).filter(|item| item.shape.is_mount())?;
        let path = old.entry.mount_point;
        let alone = past.fate == Fate::Going
            && past.mounted
            && !past.ground_goes
            && !old.is_synthetic()
            && self.is_alone(place, path);
        let new = self.forecast.desired_by_path.find(path).filter(|_| alone)?;
        let (item, need) = (self.desired(new)?, self.forecast.need(new));
        let same_point = !need.make_mount_point || self.stays(place, path);
        let source_apart = item.shown().0.is_none_or(|source| !related(source, path));
        // What was created for the old one must not have to go.
        let source_stays = old
            .shown()
            .0
            .is_none_or(|source| self.own_of_source(place).is_none() || self.stays(place, source));
        let fits =
            source_stays && item.shape == old.shape && !need.left_out && same_point && source_apart;
        (fits && need.kept_as.is_none() && self.is_unseen(new, path)).then_some(new)
    }

    /// Whether no other entry of the current profile has to do with the mount point `path`, but for
    /// file systems of ours above it that stay.
    fn is_alone(&self, place: u16, path: &[u8]) -> bool {
        let ground = |at: u16| {
            let tmpfs = self.current(at).is_some_and(Item::is_tmpfs);
            let above = self.current(at).is_some_and(|item| item.entry.mount_point != path);
            tmpfs && above && self.forecast.fate(at) == Fate::Kept
        };
        let below = self.forecast.current_by_path.subtree(path);
        let mut above = self.forecast.current_by_path.at_or_above(path);
        let all = (0_u16..).zip(self.forecast.all_current().iter().zip(&self.forecast.past));
        let mut others = all.filter(|(at, (_, past))| *at != place && past.fate != Fate::Kept);
        let untouched = others.all(|(_, (item, _))| {
            item.shown().0.is_none_or(|source| item.is_synthetic() || !related(source, path))
        });
        untouched
            && below.filter_map(|at| self.forecast.current_by_path.nth(at)).all(|at| at == place)
            && above.all(|at| at == place || ground(at))
    }

    /// Whether nothing that is made before the desired entry at `new` has to do with its mount point
    /// `path`.
    fn is_unseen(&self, new: u16, path: &[u8]) -> bool {
        let time = self.forecast.time_of(new);
        let made = |place: u16| {
            let need = self.forecast.need(place);
            need.kept_as.is_none() && !need.left_out && place != new
        };
        let earlier = self.forecast.order.iter().copied();
        let mut earlier = earlier.take_while(|&place| self.forecast.time_of(place) < time);
        let mimics = (0_u16..).zip(&self.forecast.mimics);
        let mut mimics = mimics.filter(|(_, slot)| slot.kept_as.is_none());
        earlier.all(|place| {
            let Some(item) = self.desired(place).filter(|_| made(place)) else { return true };
            let source = item.shown().0;
            !related(item.entry.mount_point, path)
                && source.is_none_or(|source| !related(source, path))
        }) && mimics.all(|(_, slot)| !related(slot.dir, path))
    }

    /// The entry of the current profile that the desired one at `new` takes the place of.
    pub(crate) fn replaced_by(&self, new: u16) -> Option<u16> {
        let path = self.desired(new)?.entry.mount_point;
        let mut at = self.forecast.current_by_path.at(path);
        at.find(|&at| self.forecast.fate(at) == Fate::Replaced)
    }
}
