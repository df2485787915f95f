//! The project's bars, each with the measured figure. A report, not a test: a slow machine or a
//! busy neighbour must not fail a build.

use std::fmt::Write as _;

use super::elf::Elf;
use super::growth::{self, Taken};
use super::job::{Outcome, Who};
use super::planning::{self, Planned};
use super::scenario::{Phase, Shape};
use super::stall::{self, Gaps};
use super::stats::{Clock, Series};
use super::swap::{self, Opens};
use super::table::short;

/// The verdicts, one Markdown row each.
pub(crate) struct Bars<'a> {
    outcomes: &'a [Outcome],
    text: String,
}

/// All bars over what was measured.
pub(crate) fn report(
    outcomes: &[Outcome],
    planned: &[Planned],
    (stalled, swapped): (Option<&Gaps>, Option<&Opens>),
    grown: &[Taken],
    elf: Elf,
) -> String {
    let mut bars =
        Bars { outcomes, text: String::from("| bar | measured | verdict |\n|---|---:|---|\n") };
    let all = [Phase::Build, Phase::NoChange, Phase::Undo];
    bars.against_original(Shape::Nothing, &[Phase::NoChange], 12.0);
    bars.against_original(Shape::Typical, &all, 7.0);
    bars.against_original(Shape::Layouts(1_000), &[Phase::Build], 4.0);
    bars.against_floor(Shape::Layouts(1_000), Phase::Build, 2.5);
    bars.against_original(Shape::Mimic(5_000), &[Phase::Build], 5.0);
    bars.against_original(Shape::Layouts(5_000), &[Phase::NoChange], 15.0);
    bars.memory(Shape::Typical, 400);
    bars.memory(Shape::Layouts(5_000), 6 * 1024);
    bars.linear();
    bars.calls(Shape::Nothing, 60);
    planning::bars(&mut bars, planned);
    stall::bars(&mut bars, stalled);
    swap::bars(&mut bars, swapped);
    growth::bars(&mut bars, grown);
    bars.binary(elf);
    bars.text
}

impl Bars<'_> {
    pub(super) fn row(&mut self, bar: &str, measured: &str, met: Option<bool>) {
        let verdict = match met {
            Some(true) => "met",
            Some(false) => "**MISSED**",
            None => "not measured",
        };
        let _ = writeln!(self.text, "| {bar} | {measured} | {verdict} |");
    }

    fn series(&self, shape: Shape, phase: Phase, who: Who, clock: Clock) -> Series {
        let outcome = self.outcomes.iter().find(|o| o.shape == shape);
        outcome.map_or_else(Series::default, |o| Series::of(o, phase, who, clock))
    }

    fn ratio(&self, shape: Shape, phase: Phase, other: Who, clock: Clock) -> Option<f64> {
        let ours = self.series(shape, phase, Who::Ours, clock);
        ours.ratio(&self.series(shape, phase, other, clock))
    }

    /// Wall time decides; CPU time is shown beside it.
    fn against_original(&mut self, shape: Shape, phases: &[Phase], times: f64) {
        for phase in phases.iter().copied() {
            let [wall, cpu] =
                [Clock::Wall, Clock::Cpu].map(|c| self.ratio(shape, phase, Who::Original, c));
            let bar = format!(
                "{}, {}: at most 1/{times} of the original's wall time",
                shape.name(),
                phase.word()
            );
            self.row(&bar, &figures(wall, cpu), wall.map(|r| r <= 1.0 / times));
        }
    }

    fn against_floor(&mut self, shape: Shape, phase: Phase, times: f64) {
        let [wall, cpu] =
            [Clock::Wall, Clock::Cpu].map(|c| self.ratio(shape, phase, Who::Floor, c));
        let bar = format!(
            "{}, {}: at most {times} times the floor's wall time",
            shape.name(),
            phase.word()
        );
        self.row(&bar, &figures(wall, cpu), wall.map(|r| r <= times));
    }

    fn memory(&mut self, shape: Shape, kib: u64) {
        let peak = self.footprint(shape, |f| f.peak_rss_kib);
        let bar = format!("{}: peak RSS at most {kib} KiB", shape.name());
        let measured = peak.map_or("-".into(), |p| format!("{p} KiB"));
        self.row(&bar, &measured, peak.map(|p| p <= kib));
    }

    fn calls(&mut self, shape: Shape, most: u64) {
        let calls = self.footprint(shape, |f| f.syscalls);
        let bar = format!("{}: at most {most} system calls", shape.name());
        let measured = calls.map_or("-".into(), |c| c.to_string());
        self.row(&bar, &measured, calls.map(|c| c <= most));
    }

    /// The largest figure of any phase.
    fn footprint(
        &self,
        shape: Shape,
        figure: impl Fn(&super::job::Footprint) -> u64,
    ) -> Option<u64> {
        let outcome = self.outcomes.iter().find(|o| o.shape == shape)?;
        let ours = outcome.footprints.iter().filter(|f| f.who == Who::Ours);
        ours.map(figure).max()
    }

    /// What one layout costs at 16,000 against 1,000: the same, with half as much again for
    /// caches that no longer hold everything. Quadratic work would show as a factor of sixteen.
    /// Where the kernel's own share grows (unmounting does), the floor's growth is the measure.
    fn linear(&mut self) {
        for phase in [Phase::Build, Phase::NoChange, Phase::Undo] {
            let ours = self.each(Who::Ours, phase);
            let floor = self.each(Who::Floor, phase);
            let growth = |(small, large): (f64, f64)| large / small;
            let allowed = 1.5 * floor.map_or(1.0, growth).max(1.0);
            let words = |(small, large)| format!("{small:.2} us, then {large:.2} us");
            let measured = match (ours, floor) {
                (Some(ours), Some(floor)) => format!("{} (floor {})", words(ours), words(floor)),
                (Some(ours), None) => words(ours),
                (None, _) => "-".into(),
            };
            let bar = format!(
                "{}: CPU per layout grows from 1,000 to 16,000 at most 1.5 times, or 1.5 times as much as the floor's",
                phase.word()
            );
            self.row(&bar, &measured, ours.map(|o| growth(o) <= allowed));
        }
    }

    /// Median CPU microseconds per layout, of 1,000 and of 16,000.
    fn each(&self, who: Who, phase: Phase) -> Option<(f64, f64)> {
        let of = |count: usize| {
            let series = self.series(Shape::Layouts(count), phase, who, Clock::Cpu);
            Some(series.median()? / count as f64)
        };
        Some((of(1_000)?, of(16_000)?))
    }

    fn binary(&mut self, elf: Elf) {
        let size = format!("{} bytes", elf.bytes);
        self.row("binary at most 300,000 bytes", &size, Some(elf.bytes <= 300_000));
        let yes_no = |yes: bool| if yes { "yes" } else { "no" };
        let properties = [
            ("no loader needed", !elf.has_loader),
            ("position independent", elf.position_independent),
            ("RELRO", elf.relro),
            ("no executable stack", !elf.executable_stack),
        ];
        for (bar, met) in properties {
            self.row(bar, yes_no(met), Some(met));
        }
    }
}

fn figures(wall: Option<f64>, cpu: Option<f64>) -> String {
    match (wall, cpu) {
        (Some(wall), Some(cpu)) => format!("{} (CPU {})", short(wall), short(cpu)),
        _ => "-".into(),
    }
}
