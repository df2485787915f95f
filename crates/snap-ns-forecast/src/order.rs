//! What becomes of the entries of the current profile, and in which order those of the desired one
//! are applied.

use snap_mount_options::Origin;
use snap_profile::Item;

use crate::forecast::Forecast;
use crate::reason::Reason;

/// What happens to an entry of the current profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays, untouched.
    Kept,
    /// It is to be undone.
    Going,
    /// It goes with the tmpfs that it stands on; there is nothing to be done for it.
    GoingWithTmpfs,
    /// It was undone.
    Gone,
}

/// What is known of an entry of the current profile.
#[derive(Clone, Copy, Debug)]
pub struct Past {
    /// What happens to it.
    pub fate: Fate,
    /// Whether it is really mounted, as far as anybody looked.
    pub mounted: bool,
    /// Whether it was mounted or made in a tmpfs that goes: both go at once.
    pub ground_goes: bool,
    /// Whether it is undone only when another one has taken its place.
    pub lingers: bool,
    /// Of one that is kept: the place of what it is kept for, a desired entry or, when it is
    /// synthetic, a mimic.
    pub kept_for: u16,
    /// Why it is not kept.
    pub reason: Reason,
}

/// A moment in the order of application: `2 * rank + 1` for the entry with that rank, and just
/// before it (`2 * rank`) for a mimic. Later mounts cover earlier ones.
pub type Time = u32;

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
