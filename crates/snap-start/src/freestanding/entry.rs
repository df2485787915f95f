//! From the assembly to the program: everything that must have happened before it runs.

use core::fmt::Write;
use core::panic::PanicInfo;

use rustix::fs::Mode;

use super::process::Process;
use super::{closed_streams, relro, x86_64};
use crate::panic_line::PanicLine;
use crate::streams::StandardOutput;

#[allow(unsafe_code)]
// SAFETY: the binary defines exactly this function; with another signature it would not be the
// program that this crate's documentation asks for.
unsafe extern "Rust" {
    safe fn snap_start_program(process: Process) -> u8;
}

/// Called by `_start`, once, relocated, on the initial stack. Returns the exit status.
///
/// Whatever fails here fails before the program could say anything, possibly for want of a standard
/// output: the exit status is all there is.
pub(super) extern "C" fn enter(process: Process) -> u32 {
    if relro::protect().is_err() || closed_streams::open_closed().is_err() {
        return 1;
    }
    rustix::process::umask(Mode::empty());
    u32::from(snap_start_program(process))
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    // The process ends here: there is nobody left to tell that this failed too.
    let _ = write!(StandardOutput, "{}", PanicLine(info.location()));
    x86_64::exit(1)
}
