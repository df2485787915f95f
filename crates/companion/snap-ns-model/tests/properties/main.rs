//! What holds for every plan, whatever the profiles: checked on the model, on random histories.
//!
//! `PROPTEST_CASES=10000 cargo test --release -p snap-ns-model --test properties` is what CI runs. The
//! histories are always the same; a failing one is made smaller and printed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    reason = "a test may fail in any way"
)]

mod failure;
mod machine;
mod names;
mod order;
mod paths;
mod plan;
mod run;
mod truth;

use std::cell::{Cell, RefCell};

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use snap_ns_model::history::{History, generate, lines, shrink};

/// What came of checking one history.
pub(crate) enum Checked {
    /// What the property is about happened in it.
    Told,
    /// It did not happen.
    Silent,
}

/// Checks a property on many histories, always the same ones. At least one in `share` must have told
/// something. Seeds in `known` fail, as docs/audit.md says; one that does not any more has to go from
/// there.
pub(crate) fn for_histories(
    name: &str,
    share: u32,
    known: &[u64],
    check: impl Fn(&History) -> Result<Checked, String>,
) {
    for seed in known {
        assert!(check(&generate(*seed)).is_err(), "{name}: {seed} does not fail any more");
    }
    let (told, all) = (Cell::new(0), Cell::new(0));
    let failing = RefCell::new(Vec::new());
    let cases = std::env::var("PROPTEST_CASES").map_or(100, |cases| cases.parse().unwrap());
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let outcome = runner.run(&any::<u64>().no_shrink(), |seed| {
        all.set(all.get() + 1);
        match check(&generate(seed)) {
            Ok(Checked::Told) => told.set(told.get() + 1),
            Ok(Checked::Silent) => {}
            Err(why) if !known.contains(&seed) => failing.borrow_mut().push((seed, why)),
            Err(_) => {}
        }
        Ok(())
    });
    outcome.unwrap();
    let failing = failing.into_inner();
    if let Some((seed, first)) = failing.first() {
        let smallest = shrink(&generate(*seed), |smaller| check(smaller).is_err());
        let why = check(&smallest).err().unwrap_or_else(|| first.clone());
        let mut text = format!("{why}\n# world\n{}", lines(&smallest.world));
        for profile in &smallest.profiles {
            text += &format!("# profile of {}\n{}", smallest.instance, lines(profile));
        }
        let seeds: Vec<u64> = failing.iter().map(|(seed, _)| *seed).collect();
        panic!("{name}: {seeds:?} fail; the first one, made smaller: {text}");
    }
    let (told, all) = (told.get(), all.get());
    assert!(told * share >= all, "{name}: only {told} of {all} histories had something to tell");
}
