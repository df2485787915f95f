//! Builds much, and times a small change.

use std::fs::File;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

use super::Taken;
use crate::bench::job::{Job, Who};
use crate::bench::scenario::{BASE, Shape};
use crate::bench::way::Way;
use crate::bench::world::{enter, mount_points, prepare};
use crate::conformance::pin;
use crate::live::Namespaces;

/// Does the job on standard input; the times go to standard output.
pub(crate) fn main() -> Result<()> {
    let job: Job = serde_json::from_reader(std::io::stdin()).context("job")?;
    enter(&job)?;
    let home = File::open("/proc/self/ns/mnt").context("own namespace")?;
    pin(0)?;
    let mut taken = Taken { shape: job.shape, samples: Vec::new(), failures: Vec::new() };
    for _ in 0..job.runs {
        for who in [Who::Ours, Who::Floor] {
            if taken.failures.iter().any(|(failed, _)| *failed == who) {
                continue;
            }
            match change(&home, job.shape, who) {
                Ok(us) => taken.samples.push((who, us)),
                Err(error) => taken.failures.push((who, format!("{error:#}"))),
            }
        }
    }
    serde_json::to_writer(std::io::stdout(), &taken).context("times")
}

/// Builds all in new namespaces, changes it, and tells how long the change took: microseconds of the
/// clock, and of a processor.
fn change(home: &File, shape: Shape, who: Who) -> Result<[f64; 2]> {
    let namespaces = Namespaces::new(home, || prepare().map(drop))?;
    let desired = shape.desired();
    let (changed, point, stands) = match shape {
        Shape::Mimic(_) => {
            let more = desired.replace(&format!("{BASE}/new"), &format!("{BASE}/other"));
            (format!("{desired}{more}"), format!("{BASE}/other"), true)
        }
        Shape::StartUp | Shape::Nothing | Shape::Typical | Shape::Layouts(_) => {
            let number = desired.lines().count() / 2;
            let rest = desired.lines().enumerate().filter(|(at, _)| *at != number);
            let rest = rest.map(|(_, line)| format!("{line}\n")).collect();
            (rest, format!("{BASE}/d{number:05}"), false)
        }
    };
    let floor = |phase: &str| {
        let (work, size) = shape.floor_words();
        let mut command = Command::new("/bench/floor");
        let ended = command.args([work, &size.to_string(), phase]).status().context("floor")?;
        ensure!(ended.success(), "floor: {ended}");
        Ok(())
    };
    let call = |profile: &str, phase: &str| match who {
        Who::Ours => Way::Ours.update(profile),
        Who::Original => Way::Original.update(profile),
        // It works where it is called.
        Who::Floor => namespaces.in_snap(|| floor(phase)),
    };
    call(&desired, "build")?;
    let (start, cpu) = (Instant::now(), cpu_of_children()?);
    call(&changed, "change")?;
    let taken = [start.elapsed().as_secs_f64() * 1e6, cpu_of_children()? - cpu];
    let points = namespaces.in_snap(mount_points)?;
    ensure!(points.contains(&point) == stands, "{} did not change {point}", who.word());
    ensure!(points.len() >= shape.mounts().saturating_sub(1), "{} lost mounts", who.word());
    Ok(taken)
}

fn cpu_of_children() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("getrusage")?;
    let us = usage.user_time() + usage.system_time();
    Ok(us.num_microseconds() as f64)
}
