//! The binary: gives the library its buffers, its arguments and two environment variables.
//!
//! On x86_64 it is freestanding (see `snap_start`); everywhere else, and with the feature `hosted`,
//! it is the same program on std. `build.rs` decides which.
#![cfg_attr(freestanding, no_std, no_main)]
#![deny(unsafe_code)]

use snap_start::{Process, Storage};
use snap_update_ns::{Invocation, Workspace};

static WORKSPACE: Storage<Workspace> = Storage::new(Workspace::new());

/// The whole program.
fn program(process: Process) -> u8 {
    // There is one workspace and one call of this function; a second would find it taken.
    let Some(workspace) = WORKSPACE.take() else {
        return 1;
    };
    let invocation = Invocation {
        debug: process.env(b"SNAPD_DEBUG"),
        real_home: process.env(b"SNAP_REAL_HOME"),
        hold_signals: snap_start::hold_signals,
        output: snap_start::standard_output(),
        error: snap_start::standard_error(),
        // Takes the environment away, too.
        args: process.into_args(),
    };
    snap_update_ns::run(invocation, workspace)
}

/// What the start code calls.
#[cfg(freestanding)]
// SAFETY: no other function in the program has this name, and its type is what snap-start declares.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
fn snap_start_program(process: Process) -> u8 {
    program(process)
}

#[cfg(not(freestanding))]
fn main() -> std::process::ExitCode {
    snap_start::hosted::start(program)
}
