//! The planner against a file system in memory.
#![allow(clippy::arithmetic_side_effects, reason = "tests may count")]

extern crate std;

mod changes;
mod claims;
mod data;
mod doubt;
mod dragging;
mod drive;
mod first_level;
mod history;
mod hosts;
mod journal;
mod limits;
mod links;
mod listed;
mod many;
mod mimics;
mod old_links;
mod others;
mod own;
mod perform;
mod plan;
mod remains;
mod replace;
mod run;
mod sources;
mod survey;
mod synthetic;
mod territory;
mod world;

/// A plan is many megabytes, which is more than a test's stack has.
fn big_stack<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(128 << 20);
        let joined = thread.spawn_scoped(scope, body).unwrap().join();
        joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
