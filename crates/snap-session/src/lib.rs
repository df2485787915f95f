//! The host side of a run: everything but the mounts.
//!
//! *For*: what has to be so before the mount namespace may be changed, and what has to be said
//! afterwards (contract sections 1 and 2).
//! *Terms*: an *instance* is an installed snap, with its key if it is a parallel one; to *join* is
//! to enter its mount namespace; the *lock* is snapd's, one for each instance; to *freeze* is to
//! stop all processes of the instance by the kernel's control groups; the *store* is where the two
//! profiles are.
//! *Guarantees*: every descriptor is close-on-exec; a file that belongs to an instance or a user is
//! opened without following a symbolic link at its end; no allocation, no panic on any input. A
//! [`Freezer`] that cannot freeze every process of root's groups thaws all; what users have is frozen as
//! far as they let it, and told if not.
//! *Does not*: know anything about entries, mounts or plans.
#![no_std]
#![forbid(unsafe_code)]

mod draft;
mod error;
mod freezer;
mod freezer_groups;
mod freezer_state;
mod freezer_v1;
mod freezer_v2;
mod freezer_walk;
mod home;
mod instance;
mod join;
mod lock;
mod log;
mod privileges;
mod stack;
mod store;

pub use draft::{Draft, ProfileWriter, Reserved, keeps_journal, remove_drafts, reserve};
pub use error::{GroupName, SessionError, Subject, Task};
pub use freezer::Freezer;
pub use freezer_groups::GroupPath;
pub use home::{HomeError, check_home};
pub use instance::{Instance, NameError};
pub use join::{Joined, is_preserved, join};
pub use lock::{Lock, check_locked, lock};
pub use log::open_log;
pub use privileges::{become_user, check_capabilities};
pub use stack::check_stack;
pub use store::{ProfileFile, read_profile};

#[cfg(test)]
mod tests;
