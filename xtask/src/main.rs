//! The project's chores, one module each: `cargo xtask --help`.
#![allow(missing_docs, clippy::arithmetic_side_effects, clippy::indexing_slicing)]

mod audit;
mod bench;
mod confinement;
mod conformance;
mod demo;
mod e2e;
mod faults;
mod kernels;
mod layouts;
mod live;
mod peer;
mod races;
mod snapd;
mod workers;

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
    /// Run the binary under the real snapd, systemd and AppArmor in an emulated machine (needs root).
    Snapd(snapd::Options),
    /// Run the cases of xtask/conformance on ours and on the packaged original, and compare.
    Conformance(conformance::Conformance),
    /// One case on one side, in the namespace that the parent made: not for people.
    #[command(name = conformance::GUEST, hide = true)]
    ConformanceGuest,
    /// Random sequences of profiles, in the namespace that the parent made: not for people.
    #[command(name = conformance::REFRESH_GUEST, hide = true)]
    RefreshGuest,
    /// Run a part of the conformance cases on Debian's kernels, and on this one with calls removed
    /// (needs root).
    Kernels(kernels::Options),
    /// Run the real snap-confine under AppArmor in an emulated machine, and see which profile is in
    /// force at each step (needs root).
    Transitions(kernels::transitions::Options),
    /// The first process of a machine with one of these kernels: not for people.
    #[command(name = kernels::GUEST, hide = true)]
    KernelsGuest,
    /// Run the program under the policy that snap-apparmor makes for it, in machines with AppArmor:
    /// nothing that it does is denied, all else is, and no part of the policy is superfluous (needs
    /// root).
    Confinement(confinement::Options),
    /// The first process of such a machine: not for people.
    #[command(name = confinement::GUEST, hide = true)]
    ConfinementGuest,
    /// One forbidden operation (the guest calls this).
    #[command(name = confinement::ATTEMPT, hide = true)]
    ConfinementAttempt,
    /// Let every system call of a run fail, kill the program at each, and see whether the next run
    /// puts it right (needs root).
    Faults(faults::Faults),
    /// Points of the fault sweep, in the namespace that the parent made: not for people.
    #[command(name = faults::GUEST, hide = true)]
    FaultsGuest,
    /// Ask snap-layout and the packaged snap about the same layouts, and compare.
    Layouts(layouts::Options),
    /// Fetch the packaged original of a Debian suite into the cache and print its path.
    Peer {
        /// The Debian suite: sid, trixie or bookworm.
        #[arg(default_value = "sid")]
        suite: String,
    },
    /// Measure ours, the packaged original and a floor of bare system calls, taking turns.
    Bench(bench::Bench),
    /// One scenario of the bench, in a namespace of its own (the bench calls this).
    #[command(hide = true)]
    BenchInside,
    /// Planning, timed in a process and a namespace of its own (the bench calls this).
    #[command(hide = true)]
    BenchPlanning,
    /// Attack the program with hostile processes while it makes thousands of updates (needs root).
    Races(races::Races),
    /// One battle, in a namespace of its own (the races call this).
    #[command(hide = true)]
    RacesGuest,
    /// Updates around a running application (the bench calls this).
    #[command(hide = true)]
    BenchStall,
    /// Updates that replace mounts in use (the bench calls this).
    #[command(hide = true)]
    BenchSwap,
    /// Small updates of much (the bench calls this).
    #[command(hide = true)]
    BenchGrowth,
    /// Show what the program does: a story in a throw-away world.
    Demo(demo::Demo),
    /// The story itself, in a namespace of its own (the demo calls this).
    #[command(hide = true)]
    DemoInside {
        /// What to show and where, as JSON.
        task: String,
    },
}

fn main() -> Result<()> {
    match Xtask::parse().chore {
        Chore::Audit => audit::run(),
        Chore::E2e(options) => e2e::run(&options),
        Chore::Snapd(options) => snapd::run(&options),
        Chore::Conformance(options) => conformance::run(&options),
        Chore::ConformanceGuest => conformance::guest(),
        Chore::RefreshGuest => conformance::refresh_guest(),
        Chore::Kernels(options) => kernels::run(&options),
        Chore::KernelsGuest => kernels::first_process(),
        Chore::Confinement(options) => confinement::run(&options),
        Chore::ConfinementGuest => confinement::first_process(),
        Chore::ConfinementAttempt => confinement::attempt(),
        Chore::Transitions(options) => kernels::transitions::run(&options),
        Chore::Faults(options) => faults::run(&options),
        Chore::FaultsGuest => faults::guest(),
        Chore::Layouts(options) => layouts::run(&options),
        Chore::Peer { suite } => {
            println!("{}", peer::snap_update_ns(&suite)?.display());
            Ok(())
        }
        Chore::Bench(options) => bench::run(options),
        Chore::BenchInside => bench::inside(),
        Chore::BenchPlanning => bench::planning(),
        Chore::Races(options) => races::run(&options),
        Chore::RacesGuest => races::guest(),
        Chore::BenchStall => bench::stall(),
        Chore::BenchSwap => bench::swap(),
        Chore::BenchGrowth => bench::growth(),
        Chore::Demo(options) => demo::run(options),
        Chore::DemoInside { task } => demo::inside(&task),
    }
}
