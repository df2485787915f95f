//! `cargo xtask faults`: every system call of a run fails, and the process is killed at each; then
//! the program runs again, and what is there must be what an undisturbed run leaves.
//!
//! Scenarios are data (`xtask/faults/scenarios.toml`). For each point the world is made anew, in
//! namespaces of its own; `docs/faults.md` says what is compared.

mod call;
mod driver;
mod facts;
mod filter;
mod groups;
mod guest;
mod judge;
mod older;
mod points;
mod registers;
mod report;
mod scenario;
mod stage;
mod table;
mod tally;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

pub(crate) use guest::run as guest;

use call::Call;
use driver::Fault;
use guest::{Found, Next, Point, Question, Side, Survey, Verdict};
use points::Selection;
use scenario::Row;
use tally::Tally;

use crate::conformance::build;
use crate::workers::{Answer, Guest, each};

/// The name of the hidden subcommand.
pub(crate) const GUEST: &str = "faults-guest";

#[derive(Args)]
pub(crate) struct Faults {
    /// Only the rows whose name contains this.
    #[arg(long, value_name = "SUBSTRING")]
    only: Option<String>,
    /// Only one in N of the calls.
    #[arg(long, value_name = "N", default_value_t = 1)]
    every: usize,
    /// Only calls with this name.
    #[arg(long, value_name = "NAME")]
    calls: Option<String>,
    /// Only the call with this number, and everything about it.
    #[arg(long, value_name = "N", conflicts_with_all = ["every", "calls"])]
    point: Option<usize>,
    /// Also sweep the packaged original, over the calls that change mounts or files.
    #[arg(long)]
    original: bool,
    /// Also kill ours at each call, and let the packaged original run next.
    #[arg(long)]
    taken_over: bool,
    /// Instead: an older version of ours is killed at each call, and what is built now runs next; and
    /// the reverse.
    #[arg(long, conflicts_with_all = ["original", "taken_over"])]
    upgrades: bool,
    /// The older version, instead of the one that is built from the project's history.
    #[arg(long, value_name = "PATH", requires = "upgrades")]
    older: Option<PathBuf>,
    /// Only one in N of the original's calls.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "original")]
    original_every: usize,
    /// Our program; by default target/release/snap-update-ns, built first.
    #[arg(long, value_name = "PATH")]
    ours: Option<PathBuf>,
    /// The original, instead of the packaged one of Debian sid.
    #[arg(long, value_name = "PATH")]
    peer: Option<PathBuf>,
}

impl Faults {
    /// The packaged program.
    fn original(&self) -> Result<PathBuf> {
        let path = match &self.peer {
            Some(peer) => peer.clone(),
            None => crate::peer::snap_update_ns("sid")?,
        };
        path.canonicalize().context("the original")
    }
}

/// A row that was surveyed, with the points that are tried.
struct Plan {
    row: Row,
    survey: Survey,
    points: Vec<Point>,
}

/// Sweeps; an error when a point of ours did not survive.
pub(crate) fn run(options: &Faults) -> Result<()> {
    let mut rows = scenario::rows()?;
    rows.retain(|row| options.only.as_ref().is_none_or(|only| row.name.contains(only)));
    ensure!(!rows.is_empty(), "no row has such a name");
    ensure!(options.every > 0 && options.original_every > 0, "one in none");
    if !nix::unistd::geteuid().is_root() {
        println!("SKIPPED: the fault sweep needs root: it makes devices, owners, control groups");
        bail!("faults were not swept");
    }
    if !registers::KNOWN {
        println!("SKIPPED: the fault sweep knows the registers and system calls of x86-64 only");
        bail!("faults were not swept");
    }
    let start = Instant::now();
    let ours =
        options.ours.clone().map_or_else(build, Ok)?.canonicalize().context("our program")?;
    let selection =
        Selection { every: options.every, calls: options.calls.clone(), point: options.point };
    if options.upgrades {
        let older = options.older.clone().map_or_else(older::build, Ok)?;
        let older = older.canonicalize().context("the older version")?;
        let back: Vec<_> = rows.iter().filter(|row| row.scenario.downgrades).cloned().collect();
        let swept = [
            ("an upgrade", sweep(&rows, [&older, &ours], Side::Versions, &selection)?),
            ("a downgrade", sweep(&back, [&ours, &older], Side::Versions, &selection)?),
        ];
        return upgrades(&swept, options.point.is_some(), start);
    }
    let swept = sweep(&rows, [&ours, &ours], Side::Ours, &selection)?;
    report::complaints(&swept);
    report::failures(&swept, options.point.is_some());
    let mut original = None;
    if options.original {
        let path = options.original()?;
        let selection = Selection { every: options.original_every, ..selection.clone() };
        let swept = sweep(&rows, [&path, &path], Side::Original, &selection)?;
        report::notes(&swept);
        if options.point.is_some() {
            report::failures(&swept, true);
        }
        original = Some(swept);
    }
    report::table(&swept, original.as_deref());
    if options.taken_over {
        let path = options.original()?;
        let swept = sweep(&rows, [&ours, &path], Side::TakenOver, &selection)?;
        if options.point.is_some() {
            report::failures(&swept, true);
        }
        report::taken_over(&swept);
    }
    let seconds = start.elapsed().as_secs();
    let tallies = swept.iter().map(|(plan, tally)| (plan.survey.complaints.len(), tally));
    let failed: usize = tallies.map(|(complaints, tally)| complaints + tally.failed()).sum();
    let tried: usize = swept.iter().map(|(_, tally)| tally.tried()).sum();
    println!("{tried} points of ours tried, {failed} failures, {seconds} s");
    ensure!(tried > 0, "no point was tried");
    ensure!(failed == 0, "faults: {failed} failures");
    Ok(())
}

/// Tells what came of both directions.
fn upgrades(swept: &[(&str, Vec<(Plan, Tally)>)], single: bool, start: Instant) -> Result<()> {
    let (mut tried, mut failed, mut missed) = (0, 0, 0);
    for (direction, swept) in swept {
        println!("{direction}: one is killed at each call, and the other runs next");
        report::notes(swept);
        report::failures(swept, single);
        report::table(swept, None);
        for (plan, tally) in swept {
            ensure!(!plan.points.is_empty() || single, "{} has no point", plan.row.name);
            tried += tally.tried();
            failed += tally.failures.len();
            missed += tally.missed;
        }
    }
    let seconds = start.elapsed().as_secs();
    println!("{tried} points tried, {failed} failures, {missed} not reached, {seconds} s");
    ensure!(tried > 0, "no point was tried");
    // That a version always makes the same calls is for the other sweep to find out.
    ensure!(missed * 50 <= tried, "{missed} of {tried} points were not reached");
    ensure!(failed == 0, "faults: {failed} failures");
    Ok(())
}

/// How often a run looks whether its groups stand still is chance. Of so many surveys the one with
/// the fewest calls is taken: then every call is reached.
const SURVEYS: usize = 5;

/// Surveys every row, then tries all points.
fn sweep(
    rows: &[Row],
    [program, next]: [&Path; 2],
    side: Side,
    selection: &Selection,
) -> Result<Vec<(Plan, Tally)>> {
    let ask = |guest: &mut Guest, row: &Row, point: Option<Point>| -> Result<Answer<Found>> {
        let (program, next) = (program.to_owned(), next.to_owned());
        guest.ask(&Question { row: row.clone(), program, next, side, point })
    };
    let surveys = each(GUEST, rows.len() * SURVEYS, |guest, at| {
        survey(ask(guest, &rows[at / SURVEYS], None)?)
    })?;
    let mut plans = Vec::new();
    for (row, surveys) in rows.iter().zip(surveys.chunks(SURVEYS)) {
        let mut complaints = Vec::new();
        let mut calls: Option<&[Call]> = None;
        for survey in surveys {
            match survey {
                Ok(survey) => {
                    complaints.extend(survey.complaints.iter().cloned());
                    let shortest = calls.is_none_or(|calls| survey.calls.len() < calls.len());
                    calls = if shortest { Some(&survey.calls) } else { calls };
                }
                Err(error) => complaints.push(format!("cannot be tried: {error}")),
            }
        }
        let survey = Survey { calls: calls.unwrap_or_default().to_vec(), complaints };
        let mut points = selection.points(row, &survey.calls);
        points.retain(|point| match side {
            Side::Ours | Side::Original => true,
            Side::TakenOver => point.fault == Fault::Kill && point.next == Next::Same,
            Side::Versions => point.fault == Fault::Kill,
        });
        plans.push(Plan { row: row.clone(), survey, points });
    }
    let all: Vec<(usize, Point)> = plans
        .iter()
        .enumerate()
        .flat_map(|(at, plan)| plan.points.iter().map(move |point| (at, *point)))
        .collect();
    let verdicts = each(GUEST, all.len(), |guest, at| {
        let (plan, point) = all[at];
        verdict(ask(guest, &plans[plan].row, Some(point))?)
    })?;
    let mut tallies: Vec<Tally> = plans.iter().map(|_| Tally::default()).collect();
    for ((plan, point), verdict) in all.into_iter().zip(verdicts) {
        let surveyed = plans[plan].survey.calls[point.at].number;
        tallies[plan].add(point, surveyed, verdict);
    }
    Ok(plans.into_iter().zip(tallies).collect())
}

fn survey(answer: Answer<Found>) -> Result<Answer<Survey>> {
    Ok(match answer {
        Ok(Found::Survey(survey)) => Ok(survey),
        Ok(Found::Verdict(_)) => bail!("another answer was asked for"),
        Err(error) => Err(error),
    })
}

fn verdict(answer: Answer<Found>) -> Result<Answer<Verdict>> {
    Ok(match answer {
        Ok(Found::Verdict(verdict)) => Ok(verdict),
        Ok(Found::Survey(_)) => bail!("another answer was asked for"),
        Err(error) => Err(error),
    })
}
