//! The closed list: everything that may end up in the binary.

use std::collections::BTreeSet;

/// The crates of others that the binary may be linked with. Growing this list is a decision for a
/// review, with a word in SECURITY.md.
pub(crate) const FOREIGN: &[&str] = &["arrayvec", "bitflags", "linux-raw-sys", "rustix"];

/// The target whose dependencies are resolved.
pub(crate) const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Features that must stay off in the whole workspace. Cargo builds each crate once with the
/// features that all members together ask for, so a tool that asks for one of these breaks the
/// freestanding binary in every command that builds the workspace.
const HEAVY: &[&str] = &["alloc", "std", "use-libc"];

/// A crate of the closed list and the features it is built with in the workspace.
pub(crate) type Features = (String, Vec<String>);

/// The crate names in the output of `cargo tree --prefix none --format {p}`.
pub(crate) fn names(tree: &str) -> BTreeSet<String> {
    tree.lines().filter_map(|line| line.split_whitespace().next()).map(ToOwned::to_owned).collect()
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

/// Looks for heavy features among those that the workspace as a whole switches on.
pub(crate) fn check_features(crates: &[Features]) -> Vec<String> {
    let mut violations = Vec::new();
    for (name, features) in crates {
        for feature in features.iter().filter(|f| HEAVY.contains(&f.as_str())) {
            violations.push(format!(
                "the workspace builds {name} with the feature {feature}, and with it the binary: find who asks for it (cargo tree --workspace -e features -i {name}) and remove that"
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
    fn heavy_features_are_reported() {
        let with = |feature: &str| [("rustix".to_owned(), vec![feature.to_owned()])];
        assert_eq!(check_features(&with("mount")), [""; 0]);
        assert_eq!(check_features(&with("std")).len(), 1);
        assert_eq!(check_features(&with("alloc")).len(), 1);
    }

    #[test]
    fn an_empty_answer_is_no_pass() {
        assert_eq!(check("default", OWN, &names("")).len(), 1);
    }
}
