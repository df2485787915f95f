//! What holds for every plan, whatever the profiles: checked on the model, on random histories.
//!
//! `PROPTEST_CASES=10000 cargo test --release -p snap-ns-model --test properties` is what CI runs. A
//! failing history is made smaller and printed; its seed is kept in `proptest-regressions` and
//! tried first from then on.
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

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use snap_ns_model::history::{History, generate, lines, shrink};

/// What came of checking one history.
pub(crate) enum Checked {
    /// What the property is about happened in it.
    Told,
    /// It did not happen.
    Silent,
}

/// Checks a property on many histories. At least one in `share` must have told something.
pub(crate) fn for_histories(
    name: &str,
    share: u32,
    check: fn(&History) -> Result<Checked, String>,
) {
    let (told, all) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let file: &'static str = Box::leak(format!("proptest-regressions/{name}.txt").into_boxed_str());
    let config = ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))),
        ..ProptestConfig::with_cases(ProptestConfig::default().cases.min(cases()))
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let outcome = runner.run(&any::<u64>().no_shrink(), |seed| {
        let history = generate(seed);
        all.set(all.get() + 1);
        match check(&history) {
            Ok(Checked::Told) => told.set(told.get() + 1),
            Ok(Checked::Silent) => {}
            Err(first) => {
                let smallest = shrink(&history, |smaller| check(smaller).is_err());
                let why = check(&smallest).err().unwrap_or(first);
                let mut text = format!("{why}\n# world\n{}", lines(&smallest.world));
                for profile in &smallest.profiles {
                    text += &format!("# profile of {}\n{}", smallest.instance, lines(profile));
                }
                return Err(TestCaseError::fail(text));
            }
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{name}: {error}");
    }
    let (told, all) = (told.get(), all.get());
    assert!(told * share >= all, "{name}: only {told} of {all} histories had something to tell");
}

/// As many cases as the environment asks for; few by default, for a quick `cargo test`.
fn cases() -> u32 {
    if std::env::var_os("PROPTEST_CASES").is_some() { u32::MAX } else { 100 }
}
