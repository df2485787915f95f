//! A process that performs one history after the other, each in mount namespaces of its own.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::super::caller::{self, Outcome, Program};
use super::super::case::{Caller, Case, Root, Step};
use super::super::conditions::Conditions;
use super::super::guest::current_profile;
use super::super::observe::{self, Seen};
use super::super::world;
use super::judge::{self, Difference, Facts, Kind};
use super::mount_ids::identity;
use super::namespaces::{self, Namespaces, enter};
use super::storage;
use crate::workers::answer_all;

/// One history on one side. One line on standard input.
#[derive(Deserialize, Serialize)]
pub(super) struct Job {
    pub(super) program: PathBuf,
    pub(super) conditions: Conditions,
    /// Any directory; it is only mounted on, in our own namespace.
    pub(super) scratch: PathBuf,
    pub(super) instance: String,
    pub(super) world: String,
    pub(super) root: Root,
    /// What others do before each step, as lines of a world.
    pub(super) before: Vec<String>,
    pub(super) profiles: Vec<String>,
}

/// What became of one step.
#[derive(Deserialize, Serialize)]
pub(super) struct Done {
    /// Exit statuses of the update and of the run in a fresh namespace.
    pub(super) exit: String,
    pub(super) fresh_exit: String,
    pub(super) differences: Vec<Difference>,
    /// What the profile asks for shows what it creates on the host: built twice in a row it is not
    /// the same twice, so a difference means nothing, and the sequence ends.
    pub(super) unsettled: bool,
    /// The update failed, and so does a fresh namespace once everything was undone: one that is built
    /// beside the live one finds on the host what that had made there. The sequence ends.
    pub(super) of_leftovers: bool,
    /// Mounts that are in the saved profile before and after; those that are still the same one.
    pub(super) recorded: usize,
    pub(super) kept: usize,
    /// Entries that are recorded before and after a step that changed something; those of them whose
    /// mount, or link, is still the same one.
    pub(super) equal: usize,
    pub(super) left_alone: usize,
    /// Of the two runs, those that met an obstacle that the plan did not foresee.
    pub(super) unforeseen: usize,
    /// Of the two runs, those that left a content entry out.
    pub(super) left_out: usize,
}

/// The hidden subcommand: jobs in, answers out.
pub(crate) fn run() -> Result<()> {
    let base = namespaces::own()?;
    answer_all(|job: &Job| {
        let done = perform(job);
        enter(&base)?;
        let mut done = done?;
        let only_fresh =
            |step: &Done| step.differences.iter().any(|it| it.kind == Kind::OnlyFreshAccepts);
        if let Some(at) = done.iter().position(only_fresh) {
            let is_so = fails_undone(job, at);
            enter(&base)?;
            if is_so? {
                done.truncate(at + 1);
                done[at].of_leftovers = true;
                done[at].differences.clear();
            }
        }
        Ok(done)
    })
}

/// Whether step `at` fails without any namespace that is built beside the live one, and its profile
/// fails in a fresh one as well when everything was undone first.
fn fails_undone(job: &Job, at: usize) -> Result<bool> {
    let stage = Stage::new(job)?;
    let rootfs = fs::read(current_profile(&stage.case)).unwrap_or_default();
    enter(&stage.at.live)?;
    let mut exit = String::new();
    for step in &stage.case.steps[..=at] {
        stage.prepare(step)?;
        exit = stage.update(step)?.exit;
    }
    let step = &stage.case.steps[at];
    let nothing = Step { desired: None, world: String::new(), ..step.clone() };
    stage.prepare(&nothing)?;
    let undone = stage.update(&Step { caller: Caller::Snapd, ..nothing })?;
    stage.want(step)?;
    let fresh = stage.construct(step, &stage.at.host, &rootfs)?.0;
    Ok(exit == "1" && undone.exit == "0" && fresh.exit == "1")
}

fn perform(job: &Job) -> Result<Vec<Done>> {
    let stage = Stage::new(job)?;
    let rootfs = fs::read(current_profile(&stage.case)).unwrap_or_default();
    enter(&stage.at.live)?;
    let mut before = facts(&stage.case, None)?;
    let mut all = Vec::new();
    for at in 0..stage.case.steps.len() {
        let (done, after) = stage.step(at, before, &rootfs)?;
        let ended = done.differences.iter().any(|difference| difference.kind == Kind::Ended);
        let end = done.unsettled || ended;
        all.push(done);
        if end {
            break;
        }
        before = after;
    }
    Ok(all)
}

/// The case that other parts of the suite understand.
fn case(job: &Job) -> Case {
    let step = |(at, desired): (usize, &String)| Step {
        world: job.before.get(at).cloned().unwrap_or_default(),
        caller: if at == 0 { Caller::SnapConfine } else { Caller::Snapd },
        desired: Some(desired.clone()),
        env: [("SNAPD_DEBUG".to_owned(), "1".to_owned())].into(),
        ..Step::default()
    };
    let steps = job.profiles.iter().enumerate().map(step).collect();
    Case { steps, root: job.root, ..Case::of_world(&job.instance, &job.world) }
}

struct Stage {
    at: Namespaces,
    case: Case,
    program: Program,
}

impl Stage {
    fn new(job: &Job) -> Result<Self> {
        let file = File::open(&job.program).with_context(|| job.program.display().to_string())?;
        let program = Program { file, conditions: job.conditions.clone() };
        let case = case(job);
        Ok(Self { at: Namespaces::new(&job.scratch, &case)?, case, program })
    }

    /// What snapd writes and what others do before `step`; this process is in the live namespace,
    /// before and after.
    fn prepare(&self, step: &Step) -> Result<()> {
        self.want(step)?;
        enter(&self.at.host)?;
        for line in step.world.lines() {
            // What stands in their way stops them, not us.
            let _ = world::perform(line);
        }
        enter(&self.at.live)
    }

    /// Performs a step in the live namespace, then builds the same profile in a fresh one. Both
    /// when called and when it returns, this process is in the live one.
    fn step(&self, at: usize, mut before: Facts, rootfs: &[u8]) -> Result<(Done, Facts)> {
        let step = &self.case.steps[at];
        let ids = ids(&before.profile);
        self.prepare(step)?;
        if !step.world.is_empty() {
            before.tree = observe::tree(Seen::ByRefreshes)?;
        }
        let copy = storage::copy(&self.at.host)?;
        let update = self.update(step)?;
        let live = facts(&self.case, Some(&update))?;
        let now = self::ids(&live.profile);
        let recorded: Vec<&String> = ids.keys().filter(|line| now.contains_key(*line)).collect();
        let kept = recorded.iter().filter(|line| ids.get(**line) == now.get(**line)).count();
        let changed = update.exit == "0" && before.profile != live.profile;
        let is_entry = |line: &&String| changed && !line.contains("x-snapd.synthetic");
        let entries: Vec<&String> = recorded.iter().copied().filter(is_entry).collect();
        let equal = entries.len();
        let left_alone = entries.iter().filter(|at| ids.get(**at) == now.get(**at)).count();

        let (construction, fresh) = self.construct(step, &self.at.host, rootfs)?;
        let after = facts(&self.case, None)?;
        let says = |told: &dyn Fn(&str) -> bool| {
            let said =
                |outcome: &&Outcome| String::from_utf8_lossy(&outcome.stderr).lines().any(told);
            [&update, &construction].into_iter().filter(said).count()
        };
        let (unforeseen, left_out) =
            (says(&caller::is_unforeseen), says(&|line| line.contains("left out: ")));
        let judged = judge::Step { before, live, fresh, afterwards: after.tree.clone() };
        let mut differences = judge::judge(&judged);
        let unsettled = differences.iter().any(|difference| difference.kind.needs_settled())
            && !self.is_settled(step, &copy, rootfs)?;
        if unsettled {
            differences.clear();
        }
        let done = Done {
            differences,
            unsettled,
            of_leftovers: false,
            recorded: recorded.len(),
            kept,
            equal,
            left_alone,
            unforeseen,
            left_out,
            exit: update.exit,
            fresh_exit: construction.exit,
        };
        Ok((done, after))
    }

    /// Writes the desired profile, as snapd does.
    fn want(&self, step: &Step) -> Result<()> {
        let profile = format!("/var/lib/snapd/mount/snap.{}.fstab", self.case.instance);
        Ok(fs::write(profile, step.desired.as_deref().unwrap_or_default())?)
    }

    /// Updates the live namespace, and goes there.
    fn update(&self, step: &Step) -> Result<Outcome> {
        let from = if step.caller == Caller::Snapd { &self.at.host } else { &self.at.live };
        enter(from)?;
        let outcome = caller::run(&self.case, step, &self.program)?;
        enter(&self.at.live)?;
        Ok(outcome)
    }

    /// Builds the profile of `step` in a fresh namespace on `host`; the live one is left alone.
    fn construct(&self, step: &Step, host: &File, rootfs: &[u8]) -> Result<(Outcome, Facts)> {
        let path = current_profile(&self.case);
        let saved = fs::read(&path).ok();
        fs::write(&path, rootfs)?;
        let _fresh = namespaces::fresh(host)?;
        let first = Step { caller: Caller::SnapConfine, ..step.clone() };
        let outcome = caller::run(&self.case, &first, &self.program)?;
        let facts = facts(&self.case, Some(&outcome))?;
        enter(&self.at.live)?;
        match saved {
            Some(saved) => fs::write(path, saved)?,
            None => fs::remove_file(path)?,
        }
        Ok((outcome, facts))
    }

    /// Whether the profile is built alike twice in a row on `copy`, the host before the step.
    fn is_settled(&self, step: &Step, copy: &File, rootfs: &[u8]) -> Result<bool> {
        let (_, first) = self.construct(step, copy, rootfs)?;
        let (_, second) = self.construct(step, copy, rootfs)?;
        Ok(first.exit == second.exit
            && (first.exit != "0" || first.tree == second.tree && first.profile == second.profile))
    }
}

/// What is there now, `after` a run if there was one.
fn facts(case: &Case, after: Option<&Outcome>) -> Result<Facts> {
    let mut profile = observe::lines(&fs::read(current_profile(case)).unwrap_or_default());
    profile.sort();
    profile.dedup();
    Ok(Facts {
        exit: after.map(|outcome| outcome.exit.clone()).unwrap_or_default(),
        said: after.map(|outcome| observe::lines(&outcome.stdout)).unwrap_or_default(),
        profile,
        mounts: observe::mounts()?,
        tree: observe::tree(Seen::ByRefreshes)?,
    })
}

/// Which mount, or which link, each line of a saved profile stands for.
fn ids(profile: &[String]) -> BTreeMap<String, (u64, u64)> {
    let id = |line: &String| {
        let point = line.split(' ').nth(1).filter(|point| *point != "/")?;
        Some((line.clone(), identity(Path::new(point))?))
    };
    profile.iter().filter_map(id).collect()
}
