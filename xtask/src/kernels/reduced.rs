//! The running kernel without some of its calls.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::Verdict;
use super::subset::{Pass, cases, reduced};
use super::tally::{Done, Tally, Told};
use crate::conformance::{Conditions, complaints, observe};

/// A verdict for each pass.
pub(super) fn run(original: &Path, ours: &Path) -> Result<Vec<Verdict>> {
    let empty = |pass| (pass, Tally::default(), Duration::ZERO);
    let mut all: Vec<_> = reduced().into_iter().map(empty).collect();
    for case in cases()? {
        let theirs = observe(&case, original, &Conditions::default(), original)?;
        for (pass, tally, took) in &mut all {
            let start = Instant::now();
            let ours = observe(&case, ours, &pass.conditions, original)?;
            tally.add(Told::Case(Done {
                case: case.name.clone(),
                pass: pass.name.clone(),
                wrong: complaints(&case, &theirs, &ours),
                looks: 0,
            }));
            *took += start.elapsed();
        }
    }
    let verdict = |(pass, mut tally, took): (Pass, Tally, Duration)| {
        tally.add(Told::End);
        Verdict { name: format!("this kernel {}", pass.name), tally, took }
    };
    Ok(all.into_iter().map(verdict).collect())
}
