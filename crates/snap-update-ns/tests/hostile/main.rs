//! Hostile and broken input: one clear line, and nothing changed.
//!
//! Each test has a namespace and a small machine of its own ([`machine`]); its cases are data, and
//! run one after the other, because a refused run leaves no trace: that is what is checked.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod check;
mod machine;
mod state;
mod whole;

mod aside;
mod command_line;
mod control_groups;
mod copies;
mod inherited;
mod limits;
mod notices;
mod old_links;
mod options;
mod own_data;
mod paths;
mod replaced;
mod run_directory;
mod same_user;
mod signals;
mod streams;
mod swapped;
mod terminal;
mod text;
mod tree;
mod truth;
mod user;
