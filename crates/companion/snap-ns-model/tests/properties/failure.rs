//! When a step fails.

use crate::machine::{at_first, happen, host, lets_the_host_in, snap, territory};
use crate::paths::is_settled;
use crate::run::{End, difference, text, update};
use crate::truth::check_truth;
use crate::{Checked, for_histories};

/// Whatever step fails, the saved profile tells the truth, and the next run ends where an
/// undisturbed one does.
#[test]
fn any_step_may_fail() {
    for_histories("failure", 6, &[11955498266806705498], |history| {
        if lets_the_host_in(history) {
            return Ok(Checked::Skipped);
        }
        let mut host = host(history);
        let mut live = snap(&host, history);
        let (mut saved, mut told) = (at_first(history), Checked::Silent);
        for step in history.steps.iter().take(2) {
            let profile = &step.profile;
            happen(&mut host, step);
            let desired = text(profile);
            let mut whole = live.deep_copy();
            let undisturbed = update(&mut whole, &saved, &desired, territory(history));
            // What may be missing is found when it was created by a run that failed later.
            let ignores =
                desired.contains("ignore-missing") || !is_settled(&host, &desired, history);
            if undisturbed.end != End::Done || !undisturbed.left_out.is_empty() || ignores {
                saved = update(&mut live, &saved, &desired, territory(history)).saved;
                continue;
            }
            for at in 0..undisturbed.performed {
                let mut broken = live.deep_copy();
                broken.fail_at = Some(broken.performed() + at);
                let failed = update(&mut broken, &saved, &desired, territory(history));
                check_truth(history, &host, &broken, &failed.saved)
                    .map_err(|why| format!("step {at} failed, {:?}: {why}", failed.end))?;
                broken.fail_at = None;
                let again = update(&mut broken, &failed.saved, &desired, territory(history));
                // What could not be removed is just a directory from then on.
                let removal = undisturbed.steps.get(at).is_some_and(|step| {
                    matches!(
                        step.op,
                        snap_ns_plan::Op::RemoveMountPoint(_) | snap_ns_plan::Op::RemoveSource(_)
                    )
                });
                // Without content that failed, others may create what would have been in it.
                let ended = matches!(failed.end, End::Failed(_)) && again.is_accepted();
                if ended && !removal && broken.picture() != whole.picture() {
                    let why = difference(&whole.picture(), &broken.picture());
                    return Err(format!("step {at} failed, and the next run: {why}"));
                }
                told = Checked::Told;
            }
            saved = update(&mut live, &saved, &desired, territory(history)).saved;
        }
        Ok(told)
    });
}
