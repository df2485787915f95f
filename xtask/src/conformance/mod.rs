//! `cargo xtask conformance`: ours and the packaged original, side by side.
//!
//! Cases are data (`xtask/conformance/*.toml`): a world, the callers' runs in it, and the
//! deliberate differences. Each case is performed twice, each time in a fresh world in a process
//! and namespaces of its own, and what is there after each step is compared.

pub(crate) mod caller;
pub(crate) mod case;
pub(crate) mod compare;
mod conditions;
mod guest;
mod launch;
mod load;
pub(crate) mod observe;
pub(crate) mod refresh;
mod report;
mod rows;
pub(crate) mod text;
mod verdict;
pub(crate) mod world;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail, ensure};
use clap::Args;
use snap_ns_testbed::{Answer, Group, Without};

pub(crate) use caller::become_user;
pub(crate) use case::{Case, Observation};
pub(crate) use conditions::{Conditions, Starter, Updates};
pub(crate) use guest::run as guest;
pub(crate) use launch::{GUEST, observe, pin};
pub(crate) use load::cases;
pub(crate) use refresh::{REFRESH_GUEST, guest as refresh_guest};
pub(crate) use world::enter as enter_world;

use refresh::Profiles;
use verdict::{Complaint, Mode};

use crate::workers::spread;

#[derive(Args)]
pub(crate) struct Conformance {
    /// Only the cases whose name contains this.
    #[arg(long, value_name = "SUBSTRING")]
    only: Option<String>,
    /// List the cases and what they show.
    #[arg(long)]
    list: bool,
    /// Print what each side said and changed, step by step.
    #[arg(long)]
    verbose: bool,
    /// Our program; by default target/release/snap-update-ns, built first.
    #[arg(long, value_name = "PATH")]
    ours: Option<PathBuf>,
    /// The program to compare with, instead of the packaged original.
    #[arg(long, value_name = "PATH")]
    peer: Option<PathBuf>,
    /// The Debian suite of the packaged original.
    #[arg(long, default_value = "sid")]
    suite: String,
    /// Compare the original with itself: shows that the cases themselves are deterministic.
    #[arg(long)]
    peer_against_itself: bool,
    /// Run ours without these system calls, as on an older kernel: openat2, open-tree (the new mount
    /// API), mount-setattr, statmount.
    #[arg(
        long,
        value_name = "GROUP",
        value_delimiter = ',',
        conflicts_with = "peer_against_itself"
    )]
    without: Vec<Group>,
    /// Removed calls answer EPERM, as in a container; by default they answer ENOSYS.
    #[arg(long, requires = "without")]
    denied: bool,
    /// Instead of the cases: N random sequences of profiles, each step compared with a fresh
    /// namespace.
    #[arg(long, value_name = "N", conflicts_with_all = ["only", "list", "peer_against_itself"])]
    refresh: Option<usize>,
    /// The seed of the first sequence; each following one has the next.
    #[arg(long, value_name = "S", default_value_t = 1, requires = "refresh")]
    seed: u64,
    /// Profiles as snapd writes them, for snaps as they are published, instead of tangled ones.
    #[arg(long, requires = "refresh")]
    realistic: bool,
    /// Run the packaged original on the same sequences, too, and print its figures.
    #[arg(long, requires = "refresh")]
    with_original: bool,
}

impl Conformance {
    /// What ours meets.
    fn conditions(&self) -> Conditions {
        let answer = if self.denied { Answer::Denied } else { Answer::Missing };
        let without = Without { groups: self.without.clone(), answer };
        Conditions { without, ..Conditions::default() }
    }
}

/// One case, performed on both sides.
struct Performed {
    theirs: Vec<Observation>,
    ours: Vec<Observation>,
    complaints: Vec<Complaint>,
}

/// Runs the cases; an error when any failed or none could run.
pub(crate) fn run(options: &Conformance) -> Result<()> {
    if let Some(many) = options.refresh {
        return run_refresh(options, many);
    }
    let mut cases = cases()?;
    rows::check(&cases)?;
    cases.retain(|case| options.only.as_ref().is_none_or(|only| case.name.contains(only)));
    ensure!(!cases.is_empty(), "no case has such a name");
    if options.list {
        for case in &cases {
            println!("{}: {}", case.name, case.shows);
        }
        return Ok(());
    }
    root_or_skips(cases.len())?;
    let all = cases.len();
    cases.retain(|case| {
        let lacks = case.lacks(&options.without);
        if lacks {
            println!("SKIPPED {}: it needs a system call that is removed", case.name);
        }
        !lacks
    });
    let skipped = all - cases.len();
    let peer = peer(options)?;
    let mode = if options.peer_against_itself { Mode::Itself } else { Mode::Ours };
    let ours = match (mode, &options.ours) {
        (Mode::Itself, _) => peer.clone(),
        (Mode::Ours, Some(ours)) => ours.clone(),
        (Mode::Ours, None) => build()?,
    };
    let results = perform_all(&cases, mode, &peer, &ours, &options.conditions())?;
    let mut failed = 0_usize;
    for (case, result) in cases.iter().zip(&results) {
        let passed = match result {
            Ok(performed) if performed.complaints.is_empty() => true,
            Ok(performed) => {
                report::failure(case, &performed.complaints);
                false
            }
            Err(error) => {
                println!("FAIL {}: {}\n  {error:#}", case.name, case.shows);
                false
            }
        };
        if passed {
            println!("pass {}", case.name);
        } else {
            failed += 1;
        }
        if let (true, Ok(performed)) = (options.verbose, result) {
            report::observations("the original", &performed.theirs);
            if mode == Mode::Ours {
                report::observations("ours", &performed.ours);
            }
        }
    }
    println!("{} passed, {failed} failed, {skipped} skipped", cases.len() - failed);
    ensure!(failed == 0, "conformance: {failed} of {} cases failed", cases.len());
    Ok(())
}

fn run_refresh(options: &Conformance, many: usize) -> Result<()> {
    root_or_skips(many)?;
    let peer = options.with_original.then(|| peer(options)).transpose()?;
    let ours = options.ours.clone().map_or_else(build, Ok)?;
    // The guests change their directory.
    let (ours, peer) = (ours.canonicalize()?, peer.map(|peer| peer.canonicalize()).transpose()?);
    let profiles = if options.realistic { Profiles::Realistic } else { Profiles::Tangled };
    refresh::run(profiles, many, options.seed, &ours, &options.conditions(), peer.as_deref())
}

fn root_or_skips(cases: usize) -> Result<()> {
    if nix::unistd::geteuid().is_root() {
        return Ok(());
    }
    println!("SKIPPED: the cases need root: they make devices, owners and preserved namespaces");
    println!("0 passed, 0 failed, {cases} skipped");
    bail!("conformance was not checked")
}

fn peer(options: &Conformance) -> Result<PathBuf> {
    match &options.peer {
        Some(peer) => Ok(peer.clone()),
        None => crate::peer::snap_update_ns(&options.suite),
    }
}

/// Results in the order of the cases.
fn perform_all(
    cases: &[Case],
    mode: Mode,
    peer: &Path,
    ours: &Path,
    conditions: &Conditions,
) -> Result<Vec<Result<Performed>>> {
    spread(cases.len(), || Ok(()), |(), at| Ok(perform(&cases[at], mode, peer, ours, conditions)))
}

fn perform(
    case: &Case,
    mode: Mode,
    peer: &Path,
    ours: &Path,
    conditions: &Conditions,
) -> Result<Performed> {
    let theirs = observe(case, peer, &conditions.of_the_original(), peer)?;
    let ours = observe(case, ours, conditions, peer)?;
    let complaints = verdict::judge(mode, case, &theirs, &ours);
    Ok(Performed { theirs, ours, complaints })
}

/// What is wrong with what ours did to `case`, a line each; nothing means that it passed.
pub(crate) fn complaints(case: &Case, theirs: &[Observation], ours: &[Observation]) -> Vec<String> {
    let mut lines = Vec::new();
    for complaint in verdict::judge(Mode::Ours, case, theirs, ours) {
        lines.push(format!("step {}: {}", complaint.step, complaint.what));
        lines.extend(complaint.lines);
    }
    lines
}

/// target/release/snap-update-ns, built when it is not up to date.
pub(crate) fn build() -> Result<PathBuf> {
    let root = crate::peer::workspace_root()?;
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--release", "-p", "snap-update-ns"])
        .current_dir(&root)
        .status()?;
    ensure!(status.success(), "snap-update-ns does not build");
    Ok(root.join("target/release/snap-update-ns"))
}
