//! `cargo xtask kernels`: the program on other kernels.
//!
//! Debian's kernels are booted in an emulated machine whose first process is this program, linked
//! statically; there it runs a part of the conformance cases under an AppArmor policy. On the
//! running kernel the same part is run without system calls that older kernels lack.
//! `docs/kernel-matrix.md` says more.

mod archive;
pub(crate) mod guest;
pub(crate) mod machine;
pub(crate) mod packages;
mod policy;
mod reduced;
mod subset;
pub(crate) mod tally;
pub(crate) mod transitions;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, ensure};
use clap::{Args, ValueEnum};

use crate::conformance;
use crate::peer::{snap_update_ns, workspace_root};
use subset::Job;
use tally::{Tally, Told};

pub(crate) use archive::Archive;
pub(crate) use guest::run as first_process;

/// The name of the hidden subcommand.
pub(crate) const GUEST: &str = "kernels-guest";

/// The suite whose packaged original is compared with.
const ORIGINAL: &str = "sid";

/// Lines shown of one case that failed.
const SHOWN: usize = 25;

#[derive(Args)]
pub(crate) struct Options {
    /// Only this kernel.
    #[arg(long, value_name = "KERNEL")]
    only: Option<Kernel>,
    #[command(flatten)]
    tested: Tested,
}

/// What is run in the machines, and what is kept of it.
#[derive(Args)]
pub(crate) struct Tested {
    /// Our program; by default target/release/snap-update-ns, built first.
    #[arg(long, value_name = "PATH")]
    ours: Option<PathBuf>,
    /// Keep what the machines said also when everything passed.
    #[arg(long)]
    keep_log: bool,
}

impl Tested {
    /// Our program.
    pub(crate) fn ours(&self) -> Result<PathBuf> {
        Ok(self.ours.clone().map_or_else(conformance::build, Ok)?.canonicalize()?)
    }

    /// What is told by a machine with the kernel of a Debian `suite`, whose version has to start as
    /// `version` does. Its first process gets the argument `role`.
    pub(crate) fn told(
        &self,
        (suite, version): (&str, &str),
        initramfs: &Path,
        role: &str,
    ) -> Result<Tally> {
        let image = packages::kernel(suite)?;
        let logs = packages::cache_dir()?.join("logs").join(format!("{role}-{suite}"));
        let mut tally = Tally::read(&machine::run(&image, initramfs, &logs, role)?);
        tally.expect_kernel(version);
        if tally.is_good() && !self.keep_log {
            fs::remove_dir_all(&logs)?;
        } else {
            eprintln!("{suite}: what the machine said is in {}", logs.display());
        }
        Ok(tally)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kernel {
    /// Debian bullseye's.
    #[value(name = "5.10")]
    V5_10,
    /// Debian bookworm's.
    #[value(name = "6.1")]
    V6_1,
    /// Debian trixie's.
    #[value(name = "6.12")]
    V6_12,
    /// Debian sid's.
    Newest,
    /// The one that runs, without some of its system calls.
    Running,
}

impl Kernel {
    /// Its suite, and how its version starts. The running one has none.
    fn debian(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::V5_10 => Some(("bullseye", "5.10.")),
            Self::V6_1 => Some(("bookworm", "6.1.")),
            Self::V6_12 => Some(("trixie", "6.12.")),
            Self::Newest => Some(("sid", "")),
            Self::Running => None,
        }
    }
}

/// What is said about one kernel, or one way of running ours on this one.
struct Verdict {
    name: String,
    tally: Tally,
    took: Duration,
}

impl Verdict {
    /// It could not even be tried.
    fn broken(kernel: Kernel, error: &Error) -> Self {
        let mut tally = Tally::default();
        tally.add(Told::Broken(format!("{error:#}")));
        let name = match kernel.debian() {
            Some((suite, _)) => format!("Debian {suite}"),
            None => "this kernel".to_owned(),
        };
        Self { name, tally, took: Duration::ZERO }
    }
}

/// Runs them all; an error when any fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    ensure!(
        nix::unistd::geteuid().is_root(),
        "cargo xtask kernels NEEDS ROOT (mount namespaces, seccomp filters): nothing was tested"
    );
    let ours = options.tested.ours()?;
    let original = snap_update_ns(ORIGINAL)?;
    let chosen: Vec<Kernel> = Kernel::value_variants()
        .iter()
        .copied()
        .filter(|kernel| options.only.is_none_or(|only| only == *kernel))
        .collect();
    let initramfs = packages::cache_dir()?.join("initramfs");
    if chosen.iter().any(|kernel| kernel.debian().is_some()) {
        fs::create_dir_all(packages::cache_dir()?)?;
        fs::write(&initramfs, archive(&ours, &original)?)?;
    }
    let mut good = true;
    let mut total = (0_usize, 0_usize);
    let work = |kernel: &Kernel| {
        let verdicts = one(*kernel, &initramfs, &original, &ours, options);
        verdicts.unwrap_or_else(|error| vec![Verdict::broken(*kernel, &error)])
    };
    for verdicts in all(&chosen, work)? {
        for verdict in verdicts {
            good &= verdict.tally.is_good();
            total.0 += verdict.tally.passed;
            total.1 += verdict.tally.failed.len();
            print(&verdict);
        }
    }
    println!("{} passed, {} failed", total.0, total.1);
    ensure!(good, "kernels: not everything passed");
    Ok(())
}

/// `work` for each of `jobs`, one worker for each processor, in their order.
pub(crate) fn all<J: Sync, T: Send>(jobs: &[J], work: impl Fn(&J) -> T + Sync) -> Result<Vec<T>> {
    let queue = Mutex::new(jobs.iter().enumerate());
    let worker = |number: usize| -> Result<Vec<(usize, T)>> {
        conformance::pin(number)?;
        let mut done = Vec::new();
        loop {
            let next = queue.lock().ok().context("a worker died")?.next();
            let Some((at, job)) = next else { return Ok(done) };
            done.push((at, work(job)));
        }
    };
    let mut results = Vec::new();
    thread::scope(|scope| -> Result<()> {
        let workers = thread::available_parallelism()?.get();
        let threads: Vec<_> = (0..workers).map(|n| scope.spawn(move || worker(n))).collect();
        for thread in threads {
            results.extend(thread.join().ok().context("a worker died")??);
        }
        Ok(())
    })?;
    results.sort_by_key(|(at, _)| *at);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

fn one(
    kernel: Kernel,
    initramfs: &Path,
    original: &Path,
    ours: &Path,
    options: &Options,
) -> Result<Vec<Verdict>> {
    let Some((suite, version)) = kernel.debian() else {
        return reduced::run(original, ours);
    };
    let start = Instant::now();
    let tally = options.tested.told((suite, version), initramfs, GUEST)?;
    let name = format!("Debian {suite}, Linux {}", tally.kernel);
    Ok(vec![Verdict { name, tally, took: start.elapsed() }])
}

fn print(verdict: &Verdict) {
    print_tally(&verdict.name, &verdict.tally, verdict.took);
}

/// What failed, and one line for all.
pub(crate) fn print_tally(name: &str, tally: &Tally, took: Duration) {
    for done in &tally.failed {
        println!("    FAIL {}, {}", done.case, done.pass);
        done.wrong.iter().take(SHOWN).for_each(|line| println!("        {line}"));
        if done.wrong.len() > SHOWN {
            println!("        ... {} more", done.wrong.len() - SHOWN);
        }
    }
    if let Some(why) = tally.broken() {
        println!("    BROKEN {why}");
    }
    let word = if tally.is_good() { "pass" } else { "FAIL" };
    let (passed, failed) = (tally.passed, tally.failed.len());
    let log = match tally.looks {
        0 => String::new(),
        looks => format!(", the log was asked for denials {looks} times"),
    };
    println!(
        "{word} {name}: {} ran, {passed} passed, {failed} failed{log} ({} s)",
        passed + failed,
        took.as_secs()
    );
}

fn archive(ours: &Path, original: &Path) -> Result<Vec<u8>> {
    let job = Job { cases: subset::cases()?, passes: subset::confined() };
    let mut archive = bootable(&serde_json::to_vec(&job)?, ours)?;
    archive.add(guest::ORIGINAL, &read(original)?);
    Ok(archive.finish())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}

/// What every machine needs: this program as its first process, its job, the program under test,
/// and the parser of policies.
pub(crate) fn bootable(job: &[u8], ours: &Path) -> Result<Archive> {
    let mut archive = Archive::default();
    archive.add("/init", &read(&build()?)?);
    archive.add(guest::JOB, job);
    archive.add(guest::OURS, &read(ours)?);
    for (from, to) in packages::parser()? {
        archive.add(to, &read(&from)?);
    }
    Ok(archive)
}

/// This program as one file that needs no other.
fn build() -> Result<PathBuf> {
    let (root, target) = (workspace_root()?, "x86_64-unknown-linux-gnu");
    let dir = packages::cache_dir()?.join("build");
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--package", "xtask", "--target", target, "--target-dir"])
        .arg(&dir)
        .current_dir(&root)
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .env("CARGO_PROFILE_DEV_DEBUG", "none")
        .env("CARGO_PROFILE_DEV_STRIP", "symbols")
        .status()
        .context("cargo build")?;
    ensure!(status.success(), "xtask does not build statically: {status}");
    Ok(dir.join(target).join("debug/xtask"))
}
