//! What every privileged crate declares about itself: no heap, no unsafe code, the workspace's
//! lints.

use super::sources::Source;
use super::unsafety;

/// Which promise a crate root has to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// `lib.rs`.
    Library,
    /// `main.rs`: may be built on std (`hosted`), so the attribute is conditional.
    Program,
}

/// The crate roots among a crate's files.
pub(crate) fn root_kind(source: &Source) -> Option<Root> {
    if source.path.ends_with("src/lib.rs") {
        return Some(Root::Library);
    }
    let program = source.path.ends_with("src/main.rs")
        || source.path.parent().is_some_and(|p| p.ends_with("src/bin"));
    program.then_some(Root::Program)
}

/// Checks the attributes of the crate root `source` of the crate `name`.
pub(crate) fn check_root(name: &str, kind: Root, source: &Source) -> Vec<String> {
    let has = |pattern: &[&str]| source.tokens.find(pattern).next().is_some();
    let inner = |attribute: &[&str]| has(&[&["#", "!", "["], attribute].concat());
    let forbids = inner(&["forbid", "(", "unsafe_code", ")", "]"]);
    let denies = inner(&["deny", "(", "unsafe_code", ")", "]"]);
    let may_deny = unsafety::CRATES.contains(&name) || kind == Root::Program;
    let mut violations = Vec::new();
    let path = source.path.display();
    if !(forbids || may_deny && denies) {
        let word = if may_deny { "deny" } else { "forbid" };
        violations.push(format!("{path}: #![{word}(unsafe_code)] is missing: add it"));
    }
    let no_std = match kind {
        Root::Library => inner(&["no_std", "]"]),
        Root::Program => inner(&["no_std", "]"]) || conditional_no_std(source),
    };
    if !no_std {
        violations.push(format!("{path}: #![no_std] is missing: add it"));
    }
    violations
}

/// `#![cfg_attr(..., no_std ...)]`
fn conditional_no_std(source: &Source) -> bool {
    let pattern = ["#", "!", "[", "cfg_attr", "("];
    source.tokens.find(&pattern).any(|at| {
        let end = source.tokens.behind(at + 2);
        (at..end).any(|i| source.tokens.text(i) == "no_std")
    })
}

/// No allocator behind the back: neither `alloc` nor `std` is asked for. Only the start code may
/// ask for std (its `hosted` half stands on it), and programs and build scripts, which have it.
pub(crate) fn check_heap(name: &str, source: &Source) -> Vec<String> {
    let on_std = name == unsafety::CRATES[0]
        || root_kind(source) == Some(Root::Program)
        || source.path.ends_with("build.rs");
    let mut violations = Vec::new();
    for pattern in
        [&["extern", "crate", "alloc"][..], &["alloc", ":", ":"], &["extern", "crate", "std"]]
    {
        if on_std && pattern.contains(&"std") {
            continue;
        }
        for at in source.tokens.find(pattern) {
            let place = source.at(source.tokens.list[at].first);
            violations.push(format!(
                "{place}: `{}`: privileged crates use no heap, take the storage from the caller",
                pattern.join(" ").replace(" : :", "::")
            ));
        }
    }
    violations
}

/// Lints that the workspace has to deny so that a panic cannot be written by accident.
const DENIED: &[&str] = &[
    "unwrap_used",
    "expect_used",
    "panic",
    "indexing_slicing",
    "arithmetic_side_effects",
    "undocumented_unsafe_blocks",
];

/// The workspace's manifest denies them.
pub(crate) fn check_workspace_lints(manifest: &toml::Table) -> Vec<String> {
    let lints =
        manifest.get("workspace").and_then(|w| w.get("lints")).and_then(|l| l.get("clippy"));
    let missing = DENIED.iter().filter(|lint| {
        let level = lints.and_then(|l| l.get(**lint)).and_then(|v| v.as_str());
        !matches!(level, Some("deny" | "forbid"))
    });
    missing
        .map(|lint| format!("Cargo.toml: clippy::{lint} is not denied for the workspace: add it to [workspace.lints.clippy]"))
        .collect()
}

/// The crate's manifest takes them over.
pub(crate) fn check_crate_lints(name: &str, manifest: &toml::Table) -> Vec<String> {
    let inherited =
        manifest.get("lints").and_then(|l| l.get("workspace")).and_then(toml::Value::as_bool);
    if inherited == Some(true) {
        return Vec::new();
    }
    vec![format!("{name}: its manifest does not say `[lints] workspace = true`: add it")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn source(path: &str, text: &str) -> Source {
        Source::rust(Path::new(path), text).unwrap()
    }

    fn root(name: &str, file: &str, text: &str) -> Vec<String> {
        let source = source(&format!("crates/{name}/src/{file}"), text);
        check_root(name, root_kind(&source).unwrap(), &source)
    }

    #[test]
    fn good_roots_pass() {
        for (name, file, text) in [
            ("snap-path", "lib.rs", "#![no_std]\n#![forbid(unsafe_code)]"),
            ("snap-start", "lib.rs", "#![no_std]\n#![deny(unsafe_code)]"),
            (
                "snap-update-ns",
                "main.rs",
                "#![cfg_attr(not(feature = \"hosted\"), no_std, no_main)]\n#![deny(unsafe_code)]",
            ),
        ] {
            assert_eq!(root(name, file, text), [""; 0], "{text}");
        }
    }

    #[test]
    fn bad_roots_are_reported() {
        for (name, file, text) in [
            ("snap-path", "lib.rs", "#![no_std]\n#![deny(unsafe_code)]"),
            ("snap-path", "lib.rs", "#![no_std]\n// #![forbid(unsafe_code)]"),
            ("snap-path", "lib.rs", "#![forbid(unsafe_code)]"),
            ("snap-path", "lib.rs", "#![cfg_attr(not(test), no_std)]\n#![forbid(unsafe_code)]"),
            ("snap-start", "lib.rs", "#![no_std]\n#![allow(unsafe_code)]"),
            ("snap-update-ns", "main.rs", "#![deny(unsafe_code)]"),
        ] {
            assert_eq!(root(name, file, text).len(), 1, "{text}");
        }
    }

    #[test]
    fn the_heap_is_reported() {
        for text in [
            "extern crate alloc;",
            "use alloc::vec::Vec;",
            "extern crate std;",
            "fn f() { let a = alloc::vec![1]; }",
        ] {
            assert_eq!(check_heap("snap-path", &source("c/src/a.rs", text)).len(), 1, "{text}");
        }
        assert_eq!(
            check_heap(
                "snap-path",
                &source("c/src/a.rs", "// alloc::vec\n#[cfg(test)] extern crate std;")
            ),
            [""; 0]
        );
    }

    #[test]
    fn missing_lints_are_reported() {
        let all = "[workspace.lints.clippy]\nunwrap_used = 'deny'\nexpect_used = 'deny'\npanic = 'deny'\nindexing_slicing = 'deny'\narithmetic_side_effects = 'deny'\nundocumented_unsafe_blocks = 'deny'\n";
        assert_eq!(check_workspace_lints(&all.parse().unwrap()), [""; 0]);
        let weak = all.replace("panic = 'deny'", "panic = 'warn'");
        assert_eq!(check_workspace_lints(&weak.parse().unwrap()).len(), 1);
        let ours = "[lints]\nworkspace = true\n".parse().unwrap();
        assert_eq!(check_crate_lints("c", &ours), [""; 0]);
        assert_eq!(check_crate_lints("c", &toml::Table::new()).len(), 1);
    }
}
