//! Peak memory and system calls, by ptrace, in calls of their own that are not timed.
//!
//! `ru_maxrss` is no use here: a child starts with its parent's figure. `VmHWM` belongs to the
//! address space that exec made, and is read while the program stands at its exit stop.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result};
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// What to look at; counting slows every call, and a slowed Go program starts more threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    /// Only the exit of the program, for its memory.
    Memory,
    /// Every entry into the kernel of every thread.
    Calls,
}

/// What was seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) peak_rss_kib: u64,
    pub(crate) syscalls: u64,
}

/// Runs `command` to its end under ptrace.
pub(crate) fn run(command: &mut Command, watch: Watch) -> Result<(ExitStatus, Seen)> {
    // SAFETY: the closure runs in the forked child before exec and makes one system call.
    unsafe { command.pre_exec(|| ptrace::traceme().map_err(io::Error::from)) };
    let child = command.spawn().context("spawn")?;
    let leader = Pid::from_raw(i32::try_from(child.id())?);
    waitpid(leader, None).context("wait for exec")?;
    let mut options = Options::PTRACE_O_TRACEEXIT | Options::PTRACE_O_EXITKILL;
    if watch == Watch::Calls {
        options |= Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_TRACEFORK
            | Options::PTRACE_O_TRACEVFORK;
    }
    ptrace::setoptions(leader, options).context("PTRACE_SETOPTIONS")?;
    // The exec itself happened before there was anything to count; strace counts it too.
    let mut seen = Seen { peak_rss_kib: 0, syscalls: 1 };
    let mut known = BTreeSet::from([leader]);
    resume(leader, watch, None)?;
    loop {
        let status = waitpid(None, Some(WaitPidFlag::__WALL)).context("waitpid")?;
        match status {
            WaitStatus::Exited(pid, code) if pid == leader => {
                return Ok((ExitStatus::from_raw(code << 8), seen));
            }
            WaitStatus::Signaled(pid, signal, _) if pid == leader => {
                return Ok((ExitStatus::from_raw(signal as i32), seen));
            }
            WaitStatus::PtraceEvent(pid, _, event) => {
                if event == libc::PTRACE_EVENT_EXIT && pid == leader {
                    seen.peak_rss_kib = peak_rss_kib(pid)?;
                }
                resume(pid, watch, None)?;
            }
            WaitStatus::PtraceSyscall(pid) => {
                match ptrace::syscall_info(pid) {
                    Ok(info) if info.op == libc::PTRACE_SYSCALL_INFO_ENTRY => seen.syscalls += 1,
                    // A thread that another one's exit_group killed while it stood here.
                    Ok(_) | Err(nix::Error::ESRCH) => {}
                    Err(error) => return Err(error).context("PTRACE_GET_SYSCALL_INFO"),
                }
                resume(pid, watch, None)?;
            }
            // A new thread's first stop is the tracer's; every later signal is the program's.
            WaitStatus::Stopped(pid, Signal::SIGSTOP) if known.insert(pid) => {
                resume(pid, watch, None)?;
            }
            WaitStatus::Stopped(pid, signal) => resume(pid, watch, Some(signal))?,
            WaitStatus::Exited(..)
            | WaitStatus::Signaled(..)
            | WaitStatus::Continued(_)
            | WaitStatus::StillAlive => {}
        }
    }
}

/// Lets `pid` go on; a thread that was killed meanwhile (by exit_group) is no error.
fn resume(pid: Pid, watch: Watch, signal: Option<Signal>) -> Result<()> {
    let done = match watch {
        Watch::Memory => ptrace::cont(pid, signal),
        Watch::Calls => ptrace::syscall(pid, signal),
    };
    match done {
        Err(nix::Error::ESRCH) => Ok(()),
        other => other.context("resume"),
    }
}

fn peak_rss_kib(pid: Pid) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("status")?;
    let line =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM at exit")?;
    let kib = line.trim().trim_end_matches("kB").trim();
    kib.parse().context("VmHWM")
}
