//! Reasons, and limits.

use snap_ns_model::history::Entry;
use snap_ns_plan::{Op, Reason, Which};

use crate::machine::{at_first, happen, host, snap, territory};
use crate::run::{End, Update, text, update};
use crate::{Checked, for_histories};

/// Whether what a reason says is so.
fn holds(done: &Update, op: Op, path: &str, reason: Reason) -> bool {
    let is = |which| match which {
        Which::Current(at) => done.current.get(usize::from(at)).is_some(),
        Which::Desired(at) => done.desired.get(usize::from(at)).is_some(),
        Which::Mimic(at) => done.needers.get(usize::from(at)).is_some(),
    };
    let (was, wanted) = (
        done.current.iter().any(|point| point == path),
        done.desired.iter().any(|point| point == path),
    );
    let mimic = matches!(op, Op::Mimic(_));
    match reason {
        Reason::New => !mimic && wanted,
        Reason::Gone => was && !wanted,
        Reason::Differs(_) => was && wanted,
        Reason::Twice | Reason::NotMounted | Reason::NotPossible => was,
        Reason::Related(which) => was && is(which),
        Reason::ReadOnly | Reason::WouldShowOnHost | Reason::InTheWay => mimic,
        Reason::NotNeeded | Reason::Changed => was,
    }
}

/// Every step has a reason, and it is a true one.
#[test]
fn reasons_hold() {
    for_histories("reasons", 2, &[], |history| {
        let mut host = host(history);
        let mut live = snap(&host, history);
        let (mut saved, mut told) = (at_first(history), Checked::Silent);
        for step in &history.steps {
            let profile = &step.profile;
            happen(&mut host, step);
            let done = update(&mut live, &saved, &text(profile), territory(history));
            for step in &done.steps {
                if !holds(&done, step.op, &step.path, step.reason) {
                    return Err(format!("{step:?}"));
                }
            }
            if done.end == End::Done {
                told = if saved == at_first(history) { told } else { Checked::Told };
                saved = done.saved;
            }
        }
        Ok(told)
    });
}

/// What runs into a limit does so before anything is changed: here the ID of an entry that would
/// have to stand in the lines of its mimic.
#[test]
fn full_before_change() {
    for_histories("full", 2, &[], |history| {
        let mut host = host(history);
        let mut live = snap(&host, history);
        let (mut saved, mut told) = (at_first(history), Checked::Silent);
        for step in &history.steps {
            let profile = &step.profile;
            happen(&mut host, step);
            let taken = |entry: &Entry| {
                ["/opt", "/opt/full", "/opt/full/a"].contains(&entry.mount_point.as_str())
            };
            let (tree, stacks) = (live.picture(), live.stacks());
            let mut full = profile.clone();
            full.push(Entry {
                source: "/var/snap/hello/common".to_owned(),
                mount_point: "/opt/full/a".to_owned(),
                file_system: "none",
                options: vec![
                    "rbind".to_owned(),
                    "x-snapd.origin=layout".to_owned(),
                    format!("x-snapd.id={}", "i".repeat(4096)),
                ],
            });
            let mut attempt = live.deep_copy();
            let refused = update(&mut attempt, &saved, &text(&full), territory(history));
            // Another entry may be the one that the mimic is recorded for.
            let End::Refused(why) = refused.end else {
                saved = update(&mut live, &saved, &text(profile), territory(history)).saved;
                continue;
            };
            let same = attempt.picture() == tree && attempt.stacks() == stacks;
            if !same || refused.saved != saved {
                return Err(format!("{why}: something was changed"));
            }
            if why.contains("Full(Path)") && !profile.iter().any(taken) {
                told = Checked::Told;
            }
            let done = update(&mut live, &saved, &text(profile), territory(history));
            saved = done.saved;
        }
        Ok(told)
    });
}
