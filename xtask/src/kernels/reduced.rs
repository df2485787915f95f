//! The running kernel without some of its calls.

use std::path::Path;

use anyhow::Result;

use super::subset::{Pass, cases, reduced};
use super::tally::{Done, Tally, Told};
use crate::conformance::{Conditions, complaints, observe};

/// One tally for each pass.
pub(super) fn run(original: &Path, ours: &Path) -> Result<Vec<(Pass, Tally)>> {
    let mut all: Vec<_> = reduced().into_iter().map(|pass| (pass, Tally::default())).collect();
    for case in cases()? {
        let theirs = observe(&case, original, &Conditions::default(), original)?;
        for (pass, tally) in &mut all {
            let ours = observe(&case, ours, &pass.conditions, original)?;
            tally.add(Told::Case(Done {
                case: case.name.clone(),
                pass: pass.name.clone(),
                wrong: complaints(&case, &theirs, &ours),
                looks: 0,
            }));
        }
    }
    all.iter_mut().for_each(|(_, tally)| tally.add(Told::End));
    Ok(all)
}
