//! Giving a case to a guest process, and getting its observations back.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use snap_ns_testbed::isolate;

use super::case::{Case, Observation};
use super::conditions::Conditions;
use super::guest::Job;
use crate::workers::scratch;

/// The name of the hidden subcommand.
pub(crate) const GUEST: &str = "conformance-guest";

/// What `program` does to `case`, step by step; `original` performs the steps that are its own.
pub(crate) fn observe(
    case: &Case,
    program: &Path,
    conditions: &Conditions,
    original: &Path,
) -> Result<Vec<Observation>> {
    let (program, original) = (program.to_owned(), original.to_owned());
    let conditions = conditions.clone();
    let job = Job { program, conditions, original, scratch: scratch()?, case: case.clone() };
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(GUEST).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = isolate(&mut command).spawn().context("start a guest")?;
    let mut input = child.stdin.take().context("the guest's standard input")?;
    input.write_all(&serde_json::to_vec(&job)?)?;
    drop(input);
    let output = child.wait_with_output()?;
    ensure!(
        output.status.success(),
        "{}: the guest failed: {}",
        job.program.display(),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    serde_json::from_slice(&output.stdout).context("the guest's answer")
}

/// Pins this thread, and all that it starts, to one processor: Linux refuses at random to bind a
/// mount namespace's file when the two namespaces were made on different ones (seen on 6.18).
pub(crate) fn pin(worker: usize) -> Result<()> {
    let this_thread = Pid::from_raw(0);
    let allowed = sched_getaffinity(this_thread)?;
    let usable = |cpu: &usize| allowed.is_set(*cpu) == Ok(true);
    let processors: Vec<usize> = (0..CpuSet::count()).filter(usable).collect();
    let mut one = CpuSet::new();
    let chosen = worker.checked_rem(processors.len()).context("no processor")?;
    one.set(*processors.get(chosen).context("no processor")?)?;
    Ok(sched_setaffinity(this_thread, &one)?)
}
