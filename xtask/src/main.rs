//! The project's chores, one module each: `cargo xtask --help`.
#![allow(missing_docs, clippy::arithmetic_side_effects, clippy::indexing_slicing)]

mod audit;
mod e2e;
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
    /// Check the layer rule, the closed dependency list, and what the privileged code promises.
    Audit,
    /// Run the binary under the real snap-confine (needs root).
    E2e(e2e::Options),
    /// Fetch the packaged original of a Debian suite into the cache and print its path.
    Peer {
        /// The Debian suite: sid, trixie or bookworm.
        #[arg(default_value = "sid")]
        suite: String,
    },
}

fn main() -> Result<()> {
    match Xtask::parse().chore {
        Chore::Audit => audit::run(),
        Chore::E2e(options) => e2e::run(&options),
        Chore::Peer { suite } => {
            println!("{}", peer::snap_update_ns(&suite)?.display());
            Ok(())
        }
    }
}
