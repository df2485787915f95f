//! Planning against parsing, without a program around them: what the planner costs by itself, and
//! whether it grows with the profile as it should.

mod inside;
mod shape;
mod stub;

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use snap_ns_testbed::isolate;

pub(crate) use inside::main as inside;

use super::bars::Bars;
use super::table::{ms, short};
use crate::peer;
use shape::Shape;

/// The name for `--only`.
pub(crate) const NAME: &str = "planning";

/// What planning may cost, in times of parsing both profiles.
const AGAINST_PARSING: f64 = 3.0;

/// How ten times as many entries may be dearer.
const GROWTH: f64 = 12.0;

/// One change of profiles; times are medians of CPU time, in microseconds.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Planned {
    shape: Shape,
    /// Entries of the current profile, and of the desired one.
    entries: (usize, usize),
    steps: usize,
    /// Both texts into memory.
    parse: f64,
    /// With a view that answers at once.
    plan: f64,
    /// With the kernel's view, where the tree can be made.
    kernel: Option<f64>,
}

/// What the timing process has to know.
#[derive(Debug, Serialize, Deserialize)]
struct Task {
    runs: u16,
    scratch: String,
}

/// Times everything in a release build of this program: that of a debug build says nothing.
pub(crate) fn measure(runs: u16, scratch: &Path) -> Result<Vec<Planned>> {
    eprintln!("{NAME} ...");
    let root = peer::workspace_root()?;
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--release", "-p", "xtask"])
        .current_dir(&root)
        .status()?;
    ensure!(status.success(), "xtask does not build");
    let mut command = Command::new(root.join("target/release/xtask"));
    command.arg("bench-planning").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = isolate(&mut command).spawn().context("start the timing process")?;
    let task = Task { runs, scratch: scratch.display().to_string() };
    let mut stdin = child.stdin.take().context("stdin")?;
    serde_json::to_writer(&mut stdin, &task)?;
    drop(stdin);
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{NAME}: INVALID");
    serde_json::from_slice(&output.stdout).context("what was planned")
}

/// All figures, as a Markdown table.
pub(crate) fn table(planned: &[Planned]) -> String {
    let mut text = String::new();
    if planned.is_empty() {
        return text;
    }
    text.push_str(
        "| Planning | entries | steps | parsing, CPU | planning, CPU | with the kernel's view, CPU | planning : parsing |\n|---|---:|---:|---:|---:|---:|---:|\n",
    );
    for one in planned {
        let _ = writeln!(
            text,
            "| {} | {} to {} | {} | {} | {} | {} | {} |",
            one.shape.name(),
            one.entries.0,
            one.entries.1,
            one.steps,
            ms(one.parse),
            ms(one.plan),
            one.kernel.map_or("-".into(), ms),
            short(one.plan / one.parse)
        );
    }
    text.push('\n');
    text
}

/// The bars: planning against parsing, and the growth of each shape.
pub(crate) fn bars(bars: &mut Bars<'_>, planned: &[Planned]) {
    let find = |shape: Shape| planned.iter().find(|one| one.shape == shape);
    let most = Shape::Refresh(10_000);
    let ratio = find(most).map(|one| one.plan / one.parse);
    bars.row(
        &format!("{}: planning at most {AGAINST_PARSING} times parsing", most.name()),
        &ratio.map_or("-".into(), short),
        ratio.map(|ratio| ratio <= AGAINST_PARSING),
    );
    for (small, large) in Shape::pairs() {
        let growth = find(small).zip(find(large)).map(|(small, large)| large.plan / small.plan);
        bars.row(
            &format!(
                "{} to {}: planning at most {GROWTH} times as long",
                small.name(),
                large.name()
            ),
            &growth.map_or("-".into(), short),
            growth.map(|growth| growth <= GROWTH),
        );
    }
}
