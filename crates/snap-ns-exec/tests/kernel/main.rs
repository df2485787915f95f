//! The executor on a real kernel: every test once for each resolver, each time in a process and
//! mount namespace of its own.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "tests may count")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may expect")]

/// Declares tests `openat2::NAME` and `emulated::NAME` for functions that take a `Bed`; those behind
/// `root` need abilities that nobody has in a user namespace, those behind `known` fail today.
macro_rules! both {
    ($($test:ident)* $(; root $($root:ident)*)? $(; known $($known:ident)*)?) => {
        both!(@ openat2 OpenAt2 $($test)* ; $($($root)*)? ; $($($known)*)?);
        both!(@ emulated Emulated $($test)* ; $($($root)*)? ; $($($known)*)?);
    };
    (@ $module:ident $resolver:ident $($test:ident)* ; $($root:ident)* ; $($known:ident)*) => {
        mod $module {
            $(#[test]
            fn $test() -> anyhow::Result<()> {
                let name = concat!(module_path!(), "::", stringify!($test));
                crate::bed::run(name, snap_ns_exec::Resolver::$resolver, super::$test)
            })*
            $(#[test]
            fn $root() -> anyhow::Result<()> {
                let name = concat!(module_path!(), "::", stringify!($root));
                crate::bed::run_as_root(name, snap_ns_exec::Resolver::$resolver, super::$root)
            })*
            $(#[test]
            #[ignore = "known to fail: see the test's own words"]
            fn $known() -> anyhow::Result<()> {
                let name = concat!(module_path!(), "::", stringify!($known));
                crate::bed::run(name, snap_ns_exec::Resolver::$resolver, super::$known)
            })*
        }
    };
}

mod bed;
mod caches;
mod create;
mod exhaustion;
mod look;
mod mimic;
mod mount;
mod state;
mod target;
mod undo;
