//! The project's chores, one module each: `cargo xtask --help`.
#![allow(missing_docs, clippy::arithmetic_side_effects, clippy::indexing_slicing)]

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
    /// Fetch the packaged original of a Debian suite into the cache and print its path.
    Peer {
        /// The Debian suite: sid, trixie or bookworm.
        #[arg(default_value = "sid")]
        suite: String,
    },
}

fn main() -> Result<()> {
    match Xtask::parse().chore {
        Chore::Peer { suite } => {
            println!("{}", peer::snap_update_ns(&suite)?.display());
            Ok(())
        }
    }
}
