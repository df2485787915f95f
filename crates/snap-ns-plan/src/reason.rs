//! Which entry a step is for, and why something is done.

use snap_ns_forecast::{Reason, Which};
use snap_profile::Item;

use crate::plan::Plan;
use crate::step::Op;

impl<'a> Plan<'a> {
    /// The entry of the desired profile that a step is for, if it is for one.
    #[must_use]
    pub fn cause(&self, op: Op) -> Option<u16> {
        match op.which() {
            Which::Current(_) => None,
            Which::Desired(place) => Some(place),
            Which::Mimic(mimic) => {
                self.forecast.mimics.get(usize::from(mimic)).map(|slot| slot.needed_by)
            }
        }
    }

    /// The entry that a step is for, of whichever profile.
    #[must_use]
    pub fn item(&self, op: Op) -> Option<&'a Item<'a>> {
        match op.which() {
            Which::Current(place) => self.current(place),
            Which::Desired(_) | Which::Mimic(_) => self.desired(self.cause(op)?),
        }
    }

    /// Why a step is in the plan.
    #[must_use]
    pub fn reason(&self, op: Op) -> Reason {
        match op.which() {
            Which::Current(place) => {
                let past = self.forecast.past.get(usize::from(place));
                past.map_or(Reason::Gone, |past| past.reason)
            }
            Which::Desired(place) => self.forecast.need(place).reason,
            Which::Mimic(mimic) => {
                self.forecast.mimics.get(usize::from(mimic)).map_or(Reason::New, |slot| slot.reason)
            }
        }
    }
}
