//! Why a run fails, as facts.

use snap_ns_plan::{Failure, Plan, PlanError};
use snap_profile::LoadError;
use snap_session::{HomeError, Instance, ProfileFile, SessionError};

use crate::arguments::ArgumentError;

/// Why the run fails: what the one line on standard output says.
#[derive(Debug)]
pub(crate) enum Error<'p> {
    Arguments(ArgumentError),
    /// Of which instance, once that is known.
    Session(Option<Instance<'static>>, SessionError),
    Home(&'static [u8], HomeError),
    Load(FileName, LoadError<'static>),
    Plan(FileName, &'p Plan<'static>, PlanError),
    Failed(FileName, &'p Plan<'static>, Failure, Undone),
    NoWayBack,
    Root(i32),
    /// The mount point of the entry that is in the way, and what the kernel said.
    Beneath(Option<&'p [u8]>, i32),
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
    pub(crate) which: ProfileFile,
}
