//! The program, on top of whatever starts it.
//!
//! *For*: composing the crates below: arguments, privileges, joining, lock, profiles, plan, freezer,
//! execution, and the profile that is saved; and for making sentences of what went wrong.
//! *Terms*: a *notice* is told on standard error and changes nothing; *the log* is what
//! `SNAPD_DEBUG=1` or an existing log file asks for.
//! *Guarantees*: the order of contract section 2, but that nothing is frozen before there is
//! something to do; one line on standard output if and only if the exit status is 1; on every way
//! out, what was frozen is thawed and what stands is saved. A process that is killed does neither: the
//! next run finds its journal in the place of the current profile, and does it.
//! *Does not*: touch the environment, parse profiles, or make system calls of its own but write(2).
#![no_std]
#![forbid(unsafe_code)]

mod arguments;
mod change;
mod errno;
mod error;
mod help;
mod host_sentences;
mod journal;
mod log;
mod output;
mod reasons;
mod report;
mod sentences;
mod system;
mod user;
mod workspace;

pub use workspace::Workspace;

use arguments::{Arguments, Caller, Scope};
use error::Error;
use log::Log;
use output::{Output, Patience};
use rustix::fd::BorrowedFd;
use snap_session::{Joined, check_capabilities, check_stack, is_preserved, join, lock};
use workspace::Buffers;

/// What the program gets from the outside, once.
#[derive(Debug)]
pub struct Invocation<I> {
    /// The arguments, `argv[0]` first.
    pub args: I,
    /// `SNAPD_DEBUG`.
    pub debug: Option<&'static [u8]>,
    /// `SNAP_REAL_HOME`.
    pub real_home: Option<&'static [u8]>,
    /// Keeps signals from ending the process, from then on.
    pub hold_signals: fn(),
    /// Standard output.
    pub output: BorrowedFd<'static>,
    /// Standard error.
    pub error: BorrowedFd<'static>,
}

/// Runs the program; the exit status.
pub fn run<I: Iterator<Item = &'static [u8]>>(
    invocation: Invocation<I>,
    workspace: &'static mut Workspace,
) -> u8 {
    let Invocation { args, debug, real_home, hold_signals, output, error } = invocation;
    let Workspace { log: kept, buffers } = workspace;
    let mut log = Log::new(error, debug == Some(b"1"), kept);
    match start(args, (real_home, hold_signals), buffers, &mut log) {
        Ok(()) => 0,
        Err(error) => {
            let mut line = Output::new(output, Patience::Endless);
            line.line(format_args!("cannot update snap namespace: {error}"));
            1
        }
    }
}

fn start<I: Iterator<Item = &'static [u8]>>(
    args: I,
    (real_home, hold_signals): (Option<&'static [u8]>, fn()),
    buffers: &'static mut Buffers,
    log: &mut Log,
) -> Result<(), Error<'static>> {
    check_stack().and_then(|()| check_capabilities()).map_err(|e| Error::Session(None, e))?;
    let Arguments { instance, caller, scope } = Arguments::parse(args).map_err(Error::Arguments)?;
    // Held until everything is saved.
    let mut _lock = None;
    if caller == Caller::Snapd {
        let session = |error| Error::Session(Some(instance), error);
        if !is_preserved(&instance).map_err(session)? {
            return Ok(());
        }
        if scope == Scope::System {
            _lock = Some(lock(&instance).map_err(session)?);
        }
        // The namespace that was there before the lock may have been replaced by another one.
        if join(&instance).map_err(session)? == Joined::NoNamespace {
            return Ok(());
        }
    }
    match scope {
        Scope::System => system::update(instance, caller, hold_signals, buffers, log),
        Scope::User => user::update(instance, real_home, buffers, log),
    }
}
