//! Under which circumstances the figures came about.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result};
use snap_ns_testbed::Isolation;

use super::job::Who;
use super::programs::Programs;

/// Machine, number of runs, and the programs with their sizes.
pub(crate) fn describe(runs: u16, programs: &Programs) -> Result<String> {
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    let user = match Isolation::here() {
        Isolation::Root => "as root",
        Isolation::UserNamespace => "as an ordinary user, in a user namespace",
    };
    let mut text = format!(
        "{} counted runs each, {user}; {}, {cpus} CPUs, Linux {}.\n\n| program | bytes |\n|---|---:|\n",
        runs,
        processor()?,
        fs::read_to_string("/proc/sys/kernel/osrelease")?.trim()
    );
    for (who, path) in programs.named() {
        let size = fs::metadata(&path).with_context(|| path.clone())?.len();
        let what = match who {
            Who::Ours => "snap-update-ns of this workspace",
            Who::Original => "the packaged original",
            Who::Floor => "xtask/src/bench/floor.c (static glibc)",
        };
        let _ = writeln!(text, "| {}: {what} | {size} |", who.word());
    }
    Ok(text)
}

fn processor() -> Result<String> {
    let info = fs::read_to_string("/proc/cpuinfo").context("/proc/cpuinfo")?;
    let model = info.lines().find(|line| line.starts_with("model name"));
    let name = model.and_then(|line| line.split_once(": "));
    Ok(name.map_or_else(
        || format!("an unnamed {} processor", std::env::consts::ARCH),
        |(_, name)| name.to_owned(),
    ))
}
