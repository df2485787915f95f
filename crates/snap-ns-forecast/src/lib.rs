//! What a fresh mount namespace would be, over a read-only view of a file system.
//!
//! *For*: predicting, before anything is touched, what every entry of a desired profile will find
//! when its turn comes: through the mounts made before it, without those of the current profile, and
//! without what the teardown will remove; and so which directories have to become writable mimics,
//! what has to be created, and what cannot work at all.
//! *Terms*: a *writable mimic* replaces a directory in which nothing can be created by a tmpfs that
//! shows the same; the *territory* is where creating something does not show on the host; a *route*
//! is where a path leads through the mounts of a profile; *remains* are what the current profile left
//! where the snap may write; a *fault* is a failure, as a fact.
//! *Guarantees*: no I/O of its own ([`FsView`] is asked), no allocation, no panic on any input.
//! *Does not*: decide what is kept, order steps, or perform any.
#![no_std]
#![forbid(unsafe_code)]

mod entries;
mod fault;
mod forecast;
mod listing;
mod look;
mod made;
mod mimic;
mod mimics;
mod node;
mod noted;
mod old_link;
mod order;
mod own;
mod reason;
mod remains;
mod rounds;
mod route;
mod routing;
mod survey;
mod territory;
mod view;
mod way;

pub use entries::{Fate, Need, Past, Time};
pub use fault::{Call, Errno, Fault, Limit, Place, Role, What};
pub use forecast::Forecast;
pub use made::created_with;
pub use mimic::{CHILDREN_MAX, Child, Listed, MIMICS_MAX, Mimic, NAMES_MAX, SHOWS, Slot};
pub use node::{Access, Attributes, FsKind, Ground, Look, NodeKind};
pub use old_link::OldLink;
pub use reason::{Field, Reason, Which};
pub use route::{Buffer, Log, Route, Space};
pub use territory::{Territory, directory_mode, is_usual};
pub use view::{Each, FsView};
