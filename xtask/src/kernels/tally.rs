//! What is told about the runs on one kernel, and what it amounts to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One line of an answer.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Told {
    /// The kernel that runs, as uname(2) calls it.
    Kernel(String),
    /// One case in one pass.
    Case(Done),
    /// Nothing comes after this.
    End,
    /// What kept the rest from being run.
    Broken(String),
}

/// One case in one pass.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Done {
    pub(crate) case: String,
    pub(crate) pass: String,
    /// What is not as it should be; nothing means that it passed.
    pub(crate) wrong: Vec<String>,
    /// How often it was made sure that the log would have shown a denial.
    pub(crate) looks: usize,
}

/// The sum of what was told.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) kernel: String,
    pub(crate) passed: usize,
    pub(crate) failed: Vec<Done>,
    passes: BTreeMap<String, (usize, usize)>,
    pub(crate) looks: usize,
    ended: bool,
    broken: Vec<String>,
}

impl Tally {
    /// Reads answers, which end with [`Told::End`] if all was run.
    pub(crate) fn read(text: &str) -> Self {
        let mut tally = Self::default();
        for line in text.lines().map(str::trim_ascii).filter(|line| !line.is_empty()) {
            match serde_json::from_str(line) {
                Ok(told) => tally.add(told),
                Err(error) => tally.broken.push(format!("{error}: {line}")),
            }
        }
        tally
    }

    pub(crate) fn add(&mut self, told: Told) {
        match told {
            Told::Kernel(release) => self.kernel = release,
            Told::Case(done) => {
                self.looks += done.looks;
                let (passed, all) = self.passes.entry(done.pass.clone()).or_default();
                *passed += usize::from(done.wrong.is_empty());
                *all += 1;
                if done.wrong.is_empty() {
                    self.passed += 1;
                } else {
                    self.failed.push(done);
                }
            }
            Told::End => self.ended = true,
            Told::Broken(why) => self.broken.push(why),
        }
    }

    /// How many passed, of how many, in each pass.
    pub(crate) fn by_pass(&self) -> impl Iterator<Item = (&str, (usize, usize))> {
        self.passes.iter().map(|(name, figures)| (name.as_str(), *figures))
    }

    /// Another kernel than one whose version starts so is not what was to be tested.
    pub(crate) fn expect_kernel(&mut self, version: &str) {
        if !self.kernel.starts_with(version) {
            self.broken.push(format!("not Linux {version}*, but {}", self.kernel));
        }
    }

    /// What kept something from being run, if anything did.
    pub(crate) fn broken(&self) -> Option<String> {
        match (self.broken.is_empty(), self.ended, self.passed + self.failed.len()) {
            (false, _, _) => Some(self.broken.join("; ")),
            (true, false, _) => Some("it ended before all was run".to_owned()),
            (true, true, 0) => Some("nothing was run".to_owned()),
            (true, true, _) => None,
        }
    }

    /// Whether everything ran and passed.
    pub(crate) fn is_good(&self) -> bool {
        self.failed.is_empty() && self.broken().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::{Done, Tally, Told};

    fn read(told: &[Told]) -> Tally {
        let lines: Vec<_> = told.iter().map(|told| serde_json::to_string(told).unwrap()).collect();
        Tally::read(&lines.join("\r\n"))
    }

    fn done(wrong: &[&str]) -> Told {
        let wrong = wrong.iter().map(|&what| what.to_owned()).collect();
        Told::Case(Done { wrong, looks: 2, ..Done::default() })
    }

    #[test]
    fn everything_has_to_run_and_pass() {
        let tally = read(&[Told::Kernel("6.1".to_owned()), done(&[]), done(&[]), Told::End]);
        assert!(tally.is_good());
        assert_eq!((tally.kernel.as_str(), tally.passed, tally.looks), ("6.1", 2, 4));
        assert!(!read(&[done(&[]), done(&["x"]), Told::End]).is_good());
    }

    #[test]
    fn silence_is_no_success() {
        for told in [vec![], vec![done(&[])], vec![Told::End]] {
            assert!(!read(&told).is_good(), "{told:?}");
        }
        let why = Told::Broken("no AppArmor".to_owned());
        assert_eq!(read(&[done(&[]), why, Told::End]).broken().unwrap(), "no AppArmor");
        assert!(!Tally::read("{\"Kernel\":\"6.1\"}\n\"En").is_good());
    }
}
