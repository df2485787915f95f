//! One call of a program in the world: how it is called, timed, and judged.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use wait4::Wait4;

use super::job::{Sample, Who};
use super::scenario::{Phase, Shape};

/// Where the program's standard streams go: files, so that nobody has to read along.
const OUTPUT: &str = "/tmp/.bench-output";
const NOTICES: &str = "/tmp/.bench-notices";

/// The command for `phase` of `shape`, exactly as snap-confine would give it.
pub(crate) fn command(who: Who, shape: Shape, phase: Phase) -> Result<Command> {
    let mut command = Command::new(format!("/bench/{}", who.word()));
    match (who, phase) {
        (Who::Floor, _) => {
            let (work, size) = shape.floor_words();
            command.args([work, &size.to_string(), phase.word()]);
        }
        (Who::Ours | Who::Original, Phase::Start) => {
            command.arg("--no-such-option");
        }
        (Who::Ours | Who::Original, Phase::Build | Phase::NoChange | Phase::Undo) => {
            command.args(["--from-snap-confine", "hello"]);
        }
    }
    command
        .arg0("snap-update-ns")
        .env_clear()
        .env("SNAPD_DEBUG", "0")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(File::create(OUTPUT).context("output file")?)
        .stderr(File::create(NOTICES).context("notices file")?);
    Ok(command)
}

/// Spawns, waits, and measures what lies between; the spawn itself included.
pub(crate) fn timed(who: Who, shape: Shape, phase: Phase) -> Result<Sample> {
    let mut command = command(who, shape, phase)?;
    let start = Instant::now();
    let mut child = command.spawn().context("spawn")?;
    let end = child.wait4().context("wait4")?;
    let wall = start.elapsed();
    judge(who, phase, end.status)?;
    let cpu = end.rusage.utime.saturating_add(end.rusage.stime);
    Ok(Sample { who, phase, wall_us: wall.as_secs_f64() * 1e6, cpu_us: cpu.as_secs_f64() * 1e6 })
}

/// Whether the call ended as it has to: quietly, but for the one that has to fail.
pub(crate) fn judge(who: Who, phase: Phase, status: ExitStatus) -> Result<()> {
    let output = fs::read_to_string(OUTPUT).context("read the output")?;
    let refused = phase == Phase::Start && who != Who::Floor;
    let code = if refused { 1 } else { 0 };
    let notices = fs::read(NOTICES).context("read the notices")?;
    ensure!(
        status.code() == Some(code) && output.is_empty() != refused,
        "{} {}: {status}, wanted exit {code}; it said: {:?}, and as notices: {:?}",
        who.word(),
        phase.word(),
        output.trim_end(),
        String::from_utf8_lossy(&notices).trim_end()
    );
    Ok(())
}
