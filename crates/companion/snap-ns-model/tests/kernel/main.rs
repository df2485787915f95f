//! The model against the kernel: the same random sequences on both, in one or two namespaces,
//! compared after every step.
//!
//! `SNAP_NS_MODEL_CASES` is the number of sequences, `SNAP_NS_MODEL_SEED` another seed.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "tests may count")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests may expect")]

mod action;
mod bench;
mod compare;
mod op;
mod real;
mod shot;
mod update;
mod worker;

use std::path::Path;

use anyhow::Result;
use proptest::collection::vec;
use proptest::strategy::BoxedStrategy;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use snap_ns_testbed::{World, run_test_isolated};

use crate::compare::compare;
use crate::op::Turn;

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Runs sequences of `turns` in a world of their own.
fn agree(name: &str, cases: u64, turns: fn() -> BoxedStrategy<Turn>) -> Result<()> {
    run_test_isolated(name, || {
        World::enter(Path::new("/tmp"))?.like_a_machine()?.like_snap_confine();
        std::thread::scope(|scope| {
            // Plans are larger than the usual stack.
            let thread = std::thread::Builder::new().stack_size(256 << 20);
            let joined = thread.spawn_scoped(scope, || agree_here(cases, turns()))?.join();
            joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })
}

fn agree_here(cases: u64, turns: BoxedStrategy<Turn>) -> Result<()> {
    let seed = from_environment("SNAP_NS_MODEL_SEED", 1);
    let cases = from_environment("SNAP_NS_MODEL_CASES", cases);
    let config = Config {
        cases: u32::try_from(cases)?,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    let sequence = (op::setup(), vec(turns, 1..24));
    let result = TestRunner::new(config).run(&sequence, |(setup, turns)| {
        compare(setup, &turns).map_err(proptest::test_runner::TestCaseError::fail)
    });
    match result {
        Ok(()) => Ok(()),
        Err(TestError::Fail(why, (setup, turns))) => {
            let turns: String = turns.iter().map(|turn| format!("  {turn:?}\n")).collect();
            anyhow::bail!("seed {seed}, {setup:?}:\n{turns}{}", why.message())
        }
        Err(other) => anyhow::bail!("seed {seed}: {other}"),
    }
}

/// Single system calls: trees, mounts, propagation, two namespaces.
#[test]
fn calls() -> Result<()> {
    agree("calls", 300, op::calls)
}

/// What the planner asks and tells, with some calls in between.
#[test]
fn actions() -> Result<()> {
    agree("actions", 200, op::actions)
}

/// Whole runs of the planner, with some calls in between.
#[test]
fn updates() -> Result<()> {
    agree("updates", 60, op::updates)
}
