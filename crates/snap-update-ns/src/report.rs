//! What is told, and to whom.

use rustix::io::Errno;
use snap_ns_plan::{Fault, Observer, Outcome, Performer, Plan, Step, What};

use crate::error::FileName;
use crate::journal::Journal;
use crate::log::Log;
use crate::sentences::{ForEntry, StepText};

/// Tells the log about a plan, and keeps the journal.
pub(crate) struct Told<'l> {
    pub(crate) log: &'l mut Log,
    pub(crate) file: FileName,
    pub(crate) journal: Option<&'l mut Journal>,
    /// Whether anything was left out.
    pub(crate) left_out: bool,
}

impl<'l> Told<'l> {
    /// Only the log is told.
    pub(crate) fn new(log: &'l mut Log, file: FileName) -> Self {
        Self { log, file, journal: None, left_out: false }
    }
}

/// A fault of the files that a run keeps.
fn no_room(errno: Errno) -> Fault {
    let what = What::Failed(snap_ns_plan::Call::Reserve, errno.raw_os_error());
    Fault::new(what, snap_ns_plan::Role::Nothing)
}

impl Observer for Told<'_> {
    fn left_out(&mut self, plan: &Plan<'_>, place: u16, fault: Fault) {
        self.left_out = true;
        let entry = ForEntry { plan, place, file: self.file, fault };
        self.log.notice(format_args!("left out: {entry}"));
    }

    fn noticed(&mut self, plan: &Plan<'_>, place: u16, fault: Fault) {
        let entry = ForEntry { plan, place, file: self.file, fault };
        self.log.notice(format_args!("{entry}"));
    }

    fn tried(&mut self, plan: &Plan<'_>, step: Step, outcome: Outcome) {
        if self.log.is_read() {
            self.log.debug(format_args!("{}", StepText { plan, op: step.op, outcome }));
        }
        let made = matches!(outcome, Outcome::Done | Outcome::DoneWithout { .. });
        if let snap_ns_plan::Op::Mimic(mimic) = step.op
            && let Some(mimic) = plan.mimic(mimic).filter(|mimic| made && mimic.is_hosts)
        {
            self.log.notice(format_args!(
                "{} is a copy for the snap now: what the host adds, replaces or removes right in it does not show",
                crate::output::Shown(mimic.dir)
            ));
        }
        if let Outcome::DoneWithout { first: fault, count } = outcome
            && let Some(place) = plan.cause(step.op)
        {
            let entry = ForEntry { plan, place, file: self.file, fault };
            self.log.notice(format_args!("not shown ({count} in all): {entry}"));
        }
    }

    fn undone(&mut self, plan: &Plan<'_>, performer: &mut dyn Performer) -> Result<(), Fault> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        journal.undone(plan, performer).map_err(no_room)
    }
}
