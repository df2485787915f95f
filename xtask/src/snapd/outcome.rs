//! What a run of the script said, and what that is worth.

use anyhow::{Result, bail};

/// What the report says of the worlds that were asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Assertions in all worlds.
    assertions: usize,
    /// Why it is no success.
    doubts: Vec<String>,
}

impl Outcome {
    /// Reads the script's output; `success` is its exit status.
    pub(crate) fn parse(text: &str, worlds: &[String], success: bool) -> Self {
        let mut outcome = Self::default();
        for world in worlds {
            match text.lines().find_map(|line| assertions(line, world)) {
                Some(0) => outcome.doubts.push(format!("{world}: nothing was checked")),
                Some(number) => outcome.assertions += number,
                None => outcome.doubts.push(format!("{world}: did not run to the end")),
            }
        }
        let verdict = text.lines().rev().find_map(|line| line.strip_prefix("verdict: "));
        match verdict {
            None => outcome.doubts.push("the script did not reach its end".to_owned()),
            Some(said) if said.starts_with("good; ") => {
                let sum =
                    format!("good; {} assertions in {} worlds", outcome.assertions, worlds.len());
                if !said.starts_with(&sum) {
                    outcome.doubts.push(format!("the verdict does not fit the worlds: {said}"));
                }
            }
            Some(said) => outcome.doubts.push(said.to_owned()),
        }
        if !success && outcome.doubts.is_empty() {
            outcome.doubts.push("the script's exit status contradicts its verdict".to_owned());
        }
        outcome
    }

    /// An error when anything is not as it has to be.
    pub(crate) fn verdict(&self) -> Result<()> {
        if !self.doubts.is_empty() {
            bail!("snapd: {}", self.doubts.join("; "));
        }
        Ok(())
    }
}

/// How many assertions `line` reports of `world`, if it says that it ran to the end:
/// `ours: 12 steps, 99 assertions, 0 failed, 0 denials of snap-update-ns; ran to the end; ...`.
fn assertions(line: &str, world: &str) -> Option<usize> {
    let rest = line.strip_prefix(world)?.strip_prefix(": ")?;
    let (counts, rest) = rest.split_once(';')?;
    let number = counts.split(", ").find_map(|part| part.strip_suffix(" assertions"))?;
    rest.trim_start().starts_with("ran to the end").then(|| number.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    const OURS: &str = "ours: 9 steps, 80 assertions, 0 failed, 0 denials of snap-update-ns; ran to the end; ours: qemu 0, 300 s on the host\n";
    const ORIG: &str = "orig: 9 steps, 80 assertions, 7 failed, 0 denials of snap-update-ns; ran to the end; orig: qemu 0, 300 s on the host\n";

    fn verdict(text: &str, worlds: &[&str], success: bool) -> bool {
        let worlds: Vec<String> = worlds.iter().map(|&world| world.to_owned()).collect();
        Outcome::parse(text, &worlds, success).verdict().is_ok()
    }

    #[test]
    fn a_whole_run_passes() {
        let one = format!("{OURS}verdict: good; 80 assertions in 1 worlds, mode deb\n");
        assert!(verdict(&one, &["ours"], true));
        let two = format!("{ORIG}{OURS}verdict: good; 160 assertions in 2 worlds, mode deb\n");
        assert!(verdict(&two, &["orig", "ours"], true));
    }

    #[test]
    fn everything_else_fails() {
        let good = "verdict: good; 80 assertions in 1 worlds, mode deb\n";
        let bad = "verdict: DIFFERENCES OR FAILURES; 80 assertions in 1 worlds, mode deb\n";
        for (text, success) in [
            (String::new(), true),
            ("cannot run: needs debootstrap\n".to_owned(), false),
            (OURS.to_owned(), true),
            (good.to_owned(), true),
            (format!("{OURS}{bad}"), false),
            (format!("{OURS}{bad}"), true),
            (format!("{OURS}{good}"), false),
            (OURS.replace("ran to the end", "DID NOT FINISH") + good, true),
            (OURS.replace("80 ass", "0 ass") + &good.replace("80 ass", "0 ass"), true),
            (OURS.replace("80 ass", "79 ass") + good, true),
        ] {
            assert!(!verdict(&text, &["ours"], success), "{text}");
        }
        let one = format!("{OURS}{good}");
        assert!(!verdict(&one, &["orig", "ours"], true), "a world is missing");
    }
}
