//! The isolated process: makes the world, lets the programs take turns, and checks their work.

use std::fs::{self, File};

use anyhow::{Context, Result, ensure};

use super::call::{command, judge, timed};
use super::job::{Footprint, Job, Outcome, Sample, Who};
use super::scenario::{Phase, Shape};
use super::trace::{self, Watch};
use super::world::{CURRENT, DESIRED, ROOTFS, enter, in_fresh_copy, mount_points};

/// Does the job on standard input; the outcome goes to standard output.
pub(crate) fn main() -> Result<()> {
    let job: Job = serde_json::from_reader(std::io::stdin()).context("job")?;
    enter(&job)?;
    let home = File::open("/proc/self/ns/mnt").context("own namespace")?;
    let mut outcome = Outcome {
        shape: job.shape,
        samples: Vec::new(),
        footprints: Vec::new(),
        failures: Vec::new(),
    };
    let mut able = Vec::new();
    for who in job.programs.iter().map(|(who, _)| *who) {
        match in_fresh_copy(&home, || verified(who, job.shape)) {
            Ok(()) => able.push(who),
            Err(error) => outcome.failures.push((who, format!("{error:#}"))),
        }
    }
    for _ in 0..job.runs {
        for who in &able {
            let samples = in_fresh_copy(&home, || run(*who, job.shape))?;
            outcome.samples.extend(samples);
        }
    }
    for who in able {
        outcome
            .footprints
            .extend(in_fresh_copy(&home, || footprints(who, job.shape, Watch::Memory))?);
        let counted = in_fresh_copy(&home, || footprints(who, job.shape, Watch::Calls))?;
        for footprint in counted {
            let same =
                outcome.footprints.iter_mut().find(|f| f.who == who && f.phase == footprint.phase);
            same.context("same phases in both traced runs")?.syscalls = footprint.syscalls;
        }
    }
    serde_json::to_writer(std::io::stdout(), &outcome).context("outcome")
}

/// Writes the profiles that `phase` starts from. The floor gets them too and reads neither.
fn prepare(shape: Shape, phase: Phase) -> Result<()> {
    match phase {
        Phase::Start => {}
        Phase::Undo => fs::write(DESIRED, "")?,
        Phase::Build => fs::write(DESIRED, shape.desired())?,
        // Without a build before, the current profile is what a build would have left.
        Phase::NoChange if shape == Shape::Nothing => {
            fs::write(DESIRED, shape.desired())?;
            fs::write(CURRENT, format!("{ROOTFS}{}", shape.desired()))?;
        }
        Phase::NoChange => {}
    }
    Ok(())
}

/// One counted run: every phase, timed.
fn run(who: Who, shape: Shape) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for phase in shape.phases() {
        prepare(shape, *phase)?;
        samples.push(timed(who, shape, *phase)?);
    }
    Ok(samples)
}

fn footprints(who: Who, shape: Shape, watch: Watch) -> Result<Vec<Footprint>> {
    let mut footprints = Vec::new();
    for phase in shape.phases().iter().copied() {
        prepare(shape, phase)?;
        let (status, seen) = trace::run(&mut command(who, shape, phase)?, watch)?;
        judge(who, phase, status)?;
        footprints.push(Footprint {
            who,
            phase,
            peak_rss_kib: seen.peak_rss_kib,
            syscalls: seen.syscalls,
        });
    }
    Ok(footprints)
}

/// The uncounted first run: warms up, and proves that the program does the work.
fn verified(who: Who, shape: Shape) -> Result<()> {
    let before = mount_points()?;
    let mut built = Vec::new();
    for phase in shape.phases() {
        prepare(shape, *phase)?;
        timed(who, shape, *phase)?;
        let after = mount_points()?;
        match phase {
            Phase::Build => {
                check_built(shape, &before, &after)?;
                built = after;
            }
            Phase::NoChange if shape == Shape::Nothing => same("nothing to do", &before, &after)?,
            Phase::NoChange => same("no change", &built, &after)?,
            Phase::Start => same("start", &before, &after)?,
            Phase::Undo => same("undo", &before, &after)?,
        }
        check_saved(who, shape, *phase)?;
    }
    Ok(())
}

pub(super) fn check_built(shape: Shape, before: &[String], after: &[String]) -> Result<()> {
    let added = after.len().saturating_sub(before.len());
    ensure!(added >= shape.mounts(), "the build added {added} mounts, not {}", shape.mounts());
    let there: std::collections::BTreeSet<&str> = after.iter().map(String::as_str).collect();
    for line in shape.desired().lines() {
        let point = line.split(' ').nth(1).context("mount point")?;
        if line.contains("x-snapd.kind=symlink") {
            fs::read_link(point).with_context(|| format!("{point} is no symbolic link"))?;
        } else {
            ensure!(there.contains(point), "nothing is mounted at {point}");
        }
    }
    Ok(())
}

pub(super) fn same(what: &str, before: &[String], after: &[String]) -> Result<()> {
    let sorted = |points: &[String]| {
        let mut points = points.to_vec();
        points.sort_unstable();
        points
    };
    ensure!(
        sorted(before) == sorted(after),
        "{what} should leave {} mounts as they were, there are {}",
        before.len(),
        after.len()
    );
    Ok(())
}

/// The saved profile names every entry after a build, and only the root file system after undo.
fn check_saved(who: Who, shape: Shape, phase: Phase) -> Result<()> {
    let saved = fs::read_to_string(CURRENT).context(CURRENT)?;
    match phase {
        Phase::Build => {
            let points: std::collections::BTreeSet<&str> =
                saved.lines().filter_map(|line| line.split(' ').nth(1)).collect();
            for line in shape.desired().lines() {
                let point = line.split(' ').nth(1).context("mount point")?;
                ensure!(points.contains(point), "{point} is not in the saved profile");
            }
        }
        Phase::Undo => ensure!(saved == ROOTFS, "{} saved {saved:?} after the undo", who.word()),
        Phase::Start | Phase::NoChange => {}
    }
    Ok(())
}
