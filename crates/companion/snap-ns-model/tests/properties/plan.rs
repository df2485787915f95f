//! What a plan says is what happens.

use snap_ns_plan::{Outcome, Skip};

use crate::machine::{at_first, happen, host, host_only, lets_the_host_in, snap, territory};
use crate::run::{End, difference, saved_line, set, text, update};
use crate::{Checked, for_histories};

/// A profile that is in force asks for nothing more.
#[test]
fn replay_keeps_everything() {
    for_histories("replay", 6, &[8263018149330650035], |history| {
        if lets_the_host_in(history) {
            return Ok(Checked::Skipped);
        }
        let mut host = host(history);
        let mut live = snap(&host, history);
        let (mut saved, mut told) = (at_first(history), Checked::Silent);
        for step in &history.steps {
            let profile = &step.profile;
            happen(&mut host, step);
            let desired = text(profile);
            let first = update(&mut live, &saved, &desired, territory(history));
            if !first.is_accepted() {
                continue;
            }
            if desired.contains("ignore-missing") {
                // The first time may create what the second one finds.
                return Ok(Checked::Silent);
            }
            saved = first.saved;
            let (seen, stacks) = (live.picture(), live.stacks());
            let again = update(&mut live, &saved, &desired, territory(history));
            if !again.steps.is_empty() || again.saved != saved {
                return Err(format!("{:?}: {:?}\n{}", again.end, again.steps, again.saved));
            }
            if live.picture() != seen || live.stacks() != stacks {
                return Err(difference(&seen, &live.picture()));
            }
            told = Checked::Told;
        }
        Ok(told)
    });
}

/// The steps that were planned are performed, in that order; nothing fails, nothing is in the way,
/// and nothing is added.
#[test]
fn forecast_equals_outcome() {
    for_histories("forecast", 2, &[11970553981465972296], |history| {
        let mut host = host(history);
        let mut live = snap(&host, history);
        let (mut saved, mut told) = (at_first(history), Checked::Silent);
        for step in &history.steps {
            let profile = &step.profile;
            happen(&mut host, step);
            let done = update(&mut live, &saved, &text(profile), territory(history));
            if matches!(done.end, End::Refused(_) | End::Same) {
                continue;
            }
            let planned: Vec<_> = done.steps.iter().map(|step| step.op).collect();
            let tried: Vec<_> = done.tried.iter().map(|(op, _)| *op).collect();
            let as_planned = |outcome: &Outcome| match outcome {
                Outcome::Done | Outcome::Skipped(Skip::Stays | Skip::NotThere | Skip::InTurn) => {
                    true
                }
                Outcome::Skipped(Skip::IgnoredMissing | Skip::LeftOut) => false,
                Outcome::DoneWithout { .. } | Outcome::Failed(_) => false,
            };
            let bad = done.tried.iter().find(|(_, outcome)| !as_planned(outcome));
            if planned != tried || bad.is_some() || done.end != End::Done {
                return Err(format!("{:?}\n{:#?}\n{bad:?}", done.end, done.steps));
            }
            if done.saved.len() > done.room {
                return Err(format!("{} bytes saved, {} foreseen", done.saved.len(), done.room));
            }
            (saved, told) = (done.saved, Checked::Told);
        }
        Ok(told)
    });
}

/// What the host has outside of where the snap may write stays as it is.
#[test]
fn nothing_shows_on_the_host() {
    for_histories("host", 6, &[8423262451069391540], |history| {
        if lets_the_host_in(history) {
            return Ok(Checked::Skipped);
        }
        let mut host = host(history);
        let mut live = snap(&host, history);
        let (mut saved, mut told) = (at_first(history), Checked::Silent);
        for step in &history.steps {
            let profile = &step.profile;
            happen(&mut host, step);
            let before = host_only(&host, history);
            let done = update(&mut live, &saved, &text(profile), territory(history));
            let after = host_only(&host, history);
            if after != before {
                return Err(difference(&before, &after));
            }
            if done.end == End::Done {
                (saved, told) = (done.saved, Checked::Told);
            }
        }
        Ok(told)
    });
}

/// Content that is left out is the only thing that is missing in the saved profile.
#[test]
fn all_that_is_desired_is_saved() {
    for_histories("desired", 2, &[], |history| {
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
            let saved = set(&done.saved);
            for entry in profile {
                let line = saved_line(entry);
                let ignored = line.contains("ignore-missing");
                // Of equal lines only one has a part in the run.
                let equal = (0..).zip(profile).filter(|(_, other)| saved_line(other) == line);
                let left_out = equal.map(|(place, _): (u16, _)| place).any(|place| {
                    let out = format!("{place} {}: ", entry.mount_point.trim_end_matches('/'));
                    done.left_out.iter().any(|left| left.starts_with(&out))
                });
                if saved.contains(&line) == left_out && !ignored {
                    return Err(format!("{line}\nleft out: {:?}\n{}", done.left_out, done.saved));
                }
            }
            told = Checked::Told;
        }
        Ok(told)
    });
}
