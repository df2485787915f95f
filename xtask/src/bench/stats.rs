//! Medians, minima and ratios of samples.

use super::job::{Outcome, Who};
use super::scenario::Phase;

/// Which of a sample's two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// From before the spawn to after the wait.
    Wall,
    /// User and system time of the child.
    Cpu,
}

/// The figures of one program in one phase, in the order of the runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series(Vec<f64>);

impl From<Vec<f64>> for Series {
    fn from(figures: Vec<f64>) -> Self {
        Self(figures)
    }
}

impl Series {
    /// What `outcome` has for `who`; empty when the program failed or was not there.
    pub(crate) fn of(outcome: &Outcome, phase: Phase, who: Who, clock: Clock) -> Self {
        let samples = outcome.samples.iter();
        Self(
            samples
                .filter(|s| s.phase == phase && s.who == who)
                .map(|s| match clock {
                    Clock::Wall => s.wall_us,
                    Clock::Cpu => s.cpu_us,
                })
                .collect(),
        )
    }

    /// The median, `None` of an empty series.
    pub(crate) fn median(&self) -> Option<f64> {
        median(self.0.clone())
    }

    /// The least figure, `None` of an empty series.
    pub(crate) fn min(&self) -> Option<f64> {
        self.0.iter().copied().reduce(f64::min)
    }

    /// The median of the ratios of runs that were made one after the other, which a change of
    /// the machine's speed in the middle of the bench hardly touches.
    pub(crate) fn pairwise(&self, other: &Self) -> Option<f64> {
        let pairs = self.0.iter().zip(&other.0);
        median(pairs.map(|(a, b)| a / b).collect())
    }

    /// The ratio of the medians.
    pub(crate) fn ratio(&self, other: &Self) -> Option<f64> {
        Some(self.median()? / other.median()?)
    }
}

fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    if figures.len() % 2 == 1 {
        figures.get(middle).copied()
    } else {
        Some((figures.get(middle.checked_sub(1)?)? + figures.get(middle)?) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0]), Some(3.0));
        assert_eq!(median(vec![9.0, 1.0, 5.0]), Some(5.0));
        assert_eq!(median(vec![4.0, 1.0, 9.0, 2.0]), Some(3.0));
    }

    #[test]
    fn ratios() {
        let a = Series(vec![1.0, 2.0, 30.0]);
        let b = Series(vec![2.0, 8.0, 10.0]);
        assert_eq!(a.ratio(&b), Some(0.25));
        assert_eq!(a.pairwise(&b), Some(0.5));
        assert_eq!(a.min(), Some(1.0));
        assert_eq!(a.ratio(&Series::default()), None);
    }
}
