//! What became of the points of a row.

use super::driver::Fault;
use super::guest::{Point, Verdict};
use crate::workers::Answer;

/// Points of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) tried: usize,
    pub(super) survived: usize,
}

/// A point that did not survive, or could not be tried.
pub(super) struct Failure {
    pub(super) point: Point,
    pub(super) verdict: Answer<Verdict>,
}

/// All points of a row.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) kills: Count,
    pub(super) errors: Count,
    /// Runs that failed with an error of their own, and those that left all as it was.
    pub(super) refused: Count,
    /// Points that the run did not reach: it made fewer calls than when it was surveyed.
    pub(super) missed: usize,
    /// Points where the run made another call than when it was surveyed; they count like all.
    pub(super) strayed: usize,
    pub(super) failures: Vec<Failure>,
    /// For whoever asked for single points.
    pub(super) survivors: Vec<(Point, Verdict)>,
}

impl Tally {
    /// Adds the `verdict` about `point`, where the call with the number `surveyed` was made.
    pub(super) fn add(&mut self, point: Point, surveyed: u64, verdict: Answer<Verdict>) {
        let survived = match &verdict {
            Ok(Verdict { hit: None, .. }) => {
                self.missed += 1;
                return;
            }
            Ok(verdict) => {
                let same = verdict.hit.as_ref().is_some_and(|call| call.number == surveyed);
                self.strayed += usize::from(!same);
                if let Some(clean) = verdict.clean {
                    self.refused.add(clean);
                }
                verdict.differences.is_empty()
            }
            Err(_) => false,
        };
        match point.fault {
            Fault::Kill => self.kills.add(survived),
            Fault::Error(_) => self.errors.add(survived),
        }
        match verdict {
            Ok(verdict) if survived => self.survivors.push((point, verdict)),
            verdict => self.failures.push(Failure { point, verdict }),
        }
    }

    pub(super) fn tried(&self) -> usize {
        self.kills.tried + self.errors.tried
    }

    /// What keeps a sweep from passing. A point that is never reached is not tried; that happens
    /// to ours only when it does not always make the same calls, which it has to.
    pub(super) fn failed(&self) -> usize {
        self.failures.len() + self.missed
    }

    pub(super) fn sum(&mut self, other: &Self) {
        for (count, other) in [
            (&mut self.kills, other.kills),
            (&mut self.errors, other.errors),
            (&mut self.refused, other.refused),
        ] {
            count.tried += other.tried;
            count.survived += other.survived;
        }
        self.missed += other.missed;
        self.strayed += other.strayed;
    }
}

impl Count {
    fn add(&mut self, survived: bool) {
        self.tried += 1;
        self.survived += usize::from(survived);
    }
}

#[cfg(test)]
mod tests {
    use super::super::call::Call;
    use super::super::facts::Aspect;
    use super::super::guest::{Next, Told};
    use super::super::judge::Difference;
    use super::*;

    const READ: u64 = 0;

    fn told(exit: &str) -> Told {
        Told { exit: exit.to_owned(), lines: vec![] }
    }

    fn verdict(differs: bool, clean: Option<bool>) -> Verdict {
        let difference = Difference { aspect: Aspect::Mounts, lines: vec!["+ /a".to_owned()] };
        Verdict {
            hit: Some(Call { number: READ, text: "read()".to_owned() }),
            first: told("1"),
            second: told("0"),
            differences: if differs { vec![difference] } else { vec![] },
            clean,
        }
    }

    #[test]
    fn what_differs_or_could_not_be_tried_fails() {
        let kill = Point { at: 0, fault: Fault::Kill, next: Next::Same };
        let error = Point { fault: Fault::Error(5), ..kill };
        let mut tally = Tally::default();
        tally.add(kill, READ, Ok(verdict(false, None)));
        assert_eq!((tally.failed(), tally.kills), (0, Count { tried: 1, survived: 1 }));
        tally.add(kill, READ, Ok(verdict(true, None)));
        tally.add(error, READ, Err("no world".to_owned()));
        tally.add(error, READ, Ok(verdict(false, Some(true))));
        tally.add(error, READ, Ok(verdict(true, Some(false))));
        assert_eq!(tally.kills, Count { tried: 2, survived: 1 });
        assert_eq!(tally.errors, Count { tried: 3, survived: 1 });
        assert_eq!(tally.refused, Count { tried: 2, survived: 1 });
        assert_eq!((tally.failed(), tally.tried()), (3, 5));
        tally.add(kill, READ, Ok(Verdict { hit: None, ..verdict(false, None) }));
        assert_eq!((tally.failed(), tally.tried(), tally.missed), (4, 5, 1));
        tally.add(kill, READ + 1, Ok(verdict(false, None)));
        assert_eq!((tally.failed(), tally.tried(), tally.strayed), (4, 6, 1));
    }
}
