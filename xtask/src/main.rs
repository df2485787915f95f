//! The project's chores, one module each: `cargo xtask --help`.
#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing
)]

mod conformance;
mod peer;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "The project's own chores", disable_help_subcommand = true)]
struct Xtask {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Run the cases of xtask/conformance on ours and on the packaged original, and compare.
    Conformance(conformance::Conformance),
    /// One case on one side, in the namespace that the parent made: not for people.
    #[command(name = conformance::GUEST, hide = true)]
    ConformanceGuest,
    /// Fetch the packaged original of a Debian suite into the cache and print its path.
    Peer {
        /// The Debian suite: sid, trixie or bookworm.
        #[arg(default_value = "sid")]
        suite: String,
    },
}

fn main() -> Result<()> {
    match Xtask::parse().chore {
        Chore::Conformance(options) => conformance::run(&options),
        Chore::ConformanceGuest => conformance::guest(),
        Chore::Peer { suite } => {
            println!("{}", peer::snap_update_ns(&suite)?.display());
            Ok(())
        }
    }
}
