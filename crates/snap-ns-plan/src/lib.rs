//! Change planning over a read-only view of a file system.
//!
//! *For*: deciding what has to be done so that a mount namespace that matches the current profile
//! matches the desired one; and for keeping account of what really was done.
//! *Terms*: a *change* is what happens to an entry (keep, unmount, mount); a [`Step`] is one thing
//! to be performed for it; a *writable mimic* replaces a directory in which nothing can be created
//! by a tmpfs that shows the same; the *territory* is where creating something does not show on the
//! host; *trespassing* is to create something elsewhere; a *fault* is a failure.
//! *Guarantees*: no I/O of its own ([`FsView`] is asked, a [`Performer`] is told), no allocation,
//! no panic on any input. What cannot succeed is refused before the first step, as far as the view
//! can tell; what is recorded ([`Plan::write_saved`]) is what was performed.
//! *Does not*: call the kernel, or make sentences.
#![no_std]
#![forbid(unsafe_code)]

mod account;
mod changes;
mod closure;
mod complete;
mod drive;
mod journal;
mod journal_lines;
mod layout;
mod leftovers;
mod pairing;
mod performer;
mod plan;
mod reason;
mod replace;
mod rollback;
mod rule;
mod saved;
mod step;

pub use drive::Failure;
pub use journal::MountIdAt;
pub use journal_lines::{Direction, Header, Phase};
pub use performer::{Observer, Performer};
pub use plan::{Comparison, Plan, PlanError};
pub use rollback::Earlier;
pub use rule::{Rule, Verdict};
pub use snap_ns_forecast::{
    Access, Attributes, Buffer, CHILDREN_MAX, Call, Child, Each, Errno, Fault, Field, FsKind,
    FsView, Ground, Limit, Look, MIMICS_MAX, Mimic, NAMES_MAX, NodeKind, Place, Reason, Role,
    Territory, What, Which,
};
pub use step::{Action, Creation, ObjectKind, Op, Outcome, STEPS_MAX, Skip, State, Step};

#[cfg(test)]
mod tests;
