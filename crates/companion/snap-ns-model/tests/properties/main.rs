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
mod recorded;
mod run;
mod truth;

use std::cell::RefCell;

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use snap_ns_model::history::{History, Kind, generate, generate_realistic, lines, shrink};

/// What came of checking one history.
pub(crate) enum Checked {
    /// What the property is about happened in it.
    Told,
    /// It did not happen.
    Silent,
    /// It cannot be judged.
    Skipped,
}

/// How many there are of each.
#[derive(Default)]
struct Counts {
    told: u32,
    silent: u32,
    skipped: u32,
}

/// Checks a property on many histories, always the same ones: the tangled ones, and three realistic ones
/// for each ten of those. At least one in `share` of the tangled ones must have told something; of the
/// realistic ones at most one in a hundred may be skipped. Seeds in `known` (tangled ones) fail, as
/// docs/audit.md says; one that does not any more has to go from there.
pub(crate) fn for_histories(
    name: &str,
    share: u32,
    known: &[u64],
    check: impl Fn(&History) -> Result<Checked, String>,
) {
    for seed in known {
        assert!(check(&generate(*seed)).is_err(), "{name}: {seed} does not fail any more");
    }
    all_recorded(name, &check);
    let number = |variable: &str, or| {
        std::env::var(variable).map_or(or, |text| text.parse::<u32>().unwrap())
    };
    let cases = number("PROPTEST_CASES", 100);
    // For histories that nobody looked at yet.
    let first = u8::try_from(number("HISTORIES_SEED", 7)).unwrap();
    let tangled = for_each(name, cases, first, generate, known, &check);
    let realistic = for_each(name, cases * 3 / 10, first, generate_realistic, &[], &check);
    let Counts { told, silent, skipped } = tangled;
    let all = told + silent + skipped;
    assert!(told * share >= all, "{name}: only {told} of {all} histories had something to tell");
    let Counts { told, silent, skipped } = realistic;
    let all = told + silent + skipped;
    println!("{name}: {told} of {all} realistic histories told something, {skipped} were skipped");
    assert!(skipped * 100 <= all, "{name}: {skipped} of {all} realistic histories were skipped");
}

/// What snapd wrote fails nothing.
fn all_recorded(name: &str, check: &impl Fn(&History) -> Result<Checked, String>) {
    for history in recorded::histories() {
        if let Err(why) = check(&history) {
            panic!("{name}: what snapd wrote for {}: {why}", history.instance);
        }
    }
}

fn for_each(
    name: &str,
    cases: u32,
    seed: u8,
    generate: fn(u64) -> History,
    known: &[u64],
    check: &impl Fn(&History) -> Result<Checked, String>,
) -> Counts {
    let counts = RefCell::new(Counts::default());
    let failing = RefCell::new(Vec::new());
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let outcome = runner.run(&any::<u64>().no_shrink(), |seed| {
        let mut counts = counts.borrow_mut();
        match check(&generate(seed)) {
            Ok(Checked::Told) => counts.told += 1,
            Ok(Checked::Silent) => counts.silent += 1,
            Ok(Checked::Skipped) => counts.skipped += 1,
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
        let mut text =
            format!("{why}\n# world, root {:?}\n{}", smallest.root, lines(&smallest.world));
        for step in &smallest.steps {
            text += &format!("# before\n{}", lines(&step.before));
            text += &format!("# profile of {}\n{}", smallest.instance, lines(&step.profile));
        }
        let kind = if smallest.steps.iter().any(|step| step.kind == Kind::Tangled) {
            "tangled"
        } else {
            "realistic"
        };
        let seeds: Vec<u64> = failing.iter().map(|(seed, _)| *seed).collect();
        let many = seeds.len();
        panic!("{name}: {many} {kind} ones, {seeds:?}, fail; the first one, made smaller: {text}");
    }
    counts.into_inner()
}
