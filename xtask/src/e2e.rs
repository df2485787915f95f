//! `cargo xtask e2e`: the binary under the real snap-confine of three Debian suites.
//!
//! `xtask/e2e/real-client.sh` does the work and prints a line per check; this file runs it for
//! every suite and world and adds up. Nothing is believed that was not said: a run
//! without its closing line, or whose exit status contradicts it, is a failure.

mod outcome;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};

use crate::peer::{SUITES, cache_dir, workspace_root};
use outcome::Outcome;

#[derive(Args)]
pub(crate) struct Options {
    /// Only this Debian suite: sid, trixie or bookworm.
    #[arg(long, value_parser = SUITES)]
    suite: Option<String>,
    /// Only this world.
    #[arg(long)]
    world: Option<World>,
    /// Run this program instead of building target/release/snap-update-ns.
    #[arg(long, value_name = "PATH", conflicts_with = "packaged")]
    binary: Option<PathBuf>,
    /// Run each suite's own packaged program: shows that the checks are right.
    #[arg(long)]
    packaged: bool,
    /// Print every check.
    #[arg(long)]
    verbose: bool,
}

/// Where snap-confine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum World {
    /// As root of the machine, with cgroup v1.
    V1,
    /// The same with cgroup v2.
    V2,
    /// As root of a user namespace, to which a group of cgroup v2 is delegated.
    Container,
}

impl World {
    const ALL: [Self; 3] = [Self::V1, Self::V2, Self::Container];

    /// Its name, and what `CGROUP` and `CONTAINER` are for the script.
    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::V1 => ("v1", "v1", "0"),
            Self::V2 => ("v2", "v2", "0"),
            Self::Container => ("container", "v2", "1"),
        }
    }
}

/// Variables of the script that would choose other packages or leave checks out.
const NOT_INHERITED: &[&str] =
    &["DEB_ROOT", "USER_MOUNTS", "RECORD", "HOOK", "KEEP", "FETCH_ONLY", "SNAP_UPDATE_NS"];

/// Runs all combinations that `options` leaves.
pub(crate) fn run(options: &Options) -> Result<()> {
    ensure!(
        nix::unistd::geteuid().is_root(),
        "cargo xtask e2e NEEDS ROOT (loop devices, cgroups, a setuid snap-confine): nothing was tested"
    );
    let binary = match (&options.binary, options.packaged) {
        (_, true) => None,
        (Some(path), false) => Some(path.clone()),
        (None, false) => Some(build()?),
    };
    let mut total = Outcome::default();
    for suite in SUITES {
        if options.suite.as_ref().is_some_and(|only| only != suite) {
            continue;
        }
        for world in World::ALL {
            if options.world.is_none_or(|only| only == world) {
                total.add(combination(suite, world, binary.as_deref(), options.verbose)?);
            }
        }
    }
    println!(
        "skips: {} known, {} other; known deficits of a packaged program: {}",
        total.known_skips,
        total.skipped.len(),
        total.known_deficits
    );
    println!("{} passed, {} failed", total.passed, total.failed.len());
    let in_ci = std::env::var_os("CI").is_some_and(|v| !v.is_empty() && v != "false");
    total.verdict(in_ci)
}

pub(crate) fn build() -> Result<PathBuf> {
    let root = workspace_root()?;
    let status = Command::new(env!("CARGO"))
        .current_dir(&root)
        .args(["build", "--release", "--package", "snap-update-ns"])
        .status()
        .context("cargo build")?;
    ensure!(status.success(), "cargo build --release: {status}");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or("target".into(), PathBuf::from);
    Ok(root.join(target).join("release/snap-update-ns"))
}

/// One run of the script; its logs stay in `target/e2e`.
fn combination(suite: &str, world: World, binary: Option<&Path>, verbose: bool) -> Result<Outcome> {
    let root = workspace_root()?;
    let (name, cgroup, container) = world.words();
    let logs = root.join(format!("target/e2e/{suite}-{name}"));
    let mut command = Command::new("bash");
    command
        .arg(root.join("xtask/e2e/real-client.sh"))
        .env("SUITE", suite)
        .env("CGROUP", cgroup)
        .env("CONTAINER", container)
        .env("REAL_CLIENT_CACHE", cache_dir()?)
        .env("OUT", &logs);
    for name in NOT_INHERITED {
        command.env_remove(name);
    }
    if let Some(binary) = binary {
        command.env("SNAP_UPDATE_NS", binary);
    }
    let output = command.output().context("bash real-client.sh")?;
    let text = String::from_utf8_lossy(&output.stdout);
    if verbose {
        print!("{text}");
    }
    let outcome = Outcome::parse(suite, &text, output.status.success());
    let failed = outcome.failed.len();
    println!("{suite:9}{name:10} {} passed, {failed} failed", outcome.passed);
    outcome.failed.iter().for_each(|what| println!("    FAIL {what}"));
    outcome.skipped.iter().for_each(|what| println!("    SKIP {what}"));
    if failed > 0 {
        print!("{}", String::from_utf8_lossy(&output.stderr));
        println!("    log: {}", logs.display());
    }
    Ok(outcome.labelled(&format!("{suite} {name}")))
}
