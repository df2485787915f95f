//! Inside the machine.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use snap_apparmor::Policy;

use super::suite::{Calls, PASSES, Pass, Suite, starter};
use super::{dropped, forbidden};
use crate::conformance::{Case, Observation, complaints, observe};
use crate::kernels::guest::confinement::{self, Log};
use crate::kernels::guest::{JOB, OURS, serve, tell};
use crate::kernels::tally::{Done, Told};

/// Runs all suites, and ends the machine.
pub(crate) fn run() -> Result<()> {
    serve(work)
}

fn work(answers: &mut File) -> Result<()> {
    let suites: Vec<Suite> = serde_json::from_slice(&fs::read(JOB)?).context("job")?;
    ensure!(!suites.is_empty(), "nothing to do");
    confinement::load(&starter())?;
    let mut bench = Bench { log: Log::open()?, unconfined: BTreeMap::new() };
    let kernel = version()?;
    for suite in &suites {
        let policy = suite.policy()?;
        confinement::load(&policy.to_string())?;
        let pass = format!("{} policy: the whole job", suite.backend.name());
        for (pass_of, case) in runs(suite) {
            let wrong = bench.confined(pass_of, &case, &policy)?;
            let name = format!("{}, {}", case.name, pass_of.name);
            tell(answers, &done(name, &pass, wrong, 1))?;
        }
        forbidden::run(answers, &mut bench.log, (suite, kernel), &policy)?;
        let every_group_counts = match suite.backend {
            // The policy for first starts has no group that the classic one does not have.
            Calls::FirstStart => false,
            Calls::Classic => true,
            Calls::Fd => kernel >= MEDIATED,
        };
        if every_group_counts {
            dropped::run(answers, &mut bench, suite, &policy)?;
        }
        bench.unconfined.clear();
    }
    Ok(())
}

/// From this version on AppArmor mediates the newer mount calls.
pub(super) const MEDIATED: (u32, u32) = (6, 7);

/// The two numbers that matter of the kernel's version.
fn version() -> Result<(u32, u32)> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let mut numbers = release.split('.').map(|number| number.parse::<u32>());
    let mut next = || numbers.next().context("a version")?.context("a number");
    Ok((next()?, next()?))
}

/// Each scenario in each way.
pub(super) fn runs(suite: &Suite) -> impl Iterator<Item = (&'static Pass, Case)> {
    PASSES.iter().flat_map(|pass| suite.cases.iter().map(move |case| (pass, pass.part_of(case))))
}

pub(super) fn done(case: String, pass: &str, wrong: Vec<String>, looks: usize) -> Told {
    Told::Case(Done { case, pass: pass.to_owned(), wrong, looks })
}

/// What runs are held against.
pub(super) struct Bench {
    log: Log,
    /// What is seen without a policy, by pass and scenario.
    unconfined: BTreeMap<(&'static str, String), Vec<Observation>>,
}

impl Bench {
    /// What is wrong with a scenario under the policy that is loaded: what differs from how it is
    /// without one, and what was denied.
    pub(super) fn confined(
        &mut self,
        pass: &'static Pass,
        case: &Case,
        policy: &Policy,
    ) -> Result<Vec<String>> {
        let ours = Path::new(OURS);
        let key = (pass.name, case.name.clone());
        if !self.unconfined.contains_key(&key) {
            let seen = observe(case, ours, &pass.conditions(None), ours)?;
            self.unconfined.insert(key.clone(), seen);
        }
        let unconfined = self.unconfined.get(&key).context("an observation")?;
        let confined = observe(case, ours, &pass.conditions(Some(policy.name())), ours)?;
        let mut wrong = complaints(case, unconfined, &confined);
        let denials = self.log.denials(policy.name())?;
        wrong.extend(denials.iter().map(|denial| format!("denied: {denial}")));
        Ok(wrong)
    }
}
