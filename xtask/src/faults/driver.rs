//! Running a program, and stopping it at one of its system calls: to note it, to let it fail, to
//! kill the program there.

use std::convert::Infallible;
use std::ffi::{CString, c_int};
use std::fs::File;
use std::io;

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, raise, sigaction};
use nix::sys::stat::{Mode, umask};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{
    ForkResult, Pid, alarm, chdir, dup2_stderr, dup2_stdin, dup2_stdout, fexecve, fork,
};
use serde::{Deserialize, Serialize};

use super::call::Call;
use super::filter::{self, Which};
use super::registers;
use crate::conformance::caller::{memory_file, written};

/// Seconds; far more than any run needs. The freezer gives up after 3.
const PATIENCE: u32 = 20;

/// What our side of the fork ends with when the program could not be executed.
const NOT_EXECUTED: c_int = 127;

/// A program and how it is called.
pub(super) struct Start<'p> {
    pub(super) program: &'p File,
    pub(super) arguments: Vec<CString>,
    pub(super) environment: Vec<CString>,
    pub(super) mask: u32,
    /// What else happens in the new process before the program is executed.
    pub(super) prepare: fn() -> io::Result<()>,
}

/// What happens at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) enum Fault {
    /// The process is killed; the call is not made.
    Kill,
    /// The call is not made and fails with this number.
    Error(i32),
}

/// What is done with a run.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(super) enum Watch {
    /// Nothing: it is undisturbed.
    Nothing,
    /// All its calls are noted.
    Record(Which),
    /// At the call with this number, the first is 0.
    Fault { which: Which, at: usize, fault: Fault },
}

/// How a run went.
pub(super) struct Run {
    pub(super) exit: String,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    /// What was noted; where a fault was to be, the call that it came to.
    pub(super) calls: Vec<Call>,
}

/// Lets an alarm end a wait. Once, in a process that calls [`run`].
pub(super) fn set_up() -> Result<()> {
    extern "C" fn nothing(_: c_int) {}
    let action = SigAction::new(SigHandler::Handler(nothing), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGALRM, &action) }.context("SIGALRM")?;
    Ok(())
}

/// Runs the program to its end.
pub(super) fn run(start: &Start<'_>, watch: Watch) -> Result<Run> {
    let (stdout, stderr) = (memory_file("stdout")?, memory_file("stderr")?);
    let nothing = File::open("/dev/null")?;
    // SAFETY: this process has one thread, so its child may do what it can.
    let child = match unsafe { fork() }.context("fork")? {
        ForkResult::Parent { child } => child,
        ForkResult::Child => become_program(start, watch, &nothing, &stdout, &stderr),
    };
    alarm::set(PATIENCE);
    let ended = match watch {
        Watch::Nothing => wait(child),
        Watch::Record(_) | Watch::Fault { .. } => follow(child, watch),
    };
    alarm::cancel();
    let (exit, calls) = ended?;
    Ok(Run { exit, stdout: written(stdout)?, stderr: written(stderr)?, calls })
}

fn become_program(
    start: &Start<'_>,
    watch: Watch,
    stdin: &File,
    stdout: &File,
    stderr: &File,
) -> ! {
    let become_it = || -> io::Result<Infallible> {
        dup2_stdin(stdin)?;
        dup2_stdout(stdout)?;
        dup2_stderr(stderr)?;
        // Rust's start code ignores it, and a program would inherit that.
        // SAFETY: no handler is installed.
        unsafe { nix::sys::signal::signal(Signal::SIGPIPE, SigHandler::SigDfl) }?;
        umask(Mode::from_bits_truncate(start.mask));
        chdir("/")?;
        (start.prepare)()?;
        if let Watch::Record(which) | Watch::Fault { which, .. } = watch {
            ptrace::traceme()?;
            raise(Signal::SIGSTOP)?;
            filter::install(which)?;
        }
        Ok(fexecve(start.program, &start.arguments, &start.environment)?)
    };
    // Heard as what the program said.
    let Err(error) = become_it();
    eprintln!("not executed: {error}");
    // SAFETY: ends this process without running what belongs to its parent.
    unsafe { libc::_exit(NOT_EXECUTED) }
}

fn wait(child: Pid) -> Result<(String, Vec<Call>)> {
    let mut hung = false;
    loop {
        match waitpid(child, None) {
            Ok(status) => {
                if let Some(exit) = ended(status) {
                    return Ok((said(exit, hung), vec![]));
                }
            }
            Err(Errno::EINTR) => hung = give_up(child),
            Err(error) => return Err(error).context("waitpid"),
        }
    }
}

fn give_up(child: Pid) -> bool {
    // It may have ended this very moment.
    let _ = kill(child, Signal::SIGKILL);
    true
}

fn said(exit: String, hung: bool) -> String {
    if hung { format!("killed after {PATIENCE} s") } else { exit }
}

/// How a process ended, if that is what `status` says.
fn ended(status: WaitStatus) -> Option<String> {
    match status {
        WaitStatus::Exited(_, code) => Some(code.to_string()),
        WaitStatus::Signaled(_, signal, _) => Some(format!("signal {}", signal as i32)),
        WaitStatus::Stopped(..)
        | WaitStatus::PtraceEvent(..)
        | WaitStatus::PtraceSyscall(_)
        | WaitStatus::Continued(_)
        | WaitStatus::StillAlive => None,
    }
}

/// Follows `child` and all its threads.
fn follow(child: Pid, watch: Watch) -> Result<(String, Vec<Call>)> {
    let status = waitpid(child, Some(WaitPidFlag::WUNTRACED)).context("wait for the start")?;
    let WaitStatus::Stopped(_, Signal::SIGSTOP) = status else {
        bail!("the program was not started: {status:?}");
    };
    let options = Options::PTRACE_O_TRACESECCOMP
        | Options::PTRACE_O_EXITKILL
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK;
    ptrace::setoptions(child, options).context("PTRACE_SETOPTIONS")?;
    resume(child, None)?;
    let mut known = vec![child];
    let mut calls = Vec::new();
    let mut passed = 0_usize;
    let mut hung = false;
    loop {
        let status = match waitpid(None, Some(WaitPidFlag::__WALL)) {
            Ok(status) => status,
            Err(Errno::EINTR) => {
                hung = give_up(child);
                continue;
            }
            Err(error) => return Err(error).context("waitpid"),
        };
        match status {
            WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, ..) => {
                if let Some(exit) = ended(status).filter(|_| pid == child) {
                    return Ok((said(exit, hung), calls));
                }
            }
            WaitStatus::PtraceEvent(pid, _, libc::PTRACE_EVENT_SECCOMP) => {
                match watch {
                    Watch::Record(_) => calls.extend(noted(pid)?),
                    Watch::Fault { at, fault, .. } if at == passed => {
                        calls.extend(noted(pid)?);
                        happen(child, pid, fault)?;
                    }
                    Watch::Fault { .. } | Watch::Nothing => {}
                }
                passed += 1;
                resume(pid, None)?;
            }
            WaitStatus::PtraceEvent(pid, ..) => resume(pid, None)?,
            // A new thread's first stop is the tracer's; every later signal is the program's.
            WaitStatus::Stopped(pid, Signal::SIGSTOP) if !known.contains(&pid) => {
                known.push(pid);
                resume(pid, None)?;
            }
            WaitStatus::Stopped(pid, signal) => resume(pid, Some(signal))?,
            WaitStatus::PtraceSyscall(_) | WaitStatus::Continued(_) | WaitStatus::StillAlive => {}
        }
    }
}

/// The call that `pid` stands at, unless another thread has just ended the program.
fn noted(pid: Pid) -> Result<Option<Call>> {
    match registers::entry(pid) {
        Ok(entry) => Ok(Some(Call::describe(pid, &entry))),
        Err(Errno::ESRCH) => Ok(None),
        Err(error) => Err(error).context("registers"),
    }
}

fn happen(child: Pid, thread: Pid, fault: Fault) -> Result<()> {
    let done = match fault {
        Fault::Kill => kill(child, Signal::SIGKILL),
        Fault::Error(number) => registers::refuse(thread, Errno::from_raw(number)),
    };
    match done {
        Err(Errno::ESRCH) => Ok(()),
        done => done.context("fault"),
    }
}

/// Lets `pid` go on; that it was killed meanwhile is no error.
fn resume(pid: Pid, signal: Option<Signal>) -> Result<()> {
    match ptrace::cont(pid, signal) {
        Err(Errno::ESRCH) => Ok(()),
        done => done.context("resume"),
    }
}

#[cfg(test)]
mod tests;
