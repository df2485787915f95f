//! The architecture's own: the last instruction, the memory functions, and where the program begins.
#![allow(unsafe_code)] // Assembly counts as such.

use core::arch::global_asm;

use super::elf::FileHeader;

// The memory functions take the names that compiled code calls. (The tests, which run on a libc
// that has those names, give them a prefix.)
// SAFETY: nothing else in a program without a libc has these names. The functions keep to the System
// V calling convention and to what C says of their arguments; tests/memory.rs tries them.
global_asm!(
    ".macro function name",
    ".globl \\name",
    ".hidden \\name",
    ".type \\name, @function",
    "\\name:",
    ".endm",
    include_str!("x86_64/memory.s"),
);

// SAFETY: `snap_start_exit` is in start.s, takes a number and does not come back;
// `snap_start_hold_signals` is there, too, takes nothing and returns nothing. The linker defines
// `__ehdr_start` as the address of the file header in memory, which is constant.
unsafe extern "C" {
    safe fn snap_start_exit(status: u32) -> !;
    safe fn snap_start_hold_signals();
    /// Where this program begins in memory.
    pub(super) safe static __ehdr_start: FileHeader;
}

/// Keeps signals from ending or stopping the process from now on, those of a timer or a limit that it
/// inherited included. What has begun is brought to its end, which takes milliseconds, and the exit
/// status says how it went. (SIGPIPE is ignored from the start, and SIGKILL and SIGSTOP cannot be held off.)
pub fn hold_signals() {
    snap_start_hold_signals();
}

/// Ends the process.
pub(super) fn exit(status: u32) -> ! {
    snap_start_exit(status)
}
