//! The syscall executor: performs a plan's steps by file descriptor.
//!
//! *For*: everything that changes or looks at the tree of the mount namespace this process is in.
//! *Terms*: to *walk* is to open a path so that no component is a symbolic link; *here* is the
//! working directory, which this crate moves to whatever it works on, because the kernel resolves
//! `.` at no cost; the *aside* is where a mimic's directory is bound while it is re-created.
//! A *tree* is of mounts, and not attached anywhere yet.
//! *Guarantees*: no component of a path is ever followed as a symbolic link. Mounts are made on
//! descriptors (themselves, `.` or `/proc/self/fd/N`); only a bind's mount point is named by its path,
//! and only where the walk has just shown that nobody but root can change what the path leads to.
//! Every descriptor is close-on-exec. An action that fails takes back what it mounted; directories
//! that it created may stay. No allocation, no panic on any input.
//! *Does not*: decide. Where something may be created is the plan's rule; what cannot be created is
//! reported as an obstacle.
//!
//! There are two back ends for making mounts. The classic one uses mount(2) and umount2(2) in just
//! the forms that snapd's AppArmor policy for this program grants (contract section 5).
#![no_std]
#![forbid(unsafe_code)]

mod acl;
mod aside;
mod backend;
mod beneath;
mod child;
mod classic;
mod copy;
mod create;
mod fault;
mod fd_path;
mod here;
mod kernel;
mod look;
mod mimic;
mod mount;
mod parents;
mod remembered;
mod replace;
mod settle;
mod stat;
mod tree;
mod unmount;
mod unseen;
mod walk;

pub use backend::{Backend, Fallback};
pub use beneath::BeneathError;
pub use kernel::{CreatesFor, Kernel, Resolver};
