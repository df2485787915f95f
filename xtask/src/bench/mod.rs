//! `cargo xtask bench`: ours, the packaged original and a floor of bare system calls, taking
//! turns in fresh copies of the same worlds.

mod bars;
mod call;
mod conditions;
mod document;
mod elf;
mod growth;
mod inside;
mod job;
mod planning;
mod programs;
mod scenario;
mod stall;
mod stats;
mod swap;
mod table;
mod trace;
mod way;
mod world;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::de::DeserializeOwned;
use snap_ns_testbed::isolate;

pub(crate) use growth::inside as growth;
pub(crate) use inside::main as inside;
pub(crate) use planning::inside as planning;
pub(crate) use programs::build;
pub(crate) use stall::inside as stall;
pub(crate) use swap::inside as swap;
pub(crate) use world::{CURRENT, DESIRED, ROOTFS, prepare};

use crate::peer;
use job::{Job, Outcome, Who};
use scenario::Shape;

/// The options of the command.
#[derive(clap::Args)]
pub(crate) struct Bench {
    /// Measure this program as ours, instead of building it.
    #[arg(long, value_name = "PATH")]
    ours: Option<PathBuf>,
    /// Measure this program as the original, instead of Debian's of suite sid.
    #[arg(long, value_name = "PATH")]
    peer: Option<PathBuf>,
    /// Counted runs of each scenario.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
    /// Fewer runs, and not the largest worlds.
    #[arg(long)]
    quick: bool,
    /// Only this scenario (start-up, nothing, typical-20, layouts-N, mimic-N, planning, stall, swap, growth).
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Write the tables into docs/performance.md.
    #[arg(long)]
    write: bool,
}

/// Measures, prints, and writes when asked to. Slowness is reported; wrong work is an error.
pub(crate) fn run(options: Bench) -> Result<()> {
    let runs = if options.quick { options.runs.min(5) } else { options.runs };
    let shapes = shapes(options.quick, options.only.as_deref())?;
    let programs = programs::all(options.ours, options.peer)?;
    let elf = elf::inspect(&programs.ours)?;
    let scratch = peer::workspace_root()?.join("target/bench/world");
    std::fs::create_dir_all(&scratch)?;
    let mut outcomes = Vec::new();
    for shape in shapes {
        eprintln!("{} ...", shape.name());
        let job = Job {
            shape,
            runs: shape.at_most(runs).into(),
            programs: programs.named(),
            scratch: scratch.display().to_string(),
        };
        outcomes.push(measure(&job)?);
    }
    let is_asked_for = |name| options.only.as_deref().is_none_or(|only| only == name);
    let live = |runs| Job {
        shape: Shape::Typical,
        runs,
        programs: programs.named(),
        scratch: scratch.display().to_string(),
    };
    let planned = match is_asked_for(planning::NAME) {
        true => planning::measure(runs, &scratch)?,
        false => Vec::new(),
    };
    let stalled = match is_asked_for(stall::NAME) {
        true => stall::measure(&live(usize::from(runs) * stall::ROUNDS))?,
        false => None,
    };
    let swapped = match is_asked_for(swap::NAME) {
        true => swap::measure(&live(usize::from(runs) * swap::ROUNDS))?,
        false => None,
    };
    let grown = match is_asked_for(growth::NAME) {
        true => {
            growth::measure(|shape| Job { shape, ..live(usize::from(shape.at_most(runs.min(5)))) })?
        }
        false => Vec::new(),
    };
    let text = format!(
        "{}\n{}{}{}{}{}{}",
        conditions::describe(runs, &programs)?,
        table::tables(&outcomes),
        planning::table(&planned),
        stalled.as_ref().map_or_else(String::new, stall::table),
        swapped.as_ref().map_or_else(String::new, swap::table),
        growth::table(&grown),
        bars::report(&outcomes, &planned, (stalled.as_ref(), swapped.as_ref()), &grown, elf)
    );
    println!("{text}");
    if options.write {
        document::write(&text)?;
    }
    valid(&outcomes)?;
    swapped.as_ref().map_or(Ok(()), swap::valid)
}

fn shapes(quick: bool, only: Option<&str>) -> Result<Vec<Shape>> {
    let Some(only) = only else {
        return Ok(if quick { Shape::quick() } else { Shape::all() });
    };
    if [planning::NAME, stall::NAME, swap::NAME, growth::NAME].contains(&only) {
        return Ok(Vec::new());
    }
    let named: Vec<Shape> = Shape::all().into_iter().filter(|s| s.name() == only).collect();
    let names: Vec<String> = Shape::all().into_iter().map(Shape::name).collect();
    ensure!(
        !named.is_empty(),
        "no scenario {only}; there are {}, planning, stall, swap, growth",
        names.join(", ")
    );
    Ok(named)
}

/// Lets a process of its own, in namespaces of its own, do `job`.
fn measure(job: &Job) -> Result<Outcome> {
    let outcome: Outcome = ask_isolated("bench-inside", &job.shape.name(), job)?;
    for (who, why) in &outcome.failures {
        eprintln!("!!! {}: {} FAILED: {why}", job.shape.name(), who.word());
    }
    Ok(outcome)
}

/// What the hidden command `chore` answers to `job`, in a mount namespace of its own.
fn ask_isolated<T: DeserializeOwned>(chore: &str, name: &str, job: &Job) -> Result<T> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(chore).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = isolate(&mut command)
        .spawn()
        .context("cannot make a mount namespace (as an ordinary user this needs user namespaces: /proc/sys/user/max_user_namespaces, and no policy that forbids them)")?;
    let mut stdin = child.stdin.take().context("stdin")?;
    stdin.write_all(&serde_json::to_vec(job)?)?;
    drop(stdin);
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{name}: INVALID");
    serde_json::from_slice(&output.stdout).context("the answer")
}

/// A program that did not do the work makes the whole bench a failure; but the original may give
/// up beyond what any snap has (its figures are then missing, and said to be).
fn valid(outcomes: &[Outcome]) -> Result<()> {
    for outcome in outcomes {
        for (who, why) in &outcome.failures {
            if *who != Who::Original || outcome.shape != Shape::Layouts(16_000) {
                bail!("{}: {} FAILED: {why}", outcome.shape.name(), who.word());
            }
        }
    }
    Ok(())
}
