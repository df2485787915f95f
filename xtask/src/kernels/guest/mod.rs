//! Inside the machine: this program is its first process.

mod boot;
pub(crate) mod confinement;

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::policy::{policy, profile_name};
use super::subset::{Job, Pass};
use super::tally::{Done, Told};
use crate::conformance::{Case, Conditions, Observation, complaints, observe};
use confinement::Log;

/// Where the archive has what the guest needs.
pub(crate) const JOB: &str = "/job.json";
pub(crate) const OURS: &str = "/ours/snap-update-ns";
pub(crate) const ORIGINAL: &str = "/original/snap-update-ns";

/// Runs the job in the archive, and ends the machine.
pub(crate) fn run() -> Result<()> {
    serve(work)
}

/// Makes this process the first one of a machine, lets it `work`, and ends the machine.
pub(crate) fn serve(work: fn(&mut File) -> Result<()>) -> Result<()> {
    let mut answers = boot::start()?;
    let told = match begin(&mut answers).and_then(|()| work(&mut answers)) {
        Ok(()) => Told::End,
        Err(error) => Told::Broken(format!("{error:#}")),
    };
    tell(&mut answers, &told)?;
    // All of it has to be on its way before the machine ends.
    nix::sys::termios::tcdrain(&answers)?;
    boot::end()
}

/// The kernel, and that it can do what everything here is about.
fn begin(answers: &mut File) -> Result<()> {
    let release = nix::sys::utsname::uname()?.release().to_string_lossy().into_owned();
    tell(answers, &Told::Kernel(release))?;
    ensure!(confinement::is_enabled(), "AppArmor is not enabled");
    Ok(())
}

pub(crate) fn tell(answers: &mut File, told: &Told) -> Result<()> {
    writeln!(answers, "{}", serde_json::to_string(told)?).context("answer")
}

fn work(answers: &mut File) -> Result<()> {
    let job: Job = serde_json::from_slice(&fs::read(JOB)?).context("job")?;
    let mut log = Log::open()?;
    let first = job.cases.first().zip(job.passes.first()).context("nothing to do")?;
    tell(answers, &Told::Case(forbidden(&mut log, first)?))?;
    for case in &job.cases {
        confinement::load(&policy(&case.instance, &case.confined_profiles())?)
            .with_context(|| case.name.clone())?;
        let theirs = seen(&mut log, case, None)?;
        for pass in &job.passes {
            tell(answers, &Told::Case(one(&mut log, case, &theirs, pass)?))?;
        }
    }
    Ok(())
}

/// One case by ours, held against the original.
fn one(log: &mut Log, case: &Case, theirs: &Side, pass: &Pass) -> Result<Done> {
    let ours = seen(log, case, Some(pass))?;
    let mut wrong = complaints(case, &theirs.observations, &ours.observations);
    for (who, side) in [("the original", theirs), ("ours", &ours)] {
        wrong.extend(side.denials.iter().map(|denial| format!("{who} was denied: {denial}")));
    }
    Ok(Done { case: case.name.clone(), pass: pass.name.clone(), wrong, looks: 1 })
}

/// A layout that the policy does not name must fail, and be in the log: else nothing that is said
/// about denials means anything.
fn forbidden(log: &mut Log, (case, pass): (&Case, &Pass)) -> Result<Done> {
    confinement::load(&policy(&case.instance, "")?)?;
    let side = seen(log, case, Some(pass))?;
    let mut wrong = Vec::new();
    if side.denials.is_empty() {
        wrong.push("a layout that the policy does not name was not denied".to_owned());
    }
    let exit = side.observations.get(1).map(|after| after.exit.as_str());
    if exit != Some("1") {
        wrong.push(format!("a layout that was denied: exit {exit:?}"));
    }
    let name = format!("{} without its policy", case.name);
    Ok(Done { case: name, pass: pass.name.clone(), wrong, looks: 1 })
}

struct Side {
    observations: Vec<Observation>,
    denials: Vec<String>,
}

/// What ours does in a pass; or without a pass, the original.
fn seen(log: &mut Log, case: &Case, pass: Option<&Pass>) -> Result<Side> {
    let profile = profile_name(&case.instance);
    let program = if pass.is_some() { OURS } else { ORIGINAL };
    let conditions = pass.map(|pass| pass.conditions.clone()).unwrap_or_default();
    let conditions = Conditions { profile: Some(profile.clone()), ..conditions };
    let observations = observe(case, Path::new(program), &conditions, Path::new(ORIGINAL))?;
    let denials = log.denials(&profile)?;
    Ok(Side { observations, denials })
}
