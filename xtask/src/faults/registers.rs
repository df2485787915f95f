//! The registers of a program that stands at the entry of a system call (syscall(2)).

use nix::errno::Errno;
use nix::unistd::Pid;

/// A system call that is about to be made.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) number: u64,
    pub(super) arguments: [u64; 6],
}

/// Whether this machine's registers are known here.
pub(super) const KNOWN: bool = cfg!(target_arch = "x86_64");

/// The call that `pid` stands at.
#[cfg(target_arch = "x86_64")]
pub(super) fn entry(pid: Pid) -> nix::Result<Entry> {
    let registers = nix::sys::ptrace::getregs(pid)?;
    Ok(Entry {
        number: registers.orig_rax,
        arguments: [
            registers.rdi,
            registers.rsi,
            registers.rdx,
            registers.r10,
            registers.r8,
            registers.r9,
        ],
    })
}

/// Lets the call that `pid` stands at fail without being made: there is no call -1, and seccomp's
/// tracer says what came of it (seccomp(2), `SECCOMP_RET_TRACE`).
#[cfg(target_arch = "x86_64")]
pub(super) fn refuse(pid: Pid, error: Errno) -> nix::Result<()> {
    let mut registers = nix::sys::ptrace::getregs(pid)?;
    registers.orig_rax = u64::MAX;
    registers.rax = i64::from(error as i32).wrapping_neg().cast_unsigned();
    nix::sys::ptrace::setregs(pid, registers)
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn entry(_pid: Pid) -> nix::Result<Entry> {
    Err(Errno::ENOTSUP)
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn refuse(_pid: Pid, _error: Errno) -> nix::Result<()> {
    Err(Errno::ENOTSUP)
}
