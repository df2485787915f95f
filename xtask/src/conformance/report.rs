//! What is printed.

use super::case::{Case, Observation};
use super::compare::multiset;
use super::verdict::Complaint;

/// Differing lines shown of one aspect, unless everything is asked for.
const SHOWN: usize = 25;

/// A failed case: what is wrong, and the profile lines that reproduce it.
pub(super) fn failure(case: &Case, complaints: &[Complaint]) {
    println!("FAIL {}: {}", case.name, case.shows);
    for complaint in complaints {
        println!("  step {}: {}", complaint.step, complaint.what);
        for line in complaint.lines.iter().take(SHOWN) {
            println!("    {line}");
        }
        if complaint.lines.len() > SHOWN {
            println!("    ... {} more", complaint.lines.len() - SHOWN);
        }
    }
    let last = complaints.iter().map(|complaint| complaint.step).max().unwrap_or(0);
    for line in case.world.lines() {
        println!("  to reproduce, world: {line}");
    }
    for (at, step) in case.steps.iter().enumerate().take(last) {
        println!("  to reproduce, step {}, called by {}:", at + 1, step.caller.name());
        for line in step.world.lines() {
            println!("    world: {line}");
        }
        match &step.desired {
            Some(desired) => desired.lines().for_each(|line| println!("    {line}")),
            None => println!("    (the desired profile as it is)"),
        }
    }
}

/// What each step said and changed.
pub(super) fn observations(who: &str, observations: &[Observation]) {
    for (at, pair) in observations.windows(2).enumerate() {
        let [before, after] = pair else { continue };
        println!("  {who}, step {}: exit {}", at + 1, after.exit);
        let parts = [
            ("stdout", &after.stdout),
            ("stderr", &after.stderr),
            ("profile", &after.profile),
            ("mounts", &multiset(&before.mounts, &after.mounts)),
            ("tree", &multiset(&before.tree, &after.tree)),
            ("host", &multiset(&before.host, &after.host)),
        ];
        for (name, lines) in parts {
            for line in lines {
                println!("    {name}: {line}");
            }
        }
    }
}
