//! Which points are tried.

use std::collections::BTreeMap;

use super::call::Call;
use super::driver::Fault;
use super::guest::{Next, Point};
use super::scenario::Row;

/// After one point in so many, another profile is desired.
const OTHER: usize = 5;

/// What was asked for.
#[derive(Clone)]
pub(super) struct Selection {
    /// One in so many calls, besides what the row itself says.
    pub(super) every: usize,
    /// Only calls with this name.
    pub(super) calls: Option<String>,
    /// Only this call, in all ways.
    pub(super) point: Option<usize>,
}

impl Selection {
    /// The points among the `calls` of a run.
    ///
    /// The errors that a kind of call can fail with take turns.
    pub(super) fn points(&self, row: &Row, calls: &[Call]) -> Vec<Point> {
        let mut seen: BTreeMap<u64, usize> = BTreeMap::new();
        let mut points = Vec::new();
        let every = if self.point.is_some() { 1 } else { self.every * row.scenario.every };
        let mut matching = 0_usize;
        for (at, call) in calls.iter().enumerate() {
            let turn = seen.entry(call.number).or_default();
            let errors = call.errors();
            let error = turn.checked_rem(errors.len()).map(|which| errors[which]);
            *turn += 1;
            if self.point.is_some_and(|point| point != at)
                || self.calls.as_ref().is_some_and(|name| *name != call.name())
            {
                continue;
            }
            let which = matching;
            matching += 1;
            if !is_in_share(which, every) {
                continue;
            }
            let number = which / every;
            let faults = [Some(Fault::Kill), error.map(|error| Fault::Error(error as i32))];
            for (kind, fault) in faults.into_iter().enumerate() {
                let Some(fault) = fault else { continue };
                // Not both faults of the same call.
                let others = number % OTHER == OTHER - 1 - kind;
                if self.point.is_some() {
                    points.push(Point { at, fault, next: Next::Same });
                }
                let next = if others || self.point.is_some() { Next::Other } else { Next::Same };
                points.push(Point { at, fault, next });
            }
        }
        points
    }
}

/// Whether the call with this number is the one of its `every` neighbours that is tried. Which of
/// them it is changes from one lot to the next, or a run that does the same for each entry would
/// always be disturbed at the same place of it.
fn is_in_share(number: usize, every: usize) -> bool {
    let lot = number / every;
    // Knuth's multiplicative hash.
    let hash = (lot.wrapping_mul(2_654_435_761) >> 16) % (1 << 16);
    number % every == hash % every
}

#[cfg(test)]
mod tests {
    use super::super::scenario::rows;
    use super::*;

    const MOUNT: u64 = 165;
    const GETUID: u64 = 102;

    fn calls(numbers: &[u64]) -> Vec<Call> {
        let call = |number: &u64| Call { number: *number, text: String::new() };
        numbers.iter().map(call).collect()
    }

    fn row() -> Row {
        rows().unwrap().into_iter().find(|row| row.scenario.every == 1).unwrap()
    }

    fn all() -> Selection {
        Selection { every: 1, calls: None, point: None }
    }

    #[test]
    fn every_call_is_a_point_twice_if_it_can_fail() {
        let points = all().points(&row(), &calls(&[MOUNT, GETUID, MOUNT]));
        let kills = points.iter().filter(|point| point.fault == Fault::Kill);
        assert_eq!(kills.map(|point| point.at).collect::<Vec<_>>(), [0, 1, 2]);
        let errors: Vec<&Point> =
            points.iter().filter(|point| point.fault != Fault::Kill).collect();
        assert_eq!(errors.iter().map(|point| point.at).collect::<Vec<_>>(), [0, 2]);
        assert_ne!(errors[0].fault, errors[1].fault, "the errors take turns");
    }

    #[test]
    fn one_in_five_goes_on_with_another_profile() {
        let points = all().points(&row(), &calls(&[MOUNT; 20]));
        let others = |kill: bool| {
            let other = |point: &&Point| point.next == Next::Other;
            points.iter().filter(other).filter(|one| (one.fault == Fault::Kill) == kill).count()
        };
        assert_eq!((points.len(), others(true), others(false)), (40, 4, 4));
    }

    #[test]
    fn a_share_meets_every_place_of_a_rhythm() {
        let row = row();
        let selection = Selection { every: 6, ..all() };
        let points = selection.points(&row, &calls(&[GETUID; 1200]));
        assert_eq!(points.len(), 200);
        for rhythm in 2..8 {
            for place in 0..rhythm {
                assert!(
                    points.iter().any(|point| point.at % rhythm == place),
                    "{place} of {rhythm}"
                );
            }
        }
    }

    #[test]
    fn a_name_or_a_single_call() {
        let numbers = [MOUNT, GETUID, MOUNT, MOUNT, GETUID, MOUNT];
        let at = |selection: Selection| {
            let points = selection.points(&row(), &calls(&numbers));
            let mut at: Vec<usize> = points.iter().map(|point| point.at).collect();
            at.dedup();
            at
        };
        assert_eq!(at(Selection { calls: Some("getuid".to_owned()), ..all() }), [1, 4]);
        assert_eq!(at(Selection { point: Some(3), ..all() }), [3]);
        let single = Selection { point: Some(3), ..all() };
        assert_eq!(single.points(&row(), &calls(&numbers)).len(), 4);
    }
}
