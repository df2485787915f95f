//! Whether a state is that of an undisturbed run. Pure: facts in, differences out.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::facts::{ASPECTS, Aspect, Facts};
use crate::conformance::compare::{multiset, order};

/// One thing that is wrong: `-` is in the undisturbed state, `+` in this one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Difference {
    pub(super) aspect: Aspect,
    pub(super) lines: Vec<String>,
}

/// Everything in which `found` is none of `references`; nothing means that it survived.
///
/// There is more than one undisturbed state when a run leaves something that the next does not
/// want: what was created on the host for a profile is still there after another one. Then a
/// program that was stopped in between may have left a part of it. So of the trees, what is in all
/// references must be there, and nothing may be that is in none; all else must be as in one of them.
pub(super) fn judge(references: &[Facts], found: &Facts) -> Vec<Difference> {
    let exact = references.iter().map(|reference| differences(reference, found, is_exact));
    let mut all = exact.min_by_key(Vec::len).unwrap_or_default();
    for aspect in [Aspect::Tree, Aspect::Host] {
        let lines = between(references, aspect, found);
        if !lines.is_empty() {
            all.push(Difference { aspect, lines });
        }
    }
    all
}

/// Everything in which `found` is not `reference`.
pub(super) fn compare(reference: &Facts, found: &Facts) -> Vec<Difference> {
    differences(reference, found, |_| true)
}

/// Whether it is as in one of the references, and not between them.
pub(super) fn is_exact(aspect: Aspect) -> bool {
    !matches!(aspect, Aspect::Tree | Aspect::Host)
}

fn differences(
    reference: &Facts,
    found: &Facts,
    wanted: impl Fn(Aspect) -> bool,
) -> Vec<Difference> {
    let mut all = Vec::new();
    for aspect in ASPECTS.into_iter().filter(|aspect| wanted(*aspect)) {
        let (there, here) = (reference.of(aspect), found.of(aspect));
        let mut lines = multiset(there, here);
        if aspect == Aspect::Profile {
            lines.extend(order(there, here));
        }
        if !lines.is_empty() {
            all.push(Difference { aspect, lines });
        }
    }
    all
}

fn between(references: &[Facts], aspect: Aspect, found: &Facts) -> Vec<String> {
    let sets: Vec<BTreeSet<&String>> =
        references.iter().map(|reference| reference.of(aspect).iter().collect()).collect();
    let found: BTreeSet<&String> = found.of(aspect).iter().collect();
    let mut lines = Vec::new();
    if let Some(first) = sets.first() {
        let in_all = first.iter().filter(|line| sets.iter().all(|set| set.contains(*line)));
        lines.extend(in_all.filter(|line| !found.contains(*line)).map(|line| format!("- {line}")));
    }
    let in_none = found.iter().filter(|line| !sets.iter().any(|set| set.contains(*line)));
    lines.extend(in_none.map(|line| format!("+ {line}")));
    lines
}

#[cfg(test)]
mod tests;
