//! The measured figures as Markdown, which is also what the terminal shows.

use std::fmt::Write as _;

use super::job::{Outcome, Who};
use super::scenario::Phase;
use super::stats::{Clock, Series};

/// Both tables.
pub(crate) fn tables(outcomes: &[Outcome]) -> String {
    let mut text = String::from(
        "Times: median (minimum), in milliseconds. Ratios: of the medians / median of the pairwise ratios.\n\n",
    );
    for (clock, name) in [(Clock::Wall, "Wall"), (Clock::Cpu, "CPU")] {
        times(&mut text, outcomes, clock, name);
    }
    footprints(&mut text, outcomes);
    text
}

fn times(text: &mut String, outcomes: &[Outcome], clock: Clock, name: &str) {
    let _ = writeln!(
        text,
        "| {name} time | ours | original | floor | ours : original | ours : floor |\n|---|---:|---:|---:|---:|---:|"
    );
    for (outcome, phase) in rows(outcomes) {
        let series = |who| Series::of(outcome, phase, who, clock);
        let [ours, original, floor] = Who::ALL.map(series);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            label(outcome, phase),
            time(&ours),
            time(&original),
            time(&floor),
            ratio(&ours, &original),
            ratio(&ours, &floor),
        );
    }
    text.push('\n');
}

fn footprints(text: &mut String, outcomes: &[Outcome]) {
    text.push_str(
        "| Memory and calls | peak RSS ours | original | floor | system calls ours | original | floor |\n|---|---:|---:|---:|---:|---:|---:|\n",
    );
    for (outcome, phase) in rows(outcomes) {
        let find = |who| {
            let all = outcome.footprints.iter();
            all.copied().find(|f| f.who == who && f.phase == phase)
        };
        let found = Who::ALL.map(find);
        let rss = found.map(|f| f.map_or("-".into(), |f| format!("{} KiB", f.peak_rss_kib)));
        let calls = found.map(|f| f.map_or("-".into(), |f| f.syscalls.to_string()));
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            label(outcome, phase),
            rss.join(" | "),
            calls.join(" | ")
        );
    }
    text.push('\n');
}

fn rows(outcomes: &[Outcome]) -> impl Iterator<Item = (&Outcome, Phase)> {
    outcomes.iter().flat_map(|o| o.shape.phases().iter().map(move |phase| (o, *phase)))
}

fn label(outcome: &Outcome, phase: Phase) -> String {
    format!("{}, {}", outcome.shape.name(), phase.word())
}

pub(super) fn time(series: &Series) -> String {
    match (series.median(), series.min()) {
        (Some(median), Some(min)) => format!("{} ({})", ms(median), ms(min)),
        _ => "-".into(),
    }
}

/// Microseconds as milliseconds, with three significant digits.
pub(crate) fn ms(us: f64) -> String {
    let ms = us / 1e3;
    match ms {
        _ if ms >= 100.0 => format!("{ms:.0}"),
        _ if ms >= 10.0 => format!("{ms:.1}"),
        _ if ms >= 1.0 => format!("{ms:.2}"),
        _ => format!("{ms:.3}"),
    }
}

pub(super) fn ratio(a: &Series, b: &Series) -> String {
    match (a.ratio(b), a.pairwise(b)) {
        (Some(medians), Some(pairs)) => format!("{} / {}", short(medians), short(pairs)),
        _ => "-".into(),
    }
}

/// A ratio for people: below one as a fraction.
pub(crate) fn short(ratio: f64) -> String {
    if ratio < 1.0 { format!("1/{:.1}", 1.0 / ratio) } else { format!("{ratio:.2}") }
}
