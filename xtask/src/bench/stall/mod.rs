//! How long a running application stands still while snapd updates its namespace.

mod inside;

use std::fmt::Write as _;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use snap_ns_testbed::Isolation;

pub(crate) use inside::main as inside;

use super::ask_isolated;
use super::bars::Bars;
use super::job::Job;
use super::scenario::Phase;
use super::stats::Series;
use super::table::{ratio, short, time};
use super::way::Way;

/// The name for `--only`.
pub(crate) const NAME: &str = "stall";

/// Rounds for each counted run of the other scenarios: they are short, and others who want to run
/// disturb them more.
pub(crate) const ROUNDS: usize = 4;

/// At most this part of the original's longest gap.
const PART: f64 = 8.0;

/// Where nothing is frozen the longest gap is one of an idle machine, but for some noise.
const NOISE: f64 = 2.0;

/// How many groups another user makes.
const CROWD: usize = 100_000;

/// At most this many times the longest gap without them.
const CROWDED: f64 = 2.0;

/// Who else has control groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Neighbours {
    None,
    /// A user with very many, half of them below a group with the snap's name.
    Crowd,
}

/// The longest time between two looks at the clock during one update, in microseconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Gap {
    way: Way,
    neighbours: Neighbours,
    phase: Phase,
    us: f64,
}

/// Everything that was seen.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Gaps {
    gaps: Vec<Gap>,
    /// The same while nobody updates anything.
    idle: Vec<f64>,
}

impl Gaps {
    fn series(&self, way: Way, phase: Phase) -> Series {
        self.among(Neighbours::None, way, phase)
    }

    fn among(&self, neighbours: Neighbours, way: Way, phase: Phase) -> Series {
        let asked = |gap: &&Gap| (gap.neighbours, gap.way, gap.phase) == (neighbours, way, phase);
        Series::from(self.gaps.iter().filter(asked).map(|gap| gap.us).collect::<Vec<_>>())
    }
}

/// Lets a process in a mount namespace of its own do `job`. Only root can make control groups.
pub(crate) fn measure(job: &Job) -> Result<Option<Gaps>> {
    eprintln!("{NAME} ...");
    if Isolation::here() != Isolation::Root {
        eprintln!("!!! {NAME} is NOT MEASURED: only root can make control groups");
        return Ok(None);
    }
    ask_isolated("bench-stall", NAME, job).map(Some)
}

/// All figures, as a Markdown table.
pub(crate) fn table(gaps: &Gaps) -> String {
    let mut text = String::from(
        "| Longest gap of an application | ours | ours, classic calls | original | ours : original | classic : original |\n|---|---:|---:|---:|---:|---:|\n",
    );
    for phase in [Phase::Build, Phase::NoChange, Phase::Undo] {
        let [ours, classic, original] = Way::ALL.map(|way| gaps.series(way, phase));
        let _ = writeln!(
            text,
            "| typical-20, {} | {} | {} | {} | {} | {} |",
            phase.word(),
            time(&ours),
            time(&classic),
            time(&original),
            ratio(&ours, &original),
            ratio(&classic, &original),
        );
    }
    for phase in [Phase::Build, Phase::Undo] {
        let crowded = gaps.among(Neighbours::Crowd, Way::Ours, phase);
        let row = format!("typical-20, {}, {CROWD} groups of another user", phase.word());
        let _ = writeln!(text, "| {row} | {} | | | | |", time(&crowded));
    }
    let idle = Series::from(gaps.idle.clone());
    let _ = writeln!(text, "| no update at all | {} | | | | |\n", time(&idle));
    text
}

/// The bars: a part of the original's gap, none when nothing changes, and whatever a user does.
pub(crate) fn bars(bars: &mut Bars<'_>, gaps: Option<&Gaps>) {
    let nothing = Gaps::default();
    let gaps = gaps.unwrap_or(&nothing);
    let idle = Series::from(gaps.idle.clone());
    for (way, name) in [(Way::Ours, "ours"), (Way::Classic, "ours, classic calls")] {
        for phase in [Phase::Build, Phase::Undo] {
            let original = gaps.series(Way::Original, phase);
            let part = gaps.series(way, phase).ratio(&original);
            bars.row(
                &format!(
                    "{NAME}, {name}, {}: at most 1/{PART} of the original's longest gap",
                    phase.word()
                ),
                &part.map_or("-".into(), short),
                part.map(|part| part <= 1.0 / PART),
            );
        }
        let times = gaps.series(way, Phase::NoChange).ratio(&idle);
        bars.row(
            &format!(
                "{NAME}, {name}, {}: at most {NOISE} times the longest gap without an update",
                Phase::NoChange.word()
            ),
            &times.map_or("-".into(), short),
            times.map(|times| times <= NOISE),
        );
    }
    for phase in [Phase::Build, Phase::Undo] {
        let crowded = gaps.among(Neighbours::Crowd, Way::Ours, phase);
        let times = crowded.ratio(&gaps.series(Way::Ours, phase));
        bars.row(
            &format!(
                "{NAME}, ours, {}, {CROWD} groups of another user: at most {CROWDED} times the longest gap without them",
                phase.word()
            ),
            &times.map_or("-".into(), short),
            times.map(|times| times <= CROWDED),
        );
    }
}
