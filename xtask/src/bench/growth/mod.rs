//! How an update grows with what is mounted and stays, beside the bare calls. (The original takes minutes
//! for the larger ones.)

mod inside;

use std::fmt::Write as _;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use snap_ns_testbed::Isolation;

pub(crate) use inside::main as inside;

use super::ask_isolated;
use super::bars::Bars;
use super::job::{Job, Who};
use super::scenario::Shape;
use super::stats::Clock;
use super::table::ms;

/// The name for `--only`.
pub(crate) const NAME: &str = "growth";

/// What an update changes, and what is mounted meanwhile: little, and much. (The root file system takes
/// one entry of 16,384.)
pub(super) const CHANGES: [(&str, [Shape; 2]); 2] = [
    ("one layout removed", [Shape::Layouts(4_096), Shape::Layouts(16_383)]),
    ("one layout more in a mimic", [Shape::Mimic(5_000), Shape::Mimic(20_000)]),
];

/// How often the growth of the bare calls.
const ALLOWED: f64 = 1.2;

/// What one world's updates took, in microseconds of wall time and of CPU time.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Taken {
    pub(super) shape: Shape,
    pub(super) samples: Vec<(Who, [f64; 2])>,
    /// Programs that failed, with the reason.
    pub(super) failures: Vec<(Who, String)>,
}

impl Taken {
    fn median(&self, who: Who, clock: Clock) -> Option<f64> {
        let of = |[wall, cpu]: [f64; 2]| match clock {
            Clock::Wall => wall,
            Clock::Cpu => cpu,
        };
        let own = self.samples.iter().filter(|(whose, _)| *whose == who);
        let mut times: Vec<f64> = own.map(|(_, us)| of(*us)).collect();
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied()
    }
}

/// Lets processes in mount namespaces of their own measure; `job` makes the job of a world. Only root's
/// namespaces can be preserved.
pub(crate) fn measure(job: impl Fn(Shape) -> Job) -> Result<Vec<Taken>> {
    eprintln!("{NAME} ...");
    if Isolation::here() != Isolation::Root {
        eprintln!("!!! {NAME} is NOT MEASURED: only root can preserve a namespace");
        return Ok(Vec::new());
    }
    let shapes = CHANGES.into_iter().flat_map(|(_, shapes)| shapes);
    let taken = shapes.map(|shape| ask_isolated("bench-growth", NAME, &job(shape)));
    let taken: Vec<Taken> = taken.collect::<Result<_>>()?;
    for Taken { shape, failures, .. } in &taken {
        for (who, reason) in failures {
            eprintln!("!!! {NAME}, {}: {} FAILED: {reason}", shape.name(), who.word());
        }
    }
    Ok(taken)
}

/// All figures, as a Markdown table.
pub(crate) fn table(taken: &[Taken]) -> String {
    let mut text = String::from(
        "| An update of a live namespace, ms (of a processor) | ours | floor |\n|---|---:|---:|\n",
    );
    for (change, shapes) in CHANGES {
        for shape in shapes {
            let figure = |who| {
                let of = taken.iter().find(|taken| taken.shape == shape);
                let [wall, cpu] = [Clock::Wall, Clock::Cpu].map(|clock| {
                    of.and_then(|taken| taken.median(who, clock)).map_or("-".into(), ms)
                });
                format!("{wall} ({cpu})")
            };
            let figures = [Who::Ours, Who::Floor].map(figure).join(" | ");
            let _ = writeln!(text, "| {}, {change} | {figures} |", shape.name());
        }
    }
    text.push('\n');
    text
}

/// The bars: nothing of ours grows faster than what the kernel does.
pub(crate) fn bars(bars: &mut Bars<'_>, taken: &[Taken]) {
    for (change, shapes) in CHANGES {
        let growth = |who| {
            let [little, much] = shapes.map(|shape| {
                taken
                    .iter()
                    .find(|taken| taken.shape == shape)
                    .and_then(|taken| taken.median(who, Clock::Cpu))
            });
            Some(much? / little?)
        };
        let (ours, floor) = (growth(Who::Ours), growth(Who::Floor));
        let words = |growth: Option<f64>| growth.map_or("-".into(), |g| format!("{g:.2} times"));
        let [little, much] = shapes.map(Shape::name);
        bars.row(
            &format!(
                "{NAME}, {change}: CPU time grows from {little} to {much} at most {ALLOWED} times as much as that of the bare calls"
            ),
            &format!("{} (floor {})", words(ours), words(floor)),
            ours.zip(floor).map(|(ours, floor)| ours <= ALLOWED * floor),
        );
    }
}
