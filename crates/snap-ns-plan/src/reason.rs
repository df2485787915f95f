//! Which entry a step is for, and why something is done.

use snap_ns_forecast::Reason;
use snap_profile::Item;

use crate::plan::Plan;
use crate::step::Op;

impl<'a> Plan<'a> {
    /// The entry of the desired profile that a step is for, if it is for one.
    #[must_use]
    pub fn cause(&self, op: Op) -> Option<u16> {
        match op {
            Op::Unmount(_)
            | Op::RemoveSymlink(_)
            | Op::RemoveMountPoint(_)
            | Op::RemoveSource(_)
            | Op::Forget(_) => None,
            Op::MakeSource(place)
            | Op::MakeMountPoint(place)
            | Op::MakeSymlink(place)
            | Op::EnsureDir(place)
            | Op::Mount(place)
            | Op::PutBeneath(place) => Some(place),
            Op::Mimic(mimic) => {
                self.forecast.mimics.get(usize::from(mimic)).map(|slot| slot.needed_by)
            }
        }
    }

    /// The entry that a step is for, of whichever profile.
    #[must_use]
    pub fn item(&self, op: Op) -> Option<&'a Item<'a>> {
        if let Op::Unmount(at)
        | Op::RemoveSymlink(at)
        | Op::RemoveMountPoint(at)
        | Op::RemoveSource(at)
        | Op::Forget(at) = op
        {
            return self.current(at);
        }
        self.desired(self.cause(op)?)
    }

    /// Why a step is in the plan.
    #[must_use]
    pub fn reason(&self, op: Op) -> Reason {
        let past =
            |at: u16| self.forecast.past.get(usize::from(at)).map_or(Reason::Gone, |p| p.reason);
        match op {
            Op::Unmount(at)
            | Op::RemoveSymlink(at)
            | Op::RemoveMountPoint(at)
            | Op::RemoveSource(at)
            | Op::Forget(at) => past(at),
            Op::MakeSource(at)
            | Op::MakeMountPoint(at)
            | Op::MakeSymlink(at)
            | Op::EnsureDir(at)
            | Op::Mount(at)
            | Op::PutBeneath(at) => self.forecast.need(at).reason,
            Op::Mimic(mimic) => {
                self.forecast.mimics.get(usize::from(mimic)).map_or(Reason::New, |slot| slot.reason)
            }
        }
    }
}
