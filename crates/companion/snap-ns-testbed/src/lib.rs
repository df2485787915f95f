//! Throw-away mount namespaces for tests, the demo and the benchmarks.
//!
//! A *world* is a small root file system on a tmpfs, entered by `pivot_root` in a mount namespace
//! of its own, so that the program under test can use its absolute paths (`/run/snapd/ns`,
//! `/var/lib/snapd/mount`) without touching the machine. Nothing here is linked into the
//! privileged binary.
//!
//! Namespaces are entered by a *new process* ([`isolate`] prepares a [`Command`](std::process::Command)), never by a
//! thread of a test: a user namespace can only be made by a single-threaded process.

mod image;
mod isolate;
mod modes;
mod mounts;
mod skip;
mod without;
mod world;

pub use image::{Image, Mounted, Object};
pub use isolate::{Isolation, isolate, run_test_isolated, run_test_without};
pub use mounts::{mount_bind, mount_new, unmount};
pub use skip::{is_root_or_skips, skip};
pub use without::{Answer, Group, Without};
pub use world::World;
