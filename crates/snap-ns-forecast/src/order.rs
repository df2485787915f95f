//! In which order the entries of the desired profile are applied, and when those of the current one
//! would have been.

use snap_mount_options::Origin;
use snap_profile::Item;

use crate::entries::{Fate, Time};
use crate::forecast::Forecast;

/// The pass of an entry: overname, content, layout.
fn pass(item: &Item<'_>) -> u8 {
    match item.origin {
        Origin::Rootfs | Origin::Overname => 0,
        Origin::Content => 1,
        Origin::Layout => 2,
    }
}

impl Forecast<'_> {
    /// What happens to the entry of the current profile at `place`.
    #[must_use]
    pub fn fate(&self, place: u16) -> Fate {
        self.past.get(usize::from(place)).map_or(Fate::Kept, |past| past.fate)
    }

    /// Decides that.
    pub fn set_fate(&mut self, place: u16, fate: Fate) {
        if let Some(past) = self.past.get_mut(usize::from(place)) {
            past.fate = fate;
        }
    }

    /// Puts the desired entries into the order of application.
    pub(crate) fn find_order(&mut self) {
        for wanted in 0..=2 {
            for place in self.desired_by_path.iter() {
                let item = self.all_desired().get(usize::from(place));
                if item.is_some_and(|item| pass(item) == wanted) {
                    self.order.push(place);
                }
            }
            if wanted == 0 {
                self.overnames = u32::try_from(self.order.len()).unwrap_or(u32::MAX);
            }
        }
        for (rank, &place) in (0_u16..).zip(&self.order) {
            if let Some(need) = self.needs.get_mut(usize::from(place)) {
                need.rank = rank;
            }
        }
    }

    /// When the desired entry at `place` is applied.
    pub fn time_of(&self, place: u16) -> Time {
        Time::from(self.need(place).rank).saturating_mul(2).saturating_add(1)
    }

    /// When the mimics that need nothing of this run are made: after the overnames.
    pub(crate) fn early(&self) -> Time {
        self.overnames.saturating_mul(2)
    }

    /// When, in a fresh namespace, that would be made for which the current entry at `place` is
    /// kept.
    pub fn time_of_kept(&self, place: u16) -> Time {
        let Some(past) = self.past.get(usize::from(place)) else { return 0 };
        match self.current(place) {
            Some(item) if item.is_synthetic() => self.mimic_time(past.kept_for),
            Some(item) if item.origin == Origin::Rootfs => 0,
            Some(_) | None => self.time_of(past.kept_for),
        }
    }
}
