//! The corpora: files that compile, each with its profile beside it, and broken ones, each with its
//! diagnostics. `UPDATE_SNAPSHOTS=1` writes what is beside them, except where `CI` is set.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod case;
mod snapshot;

use std::collections::BTreeSet;

use case::Case;
use snap_layout::{Rule, compile};
use snapshot::Snapshots;

/// How many files there are at least.
const GOOD: usize = 40;
const BROKEN: usize = 80;

#[test]
fn good_files_give_their_profile() {
    let cases = Case::all("good", GOOD);
    let mut snapshots = Snapshots::new("good", &["fstab", "notes"]);
    for case in &cases {
        let compiled = case.compile();
        let notes = said(&compiled.diagnostics);
        let profile = compiled.profile.unwrap_or_else(|| panic!("{}:\n{notes}", case.name));
        let profile = String::from_utf8(profile).expect("UTF-8");
        snapshots.check(&case.name, "fstab", Some(&profile));
        // Most files have none.
        snapshots.check(
            &case.name,
            "notes",
            Some(notes.as_str()).filter(|notes| !notes.is_empty()),
        );
    }
    snapshots.finish();
}

#[test]
fn broken_files_give_their_diagnostics() {
    let cases = Case::all("broken", BROKEN);
    let mut snapshots = Snapshots::new("broken", &["diagnostics"]);
    let mut hit = BTreeSet::new();
    for case in &cases {
        let compiled = case.compile();
        assert!(compiled.profile.is_none(), "{} compiles", case.name);
        hit.extend(compiled.diagnostics.iter().map(|found| found.rule));
        snapshots.check(&case.name, "diagnostics", Some(&said(&compiled.diagnostics)));
    }
    snapshots.finish();
    let missed: Vec<&Rule> = Rule::ALL.iter().filter(|rule| !hit.contains(rule)).collect();
    assert!(missed.is_empty(), "no broken file for {missed:?}");
}

/// The order of declarations is not to be seen in the profile, and a second run gives the same.
#[test]
fn the_profile_is_stable() {
    for case in Case::all("good", GOOD) {
        let turned = case.with_declarations_turned_round();
        let (once, again) = (case.compile().profile, case.compile().profile);
        assert_eq!(once, again, "{}", case.name);
        assert_eq!(once, turned.compile().profile, "{} turned round", case.name);
    }
}

fn said(diagnostics: &snap_layout::Diagnostics) -> String {
    diagnostics.iter().map(|found| format!("{found}\n")).collect()
}

impl Case {
    fn compile(&self) -> snap_layout::Compiled {
        compile(&self.request())
    }
}
