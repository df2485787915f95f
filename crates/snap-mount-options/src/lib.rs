//! The option model of a mount profile's entries.
//!
//! *For*: giving meaning to the fourth field of an entry (contract section 3).
//! *Terms*: *flags* are per-mount and super-block flags of mount(2), *propagation* is how later
//! mounts spread and never a flag; *kind* is what the mount point is; *origin* is who asked;
//! a *synthetic* entry was added by this program so that the entry it is *needed by* could work;
//! *data* is what the file system itself gets.
//! *Guarantees*: no I/O, no allocation, no panic on any input; [`Options`] borrows from the text
//! and can only hold legal values. Two dialects are read: `x-snapd.NAME=VALUE` and that of the
//! founding design, `x-snap-NAME:VALUE`; [`founding::translate`] turns the second into the first,
//! which is the only one that is ever written.
//! *Does not*: look at paths in values, or decide what an entry needs.
#![no_std]
#![forbid(unsafe_code)]

mod error;
mod flags;
pub mod founding;
mod model;
mod token;
mod unfinished;
mod value;

pub use error::{OptionError, OptionErrorKind};
pub use flags::{Depth, MountFlags, Operation, Propagation, PropagationKind};
pub use model::{IfMissing, Kind, Options, Origin};
pub use unfinished::Unfinished;

#[cfg(test)]
mod tests;
