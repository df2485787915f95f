//! What differs between two observations of the same step.

use std::collections::BTreeMap;
use std::slice::from_ref;

use super::case::{Aspect, Observation};

/// All aspects, in the order in which a reader wants them.
pub(super) const ASPECTS: [Aspect; 6] =
    [Aspect::Exit, Aspect::Stdout, Aspect::Profile, Aspect::Mounts, Aspect::Tree, Aspect::Host];

/// The lines that differ in `aspect`: `-` only the original has, `+` only ours.
pub(super) fn differences(aspect: Aspect, theirs: &Observation, ours: &Observation) -> Vec<String> {
    match aspect {
        Aspect::Exit => multiset(from_ref(&theirs.exit), from_ref(&ours.exit)),
        Aspect::Stdout => multiset(&[spoken(&theirs.stdout)], &[spoken(&ours.stdout)]),
        Aspect::Profile => {
            let mut lines = multiset(&theirs.profile, &ours.profile);
            lines.extend(order(&theirs.profile, &ours.profile));
            lines
        }
        Aspect::Mounts => multiset(&theirs.mounts, &ours.mounts),
        Aspect::Tree => multiset(&theirs.tree, &ours.tree),
        Aspect::Host => multiset(&theirs.host, &ours.host),
    }
}

/// What standard output amounts to: the words of a reason are each program's own.
fn spoken(lines: &[String]) -> String {
    match lines {
        [] => "silence".to_owned(),
        [line] if line.starts_with("cannot update snap namespace: ") => "one error line".to_owned(),
        lines => lines.join("\\n"),
    }
}

/// The lines that only one side has, each with its sign, as often as it has more of them.
pub(crate) fn multiset(theirs: &[String], ours: &[String]) -> Vec<String> {
    let mut counts: BTreeMap<&str, isize> = BTreeMap::new();
    for line in theirs {
        *counts.entry(line).or_default() -= 1;
    }
    for line in ours {
        *counts.entry(line).or_default() += 1;
    }
    let mut lines = Vec::new();
    for (line, count) in counts {
        let sign = if count < 0 { '-' } else { '+' };
        for _ in 0..count.unsigned_abs() {
            lines.push(format!("{sign} {line}"));
        }
    }
    lines
}

/// The order of a saved profile means something only where one mount point lies at or below
/// another: the original saves in its own order of discovery, and undo goes backwards.
pub(crate) fn order(theirs: &[String], ours: &[String]) -> Vec<String> {
    let place: BTreeMap<&str, usize> =
        ours.iter().enumerate().map(|(at, line)| (line.as_str(), at)).collect();
    let mut lines = Vec::new();
    for (at, earlier) in theirs.iter().enumerate() {
        for later in theirs.iter().skip(at + 1).filter(|later| *later != earlier) {
            let swapped = match (place.get(earlier.as_str()), place.get(later.as_str())) {
                (Some(first), Some(second)) => first > second,
                _ => false,
            };
            if swapped && nested(mount_point(earlier), mount_point(later)) {
                lines.push(format!("- order: {earlier} BEFORE {later}"));
            }
        }
    }
    lines
}

fn mount_point(line: &str) -> &str {
    line.split(' ').nth(1).unwrap_or_default()
}

fn nested(one: &str, other: &str) -> bool {
    let below = |child: &str, parent: &str| {
        let parent = parent.trim_end_matches('/');
        child.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    below(one, other) || below(other, one)
}

#[cfg(test)]
mod tests {
    use super::{multiset, order, spoken};

    fn lines(text: &str) -> Vec<String> {
        text.split('\n').map(str::to_owned).collect()
    }

    #[test]
    fn lines_are_compared_as_a_multiset() {
        assert!(multiset(&lines("a\nb"), &lines("b\na")).is_empty());
        assert_eq!(multiset(&lines("a\na"), &lines("a\nb")), ["- a", "+ b"]);
    }

    #[test]
    fn order_counts_below_a_mount_point_only() {
        let theirs = lines("x /a t\ny /a/b t\nz /ab t");
        assert!(order(&theirs, &lines("z /ab t\nx /a t\ny /a/b t")).is_empty());
        assert_eq!(order(&theirs, &lines("y /a/b t\nx /a t\nz /ab t")).len(), 1);
    }

    #[test]
    fn the_reason_of_an_error_is_not_compared() {
        assert_eq!(spoken(&lines("cannot update snap namespace: x")), "one error line");
        assert_eq!(spoken(&lines("cannot update snap namespace: x\ny")).lines().count(), 1);
        assert_eq!(spoken(&[]), "silence");
    }
}
