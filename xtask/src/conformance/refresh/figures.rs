//! Sums over many histories.

use std::collections::BTreeMap;
use std::fmt;

use super::Answer;
use super::judge::Kind;

/// What one side did, summed up.
#[derive(Default)]
pub(super) struct Figures {
    sequences: usize,
    pub(super) sequences_differed: usize,
    steps: usize,
    steps_differed: usize,
    unsettled: usize,
    /// Steps by each way in which they differed; one step may differ in several.
    kinds: BTreeMap<Kind, usize>,
    /// Profiles that a fresh namespace took.
    accepted: usize,
    recorded: usize,
    kept: usize,
    unforeseen: usize,
    left_out: usize,
}

impl Figures {
    pub(super) fn of(answers: &[Answer]) -> Self {
        let mut sums = Self { sequences: answers.len(), ..Self::default() };
        for answer in answers {
            let steps = answer.as_deref().unwrap_or_default();
            sums.sequences_differed += usize::from(differs(answer));
            for step in steps {
                sums.steps += 1;
                sums.steps_differed += usize::from(!step.differences.is_empty());
                sums.unsettled += usize::from(step.unsettled);
                sums.accepted += usize::from(step.fresh_exit == "0");
                sums.recorded += step.recorded;
                sums.kept += step.kept;
                sums.unforeseen += step.unforeseen;
                sums.left_out += step.left_out;
                let mut kinds: Vec<Kind> = step.differences.iter().map(|one| one.kind).collect();
                kinds.dedup();
                for kind in kinds {
                    *sums.kinds.entry(kind).or_default() += 1;
                }
            }
        }
        sums
    }
}

/// Whether a step of the sequence differed, or it could not even be tried.
pub(super) fn differs(answer: &Answer) -> bool {
    answer.as_ref().is_ok_and(|steps| steps.iter().any(|step| !step.differences.is_empty()))
        || answer.is_err()
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} sequences, {} steps; {} steps in {} sequences differed",
            self.sequences, self.steps, self.steps_differed, self.sequences_differed
        )?;
        for (kind, steps) in &self.kinds {
            writeln!(f, "  {steps:5} steps: {}", kind.words())?;
        }
        writeln!(f, "  {:5} steps not judged: what they create changes them", self.unsettled)?;
        writeln!(
            f,
            "  {} of the profiles could be built in a fresh namespace",
            share(self.accepted, self.steps)
        )?;
        writeln!(
            f,
            "  {} of {} mounts that were recorded before and after a step were left alone",
            share(self.kept, self.recorded),
            self.recorded
        )?;
        write!(
            f,
            "  unforeseen obstacles: {} of {} runs; something left out: {}",
            self.unforeseen,
            2 * self.steps,
            self.left_out
        )
    }
}

fn share(part: usize, whole: usize) -> String {
    match (part * 1000).checked_div(whole) {
        Some(thousandths) => format!("{}.{} %", thousandths / 10, thousandths % 10),
        None => "none".to_owned(),
    }
}
