//! `cargo xtask races`: hostile processes rename, replace and delete directories under the feet of
//! the program, while it makes thousands of updates.

mod attack;
mod canary;
mod guest;
mod mounts;
mod place;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use snap_ns_testbed::{Group, Isolation, Without, isolate};

pub(crate) use guest::main as guest;

use crate::{bench, peer};
use guest::{Job, Report};

/// How many of the things that the program said are shown.
const REASONS: usize = 12;

/// The options of the command.
#[derive(clap::Args)]
pub(crate) struct Races {
    /// Attack this program, instead of building it.
    #[arg(long, value_name = "PATH")]
    ours: Option<PathBuf>,
    /// Updates with each back end.
    #[arg(long, default_value_t = 10_000)]
    updates: usize,
    /// Only without these system calls (of one name of `cargo xtask conformance --without`).
    #[arg(long, value_name = "CALLS")]
    without: Option<Group>,
    /// Show that the test finds escapes: attack a test build that follows symbolic links.
    #[arg(long, conflicts_with = "ours")]
    prove: bool,
}

/// Lets both back ends be attacked. An escape is an error; with `--prove`, none is.
pub(crate) fn run(options: &Races) -> Result<()> {
    if Isolation::here() != Isolation::Root {
        bail!("only root can be attacked by others: this needs more than one user");
    }
    let program = match (&options.ours, options.prove) {
        (Some(path), _) => path.clone(),
        (None, false) => bench::build()?,
        (None, true) => build_credulous()?,
    };
    let sides = match options.without {
        Some(group) => vec![vec![group]],
        None => vec![vec![], vec![Group::OpenTree]],
    };
    for groups in sides {
        let name = match groups.first() {
            Some(group) => format!("without {group}"),
            None => "with all system calls".to_owned(),
        };
        let without = Without { groups, ..Without::default() };
        let began = Instant::now();
        let report = battle(&program, without, options.updates)?;
        println!("{name}: {} ({:.0} s)", summary(&report), began.elapsed().as_secs_f64());
        match (&report.escape, options.prove) {
            (None, false) => told(&report),
            (Some((number, what)), true) => println!("  found at update {number}: {what}"),
            (Some((number, what)), false) => bail!("{name}: ESCAPE at update {number}: {what}"),
            (None, true) => bail!("{name}: the test build escaped, and nobody saw it"),
        }
    }
    Ok(())
}

fn summary(report: &Report) -> String {
    format!(
        "{} updates and {} runs for a user under {} attacks, {} failed, {} entries left out, {} mounts at the most, {} escapes",
        report.updates,
        report.user_runs,
        report.attacks,
        report.failed,
        report.left_out,
        report.most_mounts,
        usize::from(report.escape.is_some())
    )
}

/// What the attackers could do: be in the way.
fn told(report: &Report) {
    let mut reasons: Vec<_> = report.reasons.iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (reason, count) in reasons.iter().take(REASONS) {
        println!("  {count:>6} times: {reason}");
    }
}

/// A debug build without what this test is there for.
fn build_credulous() -> Result<PathBuf> {
    let target = peer::workspace_root()?.join("target/races");
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--package", "snap-update-ns"])
        .args(["--features", "follow-links-for-tests", "--target-dir"])
        .arg(&target)
        .current_dir(peer::workspace_root()?)
        .status()
        .context("cargo build")?;
    ensure!(status.success(), "cargo build: {status}");
    Ok(target.join("debug/snap-update-ns"))
}

/// One battle in a process and namespaces of its own.
fn battle(program: &Path, without: Without, updates: usize) -> Result<Report> {
    let scratch = peer::workspace_root()?.join("target/races/world");
    std::fs::create_dir_all(&scratch)?;
    let job = Job { program: program.to_owned(), without, updates, scratch };
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("races-guest").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = isolate(&mut command).spawn().context("start a guest")?;
    let mut stdin = child.stdin.take().context("stdin")?;
    stdin.write_all(&serde_json::to_vec(&job)?)?;
    drop(stdin);
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "the guest failed");
    serde_json::from_slice(&output.stdout).context("report")
}
