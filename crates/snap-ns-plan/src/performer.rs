//! Who performs a plan, and who is told what happens.

use snap_ns_forecast::{Fault, FsView};

use crate::plan::Plan;
use crate::rule::Rule;
use crate::step::{Action, Outcome, Step};

/// Who performs steps: the kernel, or a model of it.
pub trait Performer: FsView {
    /// Performs `action`, or leaves everything as it was but for directories that it created on
    /// the way. Before something is created, `rule` is asked about the directory.
    fn perform(&mut self, action: &Action<'_>, rule: &dyn Rule) -> Outcome;
}

/// Who is told what happens.
pub trait Observer {
    /// A content entry of the desired profile, by its place, was left out: the run goes on.
    fn left_out(&mut self, plan: &Plan<'_>, place: u16, fault: Fault);

    /// An entry of the desired profile, by its place, is not what somebody may have meant.
    fn noticed(&mut self, plan: &Plan<'_>, place: u16, fault: Fault) {
        let _ = (plan, place, fault);
    }

    /// A step was tried.
    fn tried(&mut self, plan: &Plan<'_>, step: Step, outcome: Outcome);

    /// Everything that goes is undone, and nothing new stands yet. Who keeps no journal has nothing
    /// to do here.
    ///
    /// # Errors
    ///
    /// The run must not go on.
    fn undone(&mut self, plan: &Plan<'_>, performer: &mut dyn Performer) -> Result<(), Fault> {
        let _ = (plan, performer);
        Ok(())
    }
}
