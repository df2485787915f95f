//! Making a failing history smaller.

use super::{Entry, History};

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

/// What shrinks with every candidate: profiles, entries, options, world lines, attributes.
pub(super) fn size(history: &History) -> usize {
    let entries: usize = history
        .profiles
        .iter()
        .map(|profile| profile.iter().map(|entry| 1 + entry.options.len()).sum::<usize>())
        .sum();
    let world: usize =
        history.world.iter().map(|line| 1 + usize::from(line.attributes.is_some())).sum();
    history.profiles.len() + entries + world
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
    for at in (0..history.profiles.len()).rev() {
        with(&|candidate| drop(candidate.profiles.remove(at)));
    }
    let half = history.world.len() / 2;
    with(&|candidate| drop(candidate.world.drain(..half)));
    with(&|candidate| candidate.world.truncate(half));
    for entry in distinct(&history.profiles, |entry| entry.mount_point.clone()) {
        with(&|candidate| {
            for profile in &mut candidate.profiles {
                profile.retain(|other| other.mount_point != entry.mount_point);
            }
        });
    }
    for (at, profile) in history.profiles.iter().enumerate() {
        for place in 0..profile.len() {
            with(&|candidate| drop(candidate.profiles[at].remove(place)));
        }
    }
    for at in (0..history.world.len()).rev() {
        with(&|candidate| drop(candidate.world.remove(at)));
        with(&|candidate| candidate.world[at].attributes = None);
    }
    for entry in distinct(&history.profiles, Entry::to_string) {
        for option in entry.options.iter().filter(|option| is_spare(option)) {
            with(&|candidate| {
                for other in candidate.profiles.iter_mut().flatten().filter(|one| **one == entry) {
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
fn distinct(profiles: &[Vec<Entry>], key: impl Fn(&Entry) -> String) -> Vec<Entry> {
    let mut seen = std::collections::BTreeSet::new();
    profiles.iter().flatten().filter(|entry| seen.insert(key(entry))).cloned().collect()
}
