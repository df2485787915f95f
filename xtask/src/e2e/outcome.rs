//! What a run of the script said, and what that is worth.

use anyhow::{Result, bail};

/// Skips that are no gap: (suite, what the script says, why).
const KNOWN_SKIPS: &[(&str, &str, &str)] = &[(
    "bookworm",
    "ensure-dir: this snapd is older than that",
    "snap-confine 2.57 predates ensure-dir entries and never asks for one",
)];

/// The checks of one run, or of several added up.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) passed: usize,
    pub(crate) failed: Vec<String>,
    /// Skips outside the known ones.
    pub(crate) skipped: Vec<String>,
    pub(crate) known_skips: usize,
    /// Deficits of a packaged program that the script names.
    pub(crate) known_deficits: usize,
}

impl Outcome {
    /// Reads the script's output; `success` is its exit status.
    pub(crate) fn parse(suite: &str, text: &str, success: bool) -> Self {
        let mut outcome = Self::default();
        let known = |what: &str| {
            let mut skips = KNOWN_SKIPS.iter();
            skips.any(|(of, said, _why)| *of == suite && *said == what)
        };
        for line in text.lines() {
            match line.split_once(' ') {
                Some(("PASS", _)) => outcome.passed += 1,
                Some(("FAIL", what)) => outcome.failed.push(what.to_owned()),
                Some(("KNOWN", _)) => outcome.known_deficits += 1,
                Some(("SKIP", what)) if known(what) => outcome.known_skips += 1,
                Some(("SKIP", what)) => outcome.skipped.push(what.to_owned()),
                _ => {}
            }
        }
        if let Some(doubt) = outcome.doubt(text, success) {
            outcome.failed.push(format!("setup: {doubt}"));
        }
        outcome
    }

    /// Why the output cannot be believed.
    fn doubt(&self, text: &str, success: bool) -> Option<&'static str> {
        let closing = format!("{} passed, {} failed", self.passed, self.failed.len());
        if text.lines().last() != Some(closing.as_str()) {
            Some("the script did not reach its end")
        } else if self.passed == 0 {
            Some("nothing was checked")
        } else if success != self.failed.is_empty() {
            Some("the script's exit status contradicts what it printed")
        } else {
            None
        }
    }

    /// The same, with `label` in front of each failure and skip.
    pub(crate) fn labelled(mut self, label: &str) -> Self {
        for what in self.failed.iter_mut().chain(&mut self.skipped) {
            *what = format!("{label}: {what}");
        }
        self
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed.extend(other.failed);
        self.skipped.extend(other.skipped);
        self.known_skips += other.known_skips;
        self.known_deficits += other.known_deficits;
    }

    /// An error when something failed, or was skipped where nothing may be.
    pub(crate) fn verdict(&self, in_ci: bool) -> Result<()> {
        if !self.failed.is_empty() {
            bail!("e2e: {} failed: {}", self.failed.len(), self.failed.join("; "));
        }
        if in_ci && !self.skipped.is_empty() {
            bail!("e2e: skipped in CI, where nothing may be: {}", self.skipped.join("; "));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_run_passes() {
        let text = "---- 0. note\nPASS a\nPASS b\nSKIP ensure-dir: this snapd is older than that\n2 passed, 0 failed\n";
        let outcome = Outcome::parse("bookworm", text, true);
        assert_eq!((outcome.passed, outcome.known_skips), (2, 1));
        outcome.verdict(true).unwrap();
    }

    #[test]
    fn a_skip_is_known_for_its_suite_only() {
        let text = "PASS a\nSKIP ensure-dir: this snapd is older than that\n1 passed, 0 failed\n";
        let outcome = Outcome::parse("sid", text, true);
        outcome.verdict(false).unwrap();
        outcome.verdict(true).unwrap_err();
    }

    #[test]
    fn everything_else_fails() {
        for (text, success) in [
            ("PASS a\nFAIL b\n1 passed, 1 failed\n", false),
            ("PASS a\nFAIL b\n1 passed, 1 failed\n", true),
            ("PASS a\n1 passed, 0 failed\n", false),
            ("PASS a\n2 passed, 0 failed\n", true),
            ("PASS a\n", true),
            ("SKIP needs root\n0 passed, 0 failed\n", true),
            ("", true),
        ] {
            let outcome = Outcome::parse("sid", text, success);
            assert!(outcome.verdict(false).is_err(), "{text}");
        }
    }

    #[test]
    fn failures_add_up() {
        let bad = Outcome::parse("sid", "PASS a\nFAIL b\n1 passed, 1 failed\n", false);
        let mut total = Outcome::parse("sid", "PASS a\n1 passed, 0 failed\n", true);
        total.add(bad.labelled("sid v1"));
        assert_eq!((total.passed, &total.failed[..]), (2, &["sid v1: b".to_owned()][..]));
        total.verdict(false).unwrap_err();
    }
}
