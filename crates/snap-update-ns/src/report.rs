//! What is told, and to whom.

use core::fmt;

use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::io::Errno;
use snap_ns_plan::{Fault, Observer, Outcome, Performer, Plan, PlanError, Step, What};
use snap_profile::LoadError;
use snap_session::{Instance, Reserved, SessionError};

use crate::arguments::ArgumentError;
use crate::change::Journal;
use crate::output::{Output, Patience};
use crate::sentences::{ForEntry, StepText};

/// Why the run fails: what the one line on standard output says.
#[derive(Debug)]
pub(crate) enum Error<'p> {
    Arguments(ArgumentError),
    Session(Instance<'static>, SessionError),
    EarlySession(SessionError),
    Load(FileName, LoadError<'static>),
    Plan(FileName, &'p Plan<'static>, PlanError),
    Failed(FileName, &'p Plan<'static>, snap_ns_plan::Failure, Undone),
    NoWayBack,
    Root(i32),
    Beneath(i32),
}

/// What became of the steps before the one that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undone {
    /// Nobody tried to undo them.
    Nothing,
    /// The namespace is as it was before.
    All,
    /// The saved profile says what is mounted.
    NotAll,
}

/// A profile's file, as people know it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileName {
    pub(crate) instance: Instance<'static>,
    pub(crate) which: snap_session::ProfileFile,
}

impl From<ArgumentError> for Error<'_> {
    fn from(error: ArgumentError) -> Self {
        Self::Arguments(error)
    }
}

impl From<SessionError> for Error<'_> {
    fn from(error: SessionError) -> Self {
        Self::EarlySession(error)
    }
}

/// Where notices and the log go.
pub(crate) struct Log {
    standard_error: BorrowedFd<'static>,
    debug: bool,
    file: Option<OwnedFd>,
}

impl Log {
    pub(crate) fn new(standard_error: BorrowedFd<'static>, debug: bool) -> Self {
        Self { standard_error, debug, file: None }
    }

    /// Sends the log to `file` as well.
    pub(crate) fn copy_to(&mut self, file: Option<OwnedFd>) {
        self.file = file;
    }

    /// Tells what the user should know.
    pub(crate) fn notice(&mut self, text: fmt::Arguments<'_>) {
        Output::new(self.standard_error, Patience::None)
            .line(format_args!("snap-update-ns: {text}"));
        self.copy(text);
    }

    /// Tells what only somebody who debugs wants to know.
    pub(crate) fn debug(&mut self, text: fmt::Arguments<'_>) {
        if self.debug {
            Output::new(self.standard_error, Patience::None).line(format_args!("DEBUG: {text}"));
        }
        self.copy(text);
    }

    /// Whether anybody reads the log.
    pub(crate) fn is_read(&self) -> bool {
        self.debug || self.file.is_some()
    }

    fn copy(&mut self, text: fmt::Arguments<'_>) {
        if let Some(file) = &self.file {
            Output::new(file, Patience::None).line(text);
        }
    }
}

/// Tells the log about a plan, and makes room for a profile that gets longer.
pub(crate) struct Told<'l> {
    pub(crate) log: &'l mut Log,
    pub(crate) file: FileName,
    /// The profile to come, when there will be one.
    pub(crate) next: Option<&'l mut Reserved>,
    pub(crate) journal: Option<&'l mut Journal>,
    /// Whether anything was left out.
    pub(crate) left_out: bool,
}

impl<'l> Told<'l> {
    /// Only the log is told.
    pub(crate) fn new(log: &'l mut Log, file: FileName) -> Self {
        Self { log, file, next: None, journal: None, left_out: false }
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
        if let (snap_ns_plan::Op::Mimic(mimic), Outcome::Done) = (step.op, outcome)
            && let Some(mimic) = plan.mimic(mimic)
        {
            for child in mimic.children {
                if child.kind == snap_ns_plan::NodeKind::Special {
                    let (dir, name) = (crate::output::Shown(mimic.dir), mimic.name(child));
                    let name = crate::output::Shown(name);
                    self.log.notice(format_args!(
                        "{dir}/{name} is a device, FIFO or socket: not shown in the writable copy"
                    ));
                }
            }
        }
    }

    fn make_room(&mut self, bytes: usize) -> Result<(), Fault> {
        let Some(next) = &mut self.next else { return Ok(()) };
        next.grow(bytes).map_err(no_room)
    }

    fn undone(&mut self, plan: &Plan<'_>, performer: &mut dyn Performer) -> Result<(), Fault> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        journal.undone(plan, performer).map_err(no_room)
    }

    fn unplanned(
        &mut self,
        plan: &Plan<'_>,
        mimic: u16,
        performer: &mut dyn Performer,
    ) -> Result<(), Fault> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        journal.unplanned(plan, mimic, performer).map_err(no_room)
    }
}
