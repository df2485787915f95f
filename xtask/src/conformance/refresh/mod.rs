//! `cargo xtask conformance --refresh N`: the namespace does not depend on how it came about.
//!
//! A random sequence of desired profiles is applied to one live namespace, step by step. After
//! each step the same profile is built in a fresh namespace on the same host, and both must look
//! the same. With `--realistic` the profiles are such as snapd writes.

mod figures;
mod guest;
mod judge;
mod mount_ids;
pub(crate) mod namespaces;
mod report;
mod storage;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

pub(crate) use guest::run as guest;

use super::case::Root;
use super::conditions::Conditions;
use figures::{Figures, differs};
use guest::{Done, Job};
use judge::Kind;
use snap_ns_model::history::{self, History, generate, generate_realistic, lines, shrink};

use crate::peer::workspace_root;
use crate::workers::{self, Guest, each, scratch};

/// The name of the hidden subcommand.
pub(crate) const REFRESH_GUEST: &str = "refresh-guest";

/// Failing sequences that are made smaller and printed; of the others the seed is.
const SHOWN: usize = 5;

/// A step each, or why the sequence could not be tried.
type Answer = workers::Answer<Vec<Done>>;

/// Which histories are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Profiles {
    /// A few paths that stand in each other's way.
    Tangled,
    /// As snapd writes them.
    Realistic,
}

impl Profiles {
    fn generate(self, seed: u64) -> History {
        match self {
            Self::Tangled => generate(seed),
            Self::Realistic => generate_realistic(seed),
        }
    }

    /// Histories that are always tried: what the real snapd wrote.
    fn recorded(self) -> Result<Vec<History>> {
        let folder = workspace_root()?.join("crates/companion/snap-ns-model/corpus/recorded");
        let history = |(instance, names): &(&'static str, &[&'static str])| {
            let read = |name: &&'static str| fs::read_to_string(folder.join(name)).context(*name);
            let texts: Vec<String> = names.iter().map(read).collect::<Result<_, _>>()?;
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            history::recorded(instance, &texts).context("a line that snapd does not write")
        };
        match self {
            Self::Tangled => Ok(Vec::new()),
            Self::Realistic => history::RECORDED.iter().map(history).collect(),
        }
    }

    /// How the history of `seed` is asked for.
    fn words(self, seed: u64) -> String {
        match self {
            Self::Tangled => format!("--refresh 1 --seed {seed}"),
            Self::Realistic => format!("--refresh 1 --realistic --seed {seed}"),
        }
    }
}

/// Spent on making one of them smaller, at most; a program that hangs takes its time each time.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs `many` sequences, the first of them that of `seed`; an error when one of ours differs.
/// With a `peer`, its figures are printed for comparison; only ours meets the `conditions`.
pub(super) fn run(
    profiles: Profiles,
    many: usize,
    seed: u64,
    ours: &Path,
    conditions: &Conditions,
    peer: Option<&Path>,
) -> Result<()> {
    let seeds: Vec<u64> = (seed..).take(many).collect();
    ensure!(seeds.len() == many, "the seeds end before that");
    let mut histories = profiles.recorded()?;
    let mut names: Vec<String> =
        histories.iter().map(|recorded| format!("recorded, {}", recorded.instance)).collect();
    histories.extend(seeds.iter().map(|seed| profiles.generate(*seed)));
    names.extend(seeds.iter().map(|seed| profiles.words(*seed)));
    let many = histories.len();
    if let Some(peer) = peer {
        let plain = Conditions::default();
        let answers =
            each(REFRESH_GUEST, many, |guest, at| ask(guest, &histories[at], peer, &plain))?;
        println!("the original: {}", Figures::of(&histories, &answers));
    }
    let answers =
        each(REFRESH_GUEST, many, |guest, at| ask(guest, &histories[at], ours, conditions))?;
    let failed: Vec<usize> = (0..many).filter(|at| differs(&answers[*at])).collect();
    let shown = various(&failed, &answers);
    let smaller = each(REFRESH_GUEST, shown.len(), |guest, which| {
        let at = shown[which];
        let smallest = smallest(guest, (ours, conditions), &histories[at], &answers[at]);
        let answer = ask(guest, &smallest, ours, conditions)?;
        Ok((smallest, answer))
    })?;
    for (at, (smallest, answer)) in shown.iter().zip(&smaller) {
        report::failure(&names[*at], smallest, answer);
    }
    for at in failed.iter().filter(|at| !shown.contains(at)) {
        println!("FAIL {}", names[*at]);
    }
    let figures = Figures::of(&histories, &answers);
    println!("ours: {figures}");
    println!("{} passed, {} failed", many - failed.len(), failed.len());
    ensure!(failed.is_empty(), "{} of {many} sequences depend on the path", failed.len());
    match profiles {
        Profiles::Tangled => Ok(()),
        Profiles::Realistic => figures.meet_the_bars(),
    }
}

/// What `program` makes of `history`.
fn ask(
    guest: &mut Guest,
    history: &History,
    program: &Path,
    conditions: &Conditions,
) -> Result<Answer> {
    guest.ask(&Job {
        program: program.to_owned(),
        conditions: conditions.clone(),
        scratch: scratch()?,
        instance: history.instance.to_owned(),
        world: history.world_text(),
        root: match history.root {
            history::Root::Recorded => Root::Recorded,
            history::Root::ReadOnly => Root::ReadOnly,
        },
        before: history.steps.iter().map(|step| lines(&step.before)).collect(),
        profiles: history.steps.iter().map(|step| lines(&step.profile)).collect(),
    })
}

/// A few of `failed` that fail in different ways first.
fn various(failed: &[usize], answers: &[Answer]) -> Vec<usize> {
    let mut ways: Vec<Option<Kind>> = Vec::new();
    let new_way = |at: &&usize| {
        let way = first(&answers[**at]);
        let new = !ways.contains(&way);
        ways.push(way);
        new
    };
    let mut shown: Vec<usize> = failed.iter().filter(new_way).copied().take(SHOWN).collect();
    let others = failed.iter().filter(|at| !shown.contains(at)).copied();
    let others: Vec<usize> = others.take(SHOWN - shown.len()).collect();
    shown.extend(others);
    shown
}

/// The smallest history found that fails in the same way.
fn smallest(
    guest: &mut Guest,
    (program, conditions): (&Path, &Conditions),
    history: &History,
    answer: &Answer,
) -> History {
    let way = first(answer);
    let same = |answer: &Answer| differs(answer) && first(answer) == way;
    let start = Instant::now();
    shrink(history, |smaller| {
        start.elapsed() < PATIENCE
            && ask(guest, smaller, program, conditions).is_ok_and(|answer| same(&answer))
    })
}

/// The first thing that is wrong.
fn first(answer: &Answer) -> Option<Kind> {
    let steps = answer.as_deref().unwrap_or_default();
    steps.iter().flat_map(|step| &step.differences).map(|difference| difference.kind).next()
}
