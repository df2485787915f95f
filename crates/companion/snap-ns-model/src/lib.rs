//! A mount namespace in memory: a fake kernel, for tests of the planner and for dry runs.
//!
//! *For*: looking at and changing a tree with mounts in it as the real executor (`snap-ns-exec`)
//! would, thousands of times a second and without privileges.
//! *Terms*: a *machine* is the storage and all mounts; a [`Namespace`] is one view of it; a *spot*
//! is a mount and an inode in it, which is what a path leads to; a mount *stands on* a spot; a
//! *group* is a set of mounts that are peers (mount_namespaces(7)).
//! *Guarantees*: the same answers, outcomes and error numbers as the kernel and the executor give
//! for what can be done here; `tests/kernel` compares both on random sequences. A mount's ID is
//! never used again. No panic on any input.
//! *Does not*: check permissions (everything is done as root would), know hard links, renames,
//! locked mounts or limits; follow symbolic links, not even where the kernel would on the way to a
//! mimic's child that became one; cache parents as the executor does, which shows only where a
//! mount propagates onto a directory that it walked before. A file system that is no tmpfs is an
//! empty directory that can be written to, and nothing but `mode`, `uid` and `gid` is read in a
//! tmpfs's data. Nothing stands on the root directory of a namespace.

mod access;
mod attach;
mod beneath;
mod build;
mod copy;
mod data;
mod detach;
mod error;
mod group;
mod inode;
mod inside;
mod look;
mod machine;
mod mount;
mod namespace;
mod perform;
mod picture;
mod storage;
mod table;
mod walk;

pub use error::Error;
pub use mount::MountId;
pub use namespace::Namespace;
pub use table::{MountRow, Stack};

#[cfg(test)]
mod tests;
