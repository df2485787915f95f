//! Which mimics stand already, just as they would be made now.

use snap_ns_forecast::{Fate, Reason};
use snap_path::Text;
use snap_profile::Item;

use crate::plan::Plan;
use crate::saved::push_tmpfs_options;

impl Plan<'_> {
    /// Pairs the mimics that stand with those that a fresh namespace would have.
    pub(crate) fn pair_mimics(&mut self) {
        for place in (0_u16..).take(self.forecast.all_current().len()) {
            let Some(item) = self.current(place) else { break };
            if !item.is_mimic() || !self.is_mounted(place) {
                continue;
            }
            let dir = item.entry.mount_point;
            let open = self.forecast.mimics_at(dir).filter(|&at| {
                self.forecast.mimics.get(usize::from(at)).is_some_and(|slot| slot.kept_as.is_none())
            });
            let wanted = open.min_by_key(|&at| self.forecast.mimic_time(at));
            let Some(mimic) = wanted else { continue };
            let same = self.shows_alike(mimic, place);
            if let Some(past) = self.forecast.past.get_mut(usize::from(place)) {
                past.kept_for = mimic;
                past.fate = if same { Fate::Kept } else { Fate::Going };
                past.reason = Reason::Changed;
            }
            if let Some(slot) = self.forecast.mimics.get_mut(usize::from(mimic)) {
                slot.kept_as = same.then_some(place);
                slot.reason = if same { slot.reason } else { Reason::Changed };
            }
        }
    }

    /// Whether the mimic that stands has the mode and owner that it would get now, and shows the same.
    /// Of one that is recorded with a line for each child nobody knows: it has links, too.
    fn shows_alike(&self, mimic: u16, place: u16) -> bool {
        let (Some(mimic), Some(item)) = (self.mimic(mimic), self.current(place)) else {
            return false;
        };
        let id = item.synthetic_for().unwrap_or_default();
        let mut options = Text::new();
        push_tmpfs_options(&mut options, &mimic, id)
            .is_some_and(|()| options.as_bytes() == item.entry.options)
    }

    /// Whether a mimic that stays is needed by another entry than is recorded.
    pub(crate) fn records_other_needer(&self) -> bool {
        self.forecast.mimics.iter().any(|slot| {
            let id = self.desired(slot.needed_by).map(Item::id);
            let kept = slot.kept_as.and_then(|place| self.current(place));
            kept.is_some_and(|item| item.synthetic_for() != id)
        })
    }
}
