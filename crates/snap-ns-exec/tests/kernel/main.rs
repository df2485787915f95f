//! The executor on a real kernel: every test once for each back end and each resolver, each time in a
//! process and mount namespace of its own.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "tests may count")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may expect")]

/// Declares a test for each of `bed::MEANS` (`classic::NAME`, `fd::NAME` and so on) for functions that
/// take a `Bed`; those behind `root` need abilities that nobody has in a user namespace, those behind
/// `known` fail today.
macro_rules! on_all {
    ($($test:ident)* $(; root $($root:ident)*)? $(; known $($known:ident)*)?) => {
        on_all!(@ classic CLASSIC $($test)* ; $($($root)*)? ; $($($known)*)?);
        on_all!(@ classic_emulated CLASSIC_EMULATED $($test)* ; $($($root)*)? ; $($($known)*)?);
        on_all!(@ fd FD $($test)* ; $($($root)*)? ; $($($known)*)?);
        on_all!(@ fd_emulated FD_EMULATED $($test)* ; $($($root)*)? ; $($($known)*)?);
        on_all!(@ fd_staged FD_STAGED $($test)* ; $($($root)*)? ; $($($known)*)?);
    };
    (@ $module:ident $means:ident $($test:ident)* ; $($root:ident)* ; $($known:ident)*) => {
        mod $module {
            $(#[test]
            fn $test() -> anyhow::Result<()> {
                let name = concat!(module_path!(), "::", stringify!($test));
                crate::bed::run(name, crate::bed::$means, super::$test)
            })*
            $(#[test]
            fn $root() -> anyhow::Result<()> {
                let name = concat!(module_path!(), "::", stringify!($root));
                crate::bed::run_as_root(name, crate::bed::$means, super::$root)
            })*
            $(#[test]
            #[ignore = "known to fail: see the test's own words"]
            fn $known() -> anyhow::Result<()> {
                let name = concat!(module_path!(), "::", stringify!($known));
                crate::bed::run(name, crate::bed::$means, super::$known)
            })*
        }
    };
}

mod aside;
mod bed;
mod beneath;
mod caches;
mod create;
mod exhaustion;
mod gone;
mod look;
mod mimic;
mod mount;
mod refused;
mod replace;
mod state;
mod target;
mod undo;
