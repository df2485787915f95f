//! The closed list: everything that may end up in the binary.

use std::collections::BTreeSet;

/// The crates of others that the binary may be linked with. Growing this list is a decision for a
/// review, with a word in SECURITY.md.
pub(crate) const FOREIGN: &[&str] = &["arrayvec", "bitflags", "linux-raw-sys", "rustix"];

/// The target whose dependencies are resolved.
pub(crate) const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The crate names in the output of `cargo tree --prefix none --format {p}`.
pub(crate) fn names(tree: &str) -> BTreeSet<String> {
    tree.lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(ToOwned::to_owned)
        .collect()
}

/// Compares what was resolved for one `build` of the binary with the list; `own` are the
/// privileged crates.
pub(crate) fn check(build: &str, own: &[&str], resolved: &BTreeSet<String>) -> Vec<String> {
    let mut violations = Vec::new();
    if !resolved.contains("snap-update-ns") {
        violations.push(format!(
            "the {build} build's dependencies do not contain the binary itself: the list was not resolved"
        ));
    }
    for name in resolved {
        if !own.contains(&name.as_str()) && !FOREIGN.contains(&name.as_str()) {
            violations.push(format!(
                "the {build} build of snap-update-ns is linked with {name}, which is not on the closed list: remove it or the feature that pulls it in (cargo tree -p snap-update-ns -e normal,features -i {name})"
            ));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &[&str] = &["snap-update-ns", "snap-start"];

    #[test]
    fn the_list_is_closed() {
        let resolved = names("snap-update-ns v0.1.0 (/w)\nrustix v1.1.4\nrustix v1.1.4 (*)\n");
        assert_eq!(check("default", OWN, &resolved), [""; 0]);
        for foreign in ["libc", "errno", "heapless", "hash32", "snap-ns-testbed"] {
            let tree = format!("snap-update-ns v0.1.0\n{foreign} v1.0.0\n");
            let violations = check("default", OWN, &names(&tree));
            assert_eq!(violations.len(), 1, "{violations:?}");
            assert!(violations[0].contains(foreign), "{violations:?}");
        }
    }

    #[test]
    fn an_empty_answer_is_no_pass() {
        assert_eq!(check("default", OWN, &names("")).len(), 1);
    }
}
