//! Tests that cannot run everywhere: never a silent pass.

use std::io::Write;

use crate::Isolation;

/// Whether this process is root; if not, says loudly that `test` is skipped. To be asked before the
/// test is isolated: in its user namespace everybody is root.
#[must_use]
pub fn is_root_or_skips(test: &str) -> bool {
    let root = Isolation::here() == Isolation::Root;
    if !root {
        say(test, "only root can do this");
    }
    root
}

/// Says that `test` is skipped because of something that this machine lacks.
///
/// # Panics
///
/// When `CI` is set in the environment: there it has to run.
#[allow(clippy::panic, reason = "a test that had to run could not")]
pub fn skip(test: &str, why: &str) {
    if std::env::var_os("CI").is_some() {
        panic!("{test} cannot run: {why}");
    }
    say(test, why);
}

/// Not with a macro: the test harness swallows what these print in a test that passes.
fn say(test: &str, why: &str) {
    // A machine without standard error has nobody to tell.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {test}: {why}");
}
