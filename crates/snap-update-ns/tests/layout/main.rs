//! From a layout to the tree: `snap-layout` writes the profile, the binary mounts it on a small
//! machine, and what is there is what the layout says. Each profile goes in both dialects.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

#[allow(dead_code, reason = "the other tests use more of it")]
#[path = "../hostile/machine.rs"]
mod machine;

mod build;
mod seen;

mod elements;
mod owners;
mod scale;
mod seed;
mod sharing;
