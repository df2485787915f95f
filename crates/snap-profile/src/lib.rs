//! Mount profiles in memory: typed, cleaned, expanded, bounded.
//!
//! *For*: turning a profile's text into entries that the planner can compare and the executor can
//! perform, or into one error that says where the text is wrong.
//! *Terms*: an [`Item`] is an entry with its options as values and the line it came from; the
//! *arena* takes the few texts that get longer than they were (variables, the founding dialect); an
//! [`Index`] finds entries by one of their paths, and by what lies above and below it.
//! *Guarantees*: no I/O, no allocation, no panic on any input. Every mount point, and every source
//! that is a path, is absolute and clean. All storage is the caller's.
//! *Does not*: compare profiles, or look at the file system.
#![no_std]
#![forbid(unsafe_code)]

mod arena;
mod error;
mod index;
mod item;
mod load;
mod variables;

pub use arena::Arena;
pub use error::{LoadError, LoadErrorKind};
pub use index::{Around, Index, Key};
pub use item::{FOUND, Item, Shape};
pub use load::{ENTRIES_MAX, Profile, Role, TEXT_MAX, load};
pub use variables::{HomeUse, Variables};

#[cfg(test)]
mod tests;
