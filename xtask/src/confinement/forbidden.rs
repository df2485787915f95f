//! What the policy must deny.

use std::fs::File;
use std::process::Command;

use anyhow::{Context, Result};
use nix::errno::Errno;
use snap_apparmor::Policy;
use snap_ns_testbed::isolate;

use super::attempt::{ATTEMPT, ATTEMPTS, Attempt};
use super::guest::done;
use super::suite::Suite;
use crate::kernels::guest::confinement::Log;
use crate::kernels::guest::tell;
use crate::workers::scratch;

/// Attempts each operation twice: unconfined it succeeds, confined it does not.
pub(super) fn run(
    answers: &mut File,
    log: &mut Log,
    (suite, kernel): (&Suite, (u32, u32)),
    policy: &Policy,
) -> Result<()> {
    let pass = format!("{} policy: forbidden operations", suite.backend.name());
    for attempt in ATTEMPTS.iter().filter(|attempt| attempt.applies(suite.backend, kernel)) {
        let mut wrong = Vec::new();
        match perform(attempt, None)? {
            0 => {}
            errno => wrong.push(format!("not possible without a policy: {}", name(errno))),
        }
        match perform(attempt, Some(policy.name()))? {
            0 => wrong.push("it is not denied".to_owned()),
            errno if [Errno::EACCES, Errno::EPERM].contains(&Errno::from_raw(errno)) => {}
            errno => wrong.push(format!("not denied, but: {}", name(errno))),
        }
        if log.denials(policy.name())?.is_empty() {
            wrong.push("no denial in the log".to_owned());
        }
        tell(answers, &done(attempt.name.to_owned(), &pass, wrong, 1))?;
    }
    Ok(())
}

fn name(errno: i32) -> String {
    format!("{}", Errno::from_raw(errno))
}

/// The error that it ended with; 0 for none.
fn perform(attempt: &Attempt, profile: Option<&str>) -> Result<i32> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(ATTEMPT).env_clear().env("ATTEMPT", attempt.name).env("SCRATCH", scratch()?);
    if let Some(profile) = profile {
        command.env("PROFILE", profile);
    }
    let output = isolate(&mut command).output()?;
    let code = output.status.code();
    let said = String::from_utf8_lossy(&output.stderr);
    // What went wrong before the attempt is told, the attempt itself is silent.
    anyhow::ensure!(said.is_empty(), "{}: {said}", attempt.name);
    code.with_context(|| format!("{}: {}", attempt.name, output.status))
}
