//! Making a failing history smaller.

use super::{Entry, History, Step};

/// Runs that are spent on one history, at most.
const TRIES: usize = 500;

/// The smallest history found that still fails, dropping one thing after the other.
///
/// `fails` is not asked about `history` itself. Every candidate is smaller ([`size`]) than what
/// it was made from, so this ends also without the bound on tries.
pub fn shrink(history: &History, mut fails: impl FnMut(&History) -> bool) -> History {
    let mut smallest = history.clone();
    let mut candidates = smaller(&smallest);
    let (mut at, mut useless) = (0, 0);
    for _ in 0..TRIES {
        if useless >= candidates.len() {
            break;
        }
        let candidate = &candidates[at % candidates.len()];
        if fails(candidate) {
            smallest = candidate.clone();
            candidates = smaller(&smallest);
            useless = 0;
        } else {
            at += 1;
            useless += 1;
        }
    }
    smallest
}

/// What shrinks with every candidate: steps, entries, options, lines, attributes.
pub(super) fn size(history: &History) -> usize {
    let in_step = |step: &Step| {
        step.before.len() + step.profile.iter().map(|entry| 1 + entry.options.len()).sum::<usize>()
    };
    let entries: usize = history.steps.iter().map(in_step).sum();
    let world: usize =
        history.world.iter().map(|line| 1 + usize::from(line.attributes.is_some())).sum();
    history.steps.len() + entries + world
}

/// Smaller histories, those that save most first.
pub(super) fn smaller(history: &History) -> Vec<History> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut History)| {
        let mut candidate = history.clone();
        change(&mut candidate);
        if size(&candidate) < size(history) {
            all.push(candidate);
        }
    };
    for at in (0..history.steps.len()).rev() {
        with(&|candidate| {
            let gone = candidate.steps.remove(at);
            // What others did then happens all the same.
            if let Some(next) = candidate.steps.get_mut(at) {
                next.before.splice(0..0, gone.before);
            }
        });
        with(&|candidate| candidate.steps[at].before.clear());
    }
    let half = history.world.len() / 2;
    with(&|candidate| drop(candidate.world.drain(..half)));
    with(&|candidate| candidate.world.truncate(half));
    for entry in distinct(&history.steps, |entry| entry.mount_point.clone()) {
        with(&|candidate| {
            for step in &mut candidate.steps {
                step.profile.retain(|other| other.mount_point != entry.mount_point);
            }
        });
    }
    for (at, step) in history.steps.iter().enumerate() {
        for place in 0..step.profile.len() {
            with(&|candidate| drop(candidate.steps[at].profile.remove(place)));
        }
        for place in 0..step.before.len() {
            with(&|candidate| drop(candidate.steps[at].before.remove(place)));
        }
    }
    for at in (0..history.world.len()).rev() {
        with(&|candidate| drop(candidate.world.remove(at)));
        with(&|candidate| candidate.world[at].attributes = None);
    }
    for entry in distinct(&history.steps, Entry::to_string) {
        for option in entry.options.iter().filter(|option| is_spare(option)) {
            with(&|candidate| {
                let entries = candidate.steps.iter_mut().flat_map(|step| &mut step.profile);
                for other in entries.filter(|one| **one == entry) {
                    other.options.retain(|one| one != option);
                }
            });
        }
    }
    all
}

/// Options without which the entry is still one of its kind.
fn is_spare(option: &str) -> bool {
    let spare = ["x-snapd.id=", "x-snapd.mode=", "x-snapd.uid=", "x-snapd.gid="];
    option == "x-snapd.ignore-missing" || spare.iter().any(|prefix| option.starts_with(prefix))
}

/// The first entry for each key.
fn distinct(steps: &[Step], key: impl Fn(&Entry) -> String) -> Vec<Entry> {
    let mut seen = std::collections::BTreeSet::new();
    steps
        .iter()
        .flat_map(|step| &step.profile)
        .filter(|entry| seen.insert(key(entry)))
        .cloned()
        .collect()
}
