//! The newer system calls for mounts, as safe functions with safe defaults.
//!
//! *For*: making trees of mounts that are attached nowhere, giving them their flags (mount_setattr(2),
//! which rustix lacks), and attaching them.
//! *Guarantees*: a call does what its manual page says, or tells the kernel's error. On architectures
//! for which it was not written it answers `ENOSYS`, as a kernel without the call does: callers have
//! another way for that. No allocation, no panic on any input.
//! *Does not*: retry, or know what a mount is for.
#![no_std]
#![deny(unsafe_code)]

mod mount_setattr;
mod tree;
#[cfg(all(target_arch = "x86_64", target_pointer_width = "64", target_os = "linux"))]
mod x86_64;

pub use mount_setattr::{MountAttributes, Reach, mount_setattr};
pub use tree::{attach, attach_beneath, clone_tree, is_plain_tmpfs, move_away, new_tmpfs};
