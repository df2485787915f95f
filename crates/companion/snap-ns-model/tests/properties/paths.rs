//! The result does not depend on the path that led to it.

use snap_ns_model::Namespace;
use snap_ns_model::history::History;

use crate::machine::{at_first, happen, host, snap, territory};
use crate::run::{End, Update, difference, set, text, update};
use crate::{Checked, for_histories};

/// A fresh namespace of the host with a profile.
pub(crate) fn fresh(host: &Namespace, desired: &str, history: &History) -> (Namespace, Update) {
    let mut namespace = snap(host, history);
    let made = update(&mut namespace, &at_first(history), desired, territory(history));
    (namespace, made)
}

/// Whether building the profile twice in a row shows the same twice. What it creates on shared
/// storage can change what it finds: then there is nothing to compare with.
pub(crate) fn is_settled(host: &Namespace, desired: &str, history: &History) -> bool {
    let host = host.deep_copy();
    let (one, first) = fresh(&host, desired, history);
    let (two, second) = fresh(&host, desired, history);
    one.picture() == two.picture() && first.end == second.end && first.saved == second.saved
}

/// The same profile in a fresh namespace, when everything that is in force now was undone before:
/// what it left on shared storage would be in the way otherwise.
pub(crate) fn fresh_when_undone(
    live: &Namespace,
    saved: &str,
    desired: &str,
    history: &History,
) -> Update {
    let mut undone = live.deep_copy();
    let undone_profile = update(&mut undone, saved, "", territory(history)).saved;
    update(&mut undone, &undone_profile, desired, territory(history))
}

/// Whether the same again would find what this run created, and do something with it.
fn is_retried(live: &Namespace, updated: &Update, desired: &str, history: &History) -> bool {
    let mut live = live.deep_copy();
    let seen = live.picture();
    let again = update(&mut live, &updated.saved, desired, territory(history));
    again.saved != updated.saved || live.picture() != seen
}

/// After each update: tree and saved profile are those of a fresh namespace.
#[test]
fn path_independence() {
    for_histories("paths", 2, &[12474733689065842793, 15078798506076711840], |history| {
        let mut host = host(history);
        let mut live = snap(&host, history);
        let (mut saved, mut steps) = (at_first(history), 0);
        for step in &history.steps {
            let profile = &step.profile;
            happen(&mut host, step);
            let desired = text(profile);
            let before = host.deep_copy();
            let old = live.deep_copy();
            let updated = update(&mut live, &saved, &desired, territory(history));
            let seen = live.picture();
            let (fresh, made) = fresh(&host, &desired, history);
            let (here, there) = (updated.is_accepted(), made.is_accepted());
            let differs = if let End::Failed(why) = &updated.end {
                Some(format!("failed late: {why}"))
            } else if here != there {
                Some(format!("updated: {:?}, fresh: {:?}", updated.end, made.end))
            } else if !here {
                None
            } else if seen != fresh.picture() {
                Some(difference(&fresh.picture(), &seen))
            } else if set(&updated.saved) != set(&made.saved) {
                Some(difference(&made.saved, &updated.saved))
            } else if live.picture() != seen {
                Some(format!("not created: {}", difference(&seen, &live.picture())))
            } else {
                None
            };
            match differs {
                Some(_) if !is_settled(&before, &desired, history) => {
                    return Ok(Checked::Skipped);
                }
                Some(_)
                    if !here
                        && !fresh_when_undone(&old, &saved, &desired, history).is_accepted() => {}
                Some(_) if is_retried(&live, &updated, &desired, history) => {
                    return Ok(Checked::Skipped);
                }
                Some(why) => return Err(format!("after {desired}{why}")),
                None => {}
            }
            if updated.end == End::Done {
                (saved, steps) = (updated.saved, steps + 1);
            }
        }
        Ok(if steps > 1 { Checked::Told } else { Checked::Silent })
    });
}
