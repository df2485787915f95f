//! The saved profile says what stands.

use std::collections::BTreeMap;

use snap_ns_model::Namespace;
use snap_ns_model::history::History;

use crate::machine::{at_first, happen, host, lets_the_host_in, outside, snap, territory};
use crate::paths::{fresh, fresh_when_undone};
use crate::run::{End, difference, text, update};
use crate::{Checked, for_histories};

/// How many mounts there are at each mount point, hidden ones included.
fn mounts(namespace: &Namespace) -> BTreeMap<String, isize> {
    let mut counts = BTreeMap::new();
    for row in namespace.mount_table() {
        *counts.entry(row.mount_point.escape_ascii().to_string()).or_default() += 1;
    }
    counts
}

/// Whether each recorded mount stands and each link is there; and no more mounts than the record
/// and the copies that recursive binds made of them can be.
pub(crate) fn check_truth(
    history: &History,
    host: &Namespace,
    live: &Namespace,
    saved: &str,
) -> Result<(), String> {
    let (mut stands, before) = (mounts(live), mounts(&snap(host, history)));
    for (point, count) in before {
        *stands.entry(point).or_default() -= count;
    }
    let mut recorded: BTreeMap<&str, isize> = BTreeMap::new();
    for line in saved.lines() {
        let point = line.split(' ').nth(1).unwrap();
        // The root directory is snap-confine's.
        if !line.contains("x-snapd.kind=symlink") && point != "/" {
            *recorded.entry(point).or_default() += 1;
        }
    }
    for (point, count) in &recorded {
        if stands.get(*point).copied().unwrap_or_default() < *count {
            return Err(format!(
                "{count} recorded at {point}, {:?} stand\n{saved}",
                stands.get(*point)
            ));
        }
    }
    for (point, count) in &stands {
        let below = |dir: &&&str| snap_path::is_at_or_below(point.as_bytes(), dir.as_bytes());
        let known = recorded.get(point.as_str()).copied().unwrap_or_default();
        if *count > known && !recorded.keys().any(|dir| below(&dir)) {
            return Err(format!("{count} stand at {point}, {known} recorded\n{saved}"));
        }
    }
    Ok(())
}

/// After each update, refused and failed ones included.
#[test]
fn the_saved_profile_tells_the_truth() {
    for_histories("truth", 2, &[], |history| {
        let mut host = host(history);
        let mut live = snap(&host, history);
        let (mut saved, mut told) = (at_first(history), Checked::Silent);
        for step in &history.steps {
            let profile = &step.profile;
            happen(&mut host, step);
            let done = update(&mut live, &saved, &text(profile), territory(history));
            check_truth(history, &host, &live, &done.saved)?;
            if done.end == End::Done {
                told = Checked::Told;
            }
            saved = done.saved;
        }
        Ok(told)
    });
}

/// After the empty profile everything is as it was: but for what was created where the snap may
/// write, which is the host's and stays.
#[test]
fn undo_restores_the_start() {
    for_histories("undo", 6, &[], |history| {
        if lets_the_host_in(history) {
            return Ok(Checked::Skipped);
        }
        let mut host = host(history);
        let mut live = snap(&host, history);
        let (tree, table) = (live.picture(), live.mount_table());
        let (mut saved, mut told) = (at_first(history), Checked::Silent);
        for step in &history.steps {
            let profile = &step.profile;
            happen(&mut host, step);
            let done = update(&mut live, &saved, &text(profile), territory(history));
            if done.end == End::Done {
                (saved, told) = (done.saved, Checked::Told);
            }
        }
        let done = update(&mut live, &saved, "", territory(history));
        let (before, after) = (outside(&tree, &territory(history)), live.picture());
        let after = outside(&after, &territory(history));
        if done.saved != at_first(history) || before != after || live.mount_table() != table {
            return Err(format!("{:?}\n{}{}", done.end, done.saved, difference(&before, &after)));
        }
        Ok(told)
    });
}

/// A refused profile changes nothing, and a fresh namespace refuses it too.
#[test]
fn a_refusal_changes_nothing() {
    const KNOWN: [u64; 3] = [12474733689065842793, 15078798506076711840, 18198540004302794208];
    for_histories("refusal", 20, &KNOWN, |history: &History| {
        let mut host = host(history);
        let mut live = snap(&host, history);
        let (mut saved, mut told) = (at_first(history), Checked::Silent);
        for step in &history.steps {
            let profile = &step.profile;
            happen(&mut host, step);
            let (tree, stacks, shared) = (live.picture(), live.stacks(), host.picture());
            let done = update(&mut live, &saved, &text(profile), territory(history));
            if let End::Refused(_) = done.end {
                let same = live.picture() == tree && live.stacks() == stacks;
                if !same || host.picture() != shared || done.saved != saved {
                    return Err(format!("{:?}: {}", done.end, difference(&tree, &live.picture())));
                }
                let desired = text(profile);
                let made = fresh_when_undone(&live, &saved, &desired, history);
                // What ignores a missing mount point takes one that the profile in force left, as it
                // does in a new namespace of this host: that one may refuse it instead.
                let refused = || !fresh(&host.deep_copy(), &desired, history).1.is_accepted();
                let takes = desired.contains("ignore-missing") && refused();
                if made.is_accepted() && !takes {
                    return Err(format!("{:?}, but a fresh one takes it", done.end));
                }
                told = Checked::Told;
            }
            saved = done.saved;
        }
        Ok(told)
    });
}

/// A mount that no step undoes is the very mount that it was.
#[test]
fn kept_mounts_are_untouched() {
    for_histories("kept", 3, &[], |history| {
        let mut host = host(history);
        let mut live = snap(&host, history);
        let (mut saved, mut told) = (at_first(history), Checked::Silent);
        for step in &history.steps {
            let profile = &step.profile;
            happen(&mut host, step);
            let before = live.stacks();
            let done = update(&mut live, &saved, &text(profile), territory(history));
            let undone: Vec<&str> = done
                .steps
                .iter()
                .filter(|step| matches!(step.op, snap_ns_plan::Op::Unmount(_)))
                .map(|step| step.path.as_str())
                .collect();
            let after = live.stacks();
            for stack in &before {
                let point = &stack.mount_point;
                let gone = |dir: &&str| snap_path::is_at_or_below(point, dir.as_bytes());
                let shows = after.iter().find(|other| other.mount_point == *point);
                let kept = shows.is_some_and(|other| other.mounts.starts_with(&stack.mounts));
                let hidden = done
                    .steps
                    .iter()
                    .any(|step| snap_path::is_at_or_below(point, step.path.as_bytes()));
                if !undone.iter().any(gone) && !kept && !hidden {
                    return Err(format!("{} is another mount", point.escape_ascii()));
                }
                if kept && done.end == End::Done && saved != at_first(history) {
                    told = Checked::Told;
                }
            }
            saved = done.saved;
        }
        Ok(told)
    });
}
