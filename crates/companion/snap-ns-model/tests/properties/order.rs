//! What the order of lines, and of steps, is.

use std::collections::BTreeSet;

use snap_ns_model::history::Entry;
use snap_ns_plan::Op;

use crate::machine::{at_first, happen, host, snap, territory};
use crate::run::{End, difference, saved_line, set, text, update};
use crate::{Checked, for_histories};

/// Whether two entries of content want the same mount point, which the first one gets.
fn contest(one: &Entry, other: &Entry) -> bool {
    let content = |entry: &Entry| !entry.to_string().contains("x-snapd.origin=");
    let path = |entry: &Entry| entry.mount_point.trim_end_matches('/').to_owned();
    one != other && content(one) && content(other) && path(one) == path(other)
}

/// The desired profile is a set: its lines may stand in any order.
#[test]
fn lines_may_stand_in_any_order() {
    for_histories("lines", 2, &[], |history| {
        let mut host = host(history);
        let mut told = Checked::Silent;
        for step in &history.steps {
            let profile = &step.profile;
            happen(&mut host, step);
            if profile.iter().any(|one| profile.iter().any(|other| contest(one, other))) {
                continue;
            }
            let mut one = snap(&host.deep_copy(), history);
            let mut other = snap(&host.deep_copy(), history);
            let mut reversed = profile.clone();
            reversed.reverse();
            let first = at_first(history);
            let second = update(&mut other, &first, &text(&reversed), territory(history));
            let first = update(&mut one, &first, &text(profile), territory(history));
            if first.is_accepted() != second.is_accepted() {
                return Err(format!("{:?} and {:?}", first.end, second.end));
            }
            if first.is_accepted() {
                if one.picture() != other.picture() || set(&first.saved) != set(&second.saved) {
                    return Err(difference(&one.picture(), &other.picture()));
                }
                told = if profile.len() > 1 { Checked::Told } else { told };
            }
        }
        Ok(told)
    });
}

/// A mimic comes before what is made in it, an outer one before an inner one, and each is there for
/// an entry that is there.
#[test]
fn mimics_come_first_and_are_needed() {
    for_histories("mimics", 3, &[], |history| {
        let mut host = host(history);
        let mut told = Checked::Silent;
        for step in &history.steps {
            let profile = &step.profile;
            happen(&mut host, step);
            let mut live = snap(&host.deep_copy(), history);
            let done = update(&mut live, &at_first(history), &text(profile), territory(history));
            if done.end != End::Done {
                continue;
            }
            let mimics = done.steps.iter().enumerate();
            let mimics = mimics.filter(|(_, step)| matches!(step.op, Op::Mimic(_)));
            let mimics: Vec<(usize, &str)> = mimics.map(|(at, s)| (at, s.path.as_str())).collect();
            let early: Vec<&str> = done
                .steps
                .iter()
                .skip_while(|step| !matches!(step.op, Op::Mimic(_)))
                .take_while(|step| matches!(step.op, Op::Mimic(_)))
                .map(|step| step.path.as_str())
                .collect();
            for (at, dir) in early.iter().enumerate() {
                let outer = early[at + 1..].iter().find(|outer| {
                    snap_path::below(dir.as_bytes(), outer.as_bytes())
                        .is_some_and(|r| !r.is_empty())
                });
                if let Some(outer) = outer {
                    return Err(format!("{dir} before {outer}"));
                }
            }
            let saved = set(&done.saved);
            for (dir, needer) in &done.needers {
                let stands = profile.iter().any(|entry| {
                    let line = saved_line(entry);
                    line.contains(&format!(" {needer} ")) && saved.contains(&line)
                });
                if !stands {
                    return Err(format!("{dir} is made for {needer}, which is not there"));
                }
            }
            if !mimics.is_empty() {
                told = Checked::Told;
            }
        }
        Ok(told)
    });
}

/// An entry is undone after all that stands on it, and made before.
#[test]
fn parents_are_made_first_and_undone_last() {
    for_histories("parents", 2, &[], |history| {
        let mut host = host(history);
        let mut live = snap(&host, history);
        let (mut saved, mut told) = (at_first(history), Checked::Silent);
        for step in &history.steps {
            let profile = &step.profile;
            happen(&mut host, step);
            let done = update(&mut live, &saved, &text(profile), territory(history));
            if done.end != End::Done {
                continue;
            }
            let undo = |op| matches!(op, Op::Unmount(_) | Op::RemoveSymlink(_) | Op::Forget(_));
            // What another one takes the place of is undone just then.
            let lingers = |at: &usize| {
                at.checked_sub(1).is_some_and(|before| {
                    matches!(done.steps[before].op, Op::PutBeneath(_))
                        && matches!(done.steps[*at].op, Op::Unmount(_))
                })
            };
            let teardown: Vec<usize> = (0..done.steps.len())
                .filter(|at| undo(done.steps[*at].op) && !lingers(at))
                .collect();
            let places = teardown.iter().map(|at| match done.steps[*at].op {
                Op::Unmount(at) | Op::RemoveSymlink(at) | Op::Forget(at) => at,
                other => panic!("{other:?}"),
            });
            let places: Vec<u16> = places.collect();
            if !places.is_sorted_by(|a, b| a > b) {
                return Err(format!("undone in another order than backwards: {places:?}"));
            }
            let last_undone = teardown.last().copied();
            let makes = |op| matches!(op, Op::Mount(_) | Op::Mimic(_) | Op::MakeSymlink(_));
            let first_made = done.steps.iter().position(|step| makes(step.op));
            if let (Some(undone), Some(made)) = (last_undone, first_made)
                && undone > made
            {
                return Err("something is made before all is undone".to_owned());
            }
            let distinct: BTreeSet<_> =
                done.steps.iter().map(|step| format!("{:?}", step.op)).collect();
            if distinct.len() != done.steps.len() {
                return Err("a step is there twice".to_owned());
            }
            (saved, told) = (done.saved, Checked::Told);
        }
        Ok(told)
    });
}
