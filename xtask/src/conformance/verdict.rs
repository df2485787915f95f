//! Whether the differences of a case are the listed ones.

use super::caller::is_unforeseen;
use super::case::{Aspect, Case, Observation, Step};
use super::compare::{ASPECTS, differences};

/// What the original is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Ours: the listed differences, the case's exit status, and no step that the plan did not have.
    Ours,
    /// Itself: no difference at all may show. Checks the suite, not a program.
    Itself,
}

/// One thing that is wrong, with the differing lines.
pub(super) struct Complaint {
    pub(super) step: usize,
    pub(super) what: String,
    pub(super) lines: Vec<String>,
}

/// Everything that is wrong with a case; nothing means it passed.
pub(super) fn judge(
    mode: Mode,
    case: &Case,
    theirs: &[Observation],
    ours: &[Observation],
) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    // The first observation was made before the first step.
    for (at, step) in case.steps.iter().enumerate() {
        let mut complain = |what: String, lines: Vec<String>| {
            complaints.push(Complaint { step: at + 1, what, lines });
        };
        let (Some(theirs), Some(ours)) = (theirs.get(at + 1), ours.get(at + 1)) else {
            complain("the step was not performed".to_owned(), vec![]);
            continue;
        };
        if mode == Mode::Ours && ours.exit != step.exit.to_string() {
            let what = format!("exit status {}, the case expects {}", ours.exit, step.exit);
            complain(what, ours.stdout.clone());
        }
        let unforeseen = |line: &&String| is_unforeseen(line);
        if mode == Mode::Ours && ours.stderr.iter().any(|line| unforeseen(&line)) {
            let lines = ours.stderr.iter().filter(unforeseen).cloned().collect();
            complain("an obstacle that the plan did not foresee".to_owned(), lines);
        }
        for aspect in ASPECTS {
            let lines = differences(aspect, theirs, ours);
            for (what, lines) in judge_aspect(mode, step, aspect, lines) {
                complain(what, lines);
            }
        }
    }
    complaints
}

fn judge_aspect(
    mode: Mode,
    step: &Step,
    aspect: Aspect,
    lines: Vec<String>,
) -> Vec<(String, Vec<String>)> {
    let listed = step.differs.iter().filter(|listed| listed.aspect == aspect);
    let listed: Vec<_> = listed.filter(|_| mode == Mode::Ours).collect();
    let name = aspect.name();
    let mut complaints = Vec::new();
    for listed in &listed {
        if lines.is_empty() {
            let what = format!("{name}: the difference of row {} is gone", listed.row);
            complaints.push((what, vec![]));
            continue;
        }
        for piece in &listed.lines {
            if !lines.iter().any(|line| line.contains(piece)) {
                let what = format!("{name}: row {}: no line with \"{piece}\"", listed.row);
                complaints.push((what, vec![]));
            }
        }
    }
    let explained = |line: &String| {
        listed.iter().any(|listed| {
            listed.lines.is_empty() || listed.lines.iter().any(|piece| line.contains(piece))
        })
    };
    let unexplained: Vec<String> = lines.into_iter().filter(|line| !explained(line)).collect();
    if !unexplained.is_empty() {
        complaints.push((format!("{name} differs (- the original, + ours)"), unexplained));
    }
    complaints
}

#[cfg(test)]
mod tests;
