//! Whether each group of rules is needed: without it some scenario must fail.

use std::fs::File;

use anyhow::Result;
use snap_apparmor::Policy;

use super::guest::{Bench, done, runs};
use super::suite::Suite;
use crate::kernels::guest::confinement;
use crate::kernels::guest::tell;

/// Groups without which no scenario fails: how the title begins, and why each is there nevertheless.
const EXCEPTIONS: [(&str, &str); 2] = [
    (
        "entry /var/snap/hello/common/plug (line",
        "a mimic may stand at the same place, and its group has the same rules",
    ),
    ("entry /usr/share/two (line", "the entry that takes its place has the same rules"),
];

/// Leaves out each group once.
pub(super) fn run(
    answers: &mut File,
    bench: &mut Bench,
    suite: &Suite,
    policy: &Policy,
) -> Result<()> {
    let pass = format!("{} policy: without one group", suite.backend.name());
    for (number, group) in policy.groups().iter().enumerate() {
        let without = policy.without(number);
        confinement::load(&without.to_string())?;
        let mut noticed = false;
        for (pass_of, case) in runs(suite) {
            noticed = !bench.confined(pass_of, &case, &without)?.is_empty();
            if noticed {
                break;
            }
        }
        let undoes = group.title().ends_with(": undo");
        let mut exceptions = EXCEPTIONS.iter().filter(|_| undoes);
        let exception = exceptions.find(|(title, _)| group.title().starts_with(title));
        let wrong = match (noticed, exception) {
            (true, None) | (false, Some(_)) => None,
            (true, Some((_, why))) => Some(format!("no exception any more: {why}")),
            (false, None) => Some("nothing fails without it: it is superfluous".to_owned()),
        };
        tell(answers, &done(group.title().to_owned(), &pass, wrong.into_iter().collect(), 0))?;
    }
    confinement::load(&policy.to_string())
}
