//! Sums over many histories.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Result, ensure};
use snap_ns_model::history::{History, Kind as Reason};

use super::Answer;
use super::judge::Kind;

/// Sequences from which shares can be told.
const ENOUGH: usize = 100;

/// What one side did, summed up.
#[derive(Default)]
pub(super) struct Figures {
    sequences: usize,
    pub(super) sequences_differed: usize,
    steps: usize,
    steps_differed: usize,
    unsettled: usize,
    of_leftovers: usize,
    /// Steps by each way in which they differed; one step may differ in several.
    kinds: BTreeMap<Kind, usize>,
    /// Profiles that a fresh namespace took.
    accepted: usize,
    recorded: usize,
    kept: usize,
    unforeseen: usize,
    left_out: usize,
    /// Steps that the update refused.
    refused: usize,
    /// Steps that were not tried, because their sequence ended.
    untried: usize,
    /// All steps that were tried, by what happened to the snap.
    reasons: BTreeMap<Reason, usize>,
    equal: usize,
    left_alone: usize,
}

impl Figures {
    /// What became of each history.
    pub(super) fn of(histories: &[History], answers: &[Answer]) -> Self {
        let mut sums = Self { sequences: answers.len(), ..Self::default() };
        for (history, answer) in histories.iter().zip(answers) {
            let steps = answer.as_deref().unwrap_or_default();
            sums.sequences_differed += usize::from(differs(answer));
            sums.untried += history.steps.len() - steps.len();
            for (was, step) in history.steps.iter().zip(steps) {
                *sums.reasons.entry(was.kind).or_default() += 1;
                sums.refused += usize::from(step.exit == "1");
                sums.equal += step.equal;
                sums.left_alone += step.left_alone;
                sums.steps += 1;
                sums.steps_differed += usize::from(!step.differences.is_empty());
                sums.unsettled += usize::from(step.unsettled);
                sums.of_leftovers += usize::from(step.of_leftovers);
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

    /// What has to hold for realistic histories, besides that nothing differs; few of them say little.
    pub(super) fn meet_the_bars(&self) -> Result<()> {
        if self.sequences < ENOUGH {
            return Ok(());
        }
        for reason in Reason::REALISTIC {
            let many = self.reasons.get(&reason).copied().unwrap_or_default();
            let name = reason.name();
            ensure!(many * 100 >= self.steps * 3, "only {many} of {} steps: {name}", self.steps);
        }
        ensure!(self.of_leftovers == 0, "{} steps depend on leftovers", self.of_leftovers);
        let unjudged = self.unsettled + self.untried;
        ensure!(unjudged * 100 <= self.steps + self.untried, "{unjudged} steps were not judged");
        ensure!(
            self.left_alone * 100 >= self.equal * 97,
            "only {} of {} equal entries were left alone",
            self.left_alone,
            self.equal
        );
        Ok(())
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
        for (reason, steps) in &self.reasons {
            writeln!(f, "  {steps:5} steps: {} ({})", reason.name(), share(*steps, self.steps))?;
        }
        writeln!(f, "  {:5} steps refused", self.refused)?;
        writeln!(f, "  {:5} steps not judged: what they create changes them", self.unsettled)?;
        writeln!(
            f,
            "  {:5} steps failed for want of what the old namespace had made on the host",
            self.of_leftovers
        )?;
        writeln!(f, "  {:5} steps not tried: their sequence had ended", self.untried)?;
        writeln!(
            f,
            "  {} of {} entries that are equal before and after a step that changes something were left alone",
            share(self.left_alone, self.equal),
            self.equal
        )?;
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

#[cfg(test)]
mod tests {
    use super::{Figures, Reason};

    fn good() -> Figures {
        Figures {
            sequences: 200,
            steps: 1000,
            unsettled: 4,
            untried: 5,
            reasons: Reason::REALISTIC.into_iter().map(|reason| (reason, 30)).collect(),
            equal: 1000,
            left_alone: 970,
            ..Figures::default()
        }
    }

    #[test]
    fn each_bar_can_be_missed() {
        good().meet_the_bars().unwrap();
        let miss = |change: fn(&mut Figures)| {
            let mut figures = good();
            change(&mut figures);
            assert!(figures.meet_the_bars().is_err());
        };
        miss(|figures| figures.reasons.extend([(Reason::Revert, 29)]));
        miss(|figures| figures.reasons.clear());
        miss(|figures| figures.unsettled = 6);
        miss(|figures| figures.of_leftovers = 1);
        miss(|figures| figures.untried = 7);
        miss(|figures| figures.left_alone = 969);
        // A few sequences say nothing.
        Figures { sequences: 3, equal: 9, ..Figures::default() }.meet_the_bars().unwrap();
    }
}
