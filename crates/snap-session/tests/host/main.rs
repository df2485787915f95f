//! The host's side of a run, on small machines of its own and on the real control groups.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod freezer_own_group;
mod freezer_users;
mod freezer_v1;
mod freezer_v2;
mod group;
mod lock;
mod log;
mod privileges;
mod read;
mod store;
mod stuck;

use std::path::Path;

use anyhow::Result;
use snap_ns_testbed::{World, run_test_isolated};
use snap_session::Instance;

/// Runs `body` in a small world, as the test `name`.
#[track_caller]
fn in_a_world(name: &str, body: impl FnOnce(&World) -> Result<()>) {
    isolated(name, || body(&World::enter(Path::new(env!("CARGO_TARGET_TMPDIR")))?));
}

/// Runs `body` in a mount namespace, as the test `name`.
#[track_caller]
fn isolated(name: &str, body: impl FnOnce() -> Result<()>) {
    if let Err(error) = run_test_isolated(name, body) {
        panic!("{error:#}");
    }
}

fn hello() -> Instance<'static> {
    Instance::parse(b"hello").expect("a name")
}
