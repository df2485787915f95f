//! Whether a mount point in use is ever without its mount while an update replaces it.

mod inside;

use std::fmt::Write as _;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use snap_ns_testbed::Isolation;

pub(crate) use inside::main as inside;

use super::ask_isolated;
use super::bars::Bars;
use super::job::Job;
use super::way::Way;

/// The name for `--only`.
pub(crate) const NAME: &str = "swap";

/// Updates for each counted run of the other scenarios.
pub(crate) const ROUNDS: usize = 20;

/// That many opens at least.
const OPENS: u64 = 20_000;

/// What the readers saw while one program made its updates.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Seen {
    way: Way,
    updates: usize,
    opens: u64,
    failed: u64,
}

/// Everything that was seen.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Opens {
    seen: Vec<Seen>,
    /// Whether the kernel can put one mount beneath another (`MOVE_MOUNT_BENEATH`).
    kernel_can: bool,
}

impl Opens {
    fn of(&self, way: Way) -> Option<Seen> {
        self.seen.iter().copied().find(|seen| seen.way == way)
    }
}

/// Lets a process in a mount namespace of its own do `job`. Only root's namespaces can be preserved.
pub(crate) fn measure(job: &Job) -> Result<Option<Opens>> {
    eprintln!("{NAME} ...");
    if Isolation::here() != Isolation::Root {
        eprintln!("!!! {NAME} is NOT MEASURED: only root can preserve a namespace");
        return Ok(None);
    }
    ask_isolated("bench-swap", NAME, job).map(Some)
}

/// All figures, as a Markdown table.
pub(crate) fn table(opens: &Opens) -> String {
    let mut text = String::from(
        "| Two mounts in use are replaced | ours | ours, classic calls | original |\n|---|---:|---:|---:|\n",
    );
    let seen = Way::ALL.map(|way| opens.of(way));
    let mut row = |name: &str, figure: &dyn Fn(Seen) -> String| {
        let figures = seen.map(|seen| seen.map_or("-".into(), figure));
        let _ = writeln!(text, "| {name} | {} |", figures.join(" | "));
    };
    row("updates", &|seen| seen.updates.to_string());
    row("opens by two readers", &|seen| seen.opens.to_string());
    row("of these failed", &|seen| seen.failed.to_string());
    text.push('\n');
    text
}

/// The bar: no open fails, where the kernel can do that.
pub(crate) fn bars(bars: &mut Bars<'_>, opens: Option<&Opens>) {
    let seen = opens.and_then(|opens| opens.of(Way::Ours));
    let measured = seen.map_or("-".into(), |seen| format!("{} of {}", seen.failed, seen.opens));
    bars.row(
        &format!("{NAME}, ours: no open of at least {OPENS} fails while its mount is replaced"),
        &measured,
        seen.map(|seen| seen.failed == 0),
    );
}

/// A gap on a kernel that can do without is wrong, however fast the machine.
pub(crate) fn valid(opens: &Opens) -> Result<()> {
    for seen in &opens.seen {
        ensure!(seen.opens >= OPENS, "{NAME}: {:?}: only {} opens", seen.way, seen.opens);
        let may_fail = seen.way != Way::Ours || !opens.kernel_can;
        ensure!(
            may_fail || seen.failed == 0,
            "{NAME}: {} of {} opens failed while their mounts were replaced",
            seen.failed,
            seen.opens
        );
    }
    Ok(())
}
