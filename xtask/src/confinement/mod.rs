//! `cargo xtask confinement`: the generated policy, held against the program it is made for.
//!
//! In machines with Debian's kernels, AppArmor enforcing: the scenarios of `xtask/confinement` are run
//! under the policy that snap-apparmor makes of their profiles and must come out as without it, with
//! no denial in the log; operations that are none of the program's business must be denied; and
//! without any one group of rules something must fail, or the group is superfluous.
//! `docs/apparmor.md` says more.

mod attempt;
mod dropped;
mod forbidden;
mod guest;
mod suite;

use std::fs;
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};

use crate::kernels::tally::{Tally, Told};
use crate::kernels::{Tested, all, bootable, packages, print_tally};
use suite::Suite;

pub(crate) use attempt::{ATTEMPT, run as attempt};
pub(crate) use guest::run as first_process;

/// The name of the hidden subcommand.
pub(crate) const GUEST: &str = "confinement-guest";

#[derive(Args)]
pub(crate) struct Options {
    /// Only this kernel. Without it the newest is left out: it takes as long as the two others.
    #[arg(long, value_name = "KERNEL")]
    only: Option<Kernel>,
    #[command(flatten)]
    tested: Tested,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kernel {
    /// Debian bookworm's: the newer mount calls are not mediated.
    #[value(name = "6.1")]
    V6_1,
    /// Debian trixie's: they are.
    #[value(name = "6.12")]
    V6_12,
    /// Debian sid's.
    Newest,
}

impl Kernel {
    /// Its suite, and how its version starts.
    fn debian(self) -> (&'static str, &'static str) {
        match self {
            Self::V6_1 => ("bookworm", "6.1."),
            Self::V6_12 => ("trixie", "6.12."),
            Self::Newest => ("sid", ""),
        }
    }
}

/// Runs it on all kernels; an error when anything fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    let ours = options.tested.ours()?;
    let chosen = options.only.map_or(vec![Kernel::V6_1, Kernel::V6_12], |only| vec![only]);
    let initramfs = packages::cache_dir()?.join("initramfs-confinement");
    fs::create_dir_all(packages::cache_dir()?)?;
    let job = serde_json::to_vec(&Suite::all()?)?;
    fs::write(&initramfs, bootable(&job, &ours)?.finish())?;
    let mut good = true;
    let began = Instant::now();
    for (kernel, tally) in chosen
        .iter()
        .zip(all(&chosen, |kernel| options.tested.told(kernel.debian(), &initramfs, GUEST))?)
    {
        let tally = tally.unwrap_or_else(|error| {
            let mut tally = Tally::default();
            tally.add(Told::Broken(format!("{error:#}")));
            tally
        });
        good &= tally.is_good();
        let name = format!("Debian {}, Linux {}", kernel.debian().0, tally.kernel);
        print_tally(&name, &tally, began.elapsed());
        for (what, (passed, all)) in tally.by_pass() {
            println!("    {what}: {passed} of {all}");
        }
    }
    ensure!(good, "confinement: not everything passed");
    Ok(())
}
