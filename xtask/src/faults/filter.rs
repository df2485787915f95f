//! Which system calls stop: a seccomp filter, so that the others run at full speed, and those that
//! do stop, stop once.

use std::io;

use nix::libc::{self, c_ulong, sock_filter, sock_fprog};
use serde::{Deserialize, Serialize};

use super::table::{CALLS, OPENAT};

/// The calls that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) enum Which {
    Every,
    /// Those that change mounts or files.
    Changing,
}

/// Where `struct seccomp_data` has the number of the call, and the lower half of its third
/// argument.
const NUMBER: u32 = 0;
const THIRD: u32 = 32;

/// For this process and what it executes: every call of these stops for its tracer.
///
/// Needs `CAP_SYS_ADMIN`.
pub(super) fn install(which: Which) -> io::Result<()> {
    let mut program = match which {
        Which::Every => vec![stop()],
        Which::Changing => changing(),
    };
    let program = sock_fprog {
        len: u16::try_from(program.len()).map_err(io::Error::other)?,
        filter: program.as_mut_ptr(),
    };
    let mode = c_ulong::from(libc::SECCOMP_MODE_FILTER);
    // SAFETY: the kernel copies the instructions, which live until the call returns.
    match unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const program) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn changing() -> Vec<sock_filter> {
    let mut program = vec![load(NUMBER)];
    for row in CALLS.iter().filter(|row| row.changes && row.number != OPENAT) {
        program.extend([skip_unless(libc::BPF_JEQ, row.number, 1), stop()]);
    }
    let create = libc::O_CREAT.cast_unsigned().into();
    program.extend([skip_unless(libc::BPF_JEQ, OPENAT, 3), load(THIRD)]);
    program.extend([skip_unless(libc::BPF_JSET, create, 1), stop()]);
    program.push(finish(libc::SECCOMP_RET_ALLOW));
    program
}

fn load(offset: u32) -> sock_filter {
    instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, offset)
}

/// Leaves out the next `many` instructions unless the loaded word is as `test` says.
fn skip_unless(test: u32, value: u64, many: u8) -> sock_filter {
    // Numbers of calls and flags are small.
    let value = u32::try_from(value).unwrap_or(u32::MAX);
    instruction(libc::BPF_JMP | test | libc::BPF_K, many, value)
}

fn stop() -> sock_filter {
    finish(libc::SECCOMP_RET_TRACE)
}

fn finish(how: u32) -> sock_filter {
    instruction(libc::BPF_RET | libc::BPF_K, 0, how)
}

fn instruction(code: u32, skipped_unless: u8, k: u32) -> sock_filter {
    // All codes of classic BPF fit into a byte.
    sock_filter { code: code as u16, jt: 0, jf: skipped_unless, k }
}
