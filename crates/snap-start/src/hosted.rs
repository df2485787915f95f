//! The same interface on the standard library, for architectures without start code of their own.
//!
//! Before `main`, std opens `/dev/null` on closed standard descriptors (and aborts when it cannot)
//! and ignores SIGPIPE; the rest, SIGXFSZ and the umask, is done here.

extern crate std;

use core::fmt::Write;
use std::boxed::Box;
use std::env::ArgsOs;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::ExitCode;

use rustix::fs::Mode;

use crate::panic_line::PanicLine;
use crate::streams::StandardOutput;

/// What the process was started with: its arguments and its environment.
#[derive(Debug)]
pub struct Process(ArgsOs);

impl Process {
    /// The value of the first environment entry `NAME=VALUE` with this name.
    #[must_use]
    pub fn env(&self, name: &[u8]) -> Option<&'static [u8]> {
        std::env::var_os(OsStr::from_bytes(name)).map(leak)
    }

    /// The arguments, `argv[0]` first; there may be none at all. The environment is out of reach from
    /// here on.
    pub fn into_args(self) -> impl Iterator<Item = &'static [u8]> {
        self.0.map(leak)
    }
}

/// The bytes of `text`, for the rest of the run.
fn leak(text: OsString) -> &'static [u8] {
    text.into_vec().leak()
}

/// A `sigset_t` of any C library on Linux: at most 128 bytes, of which only the library knows more.
#[repr(C, align(16))]
struct SignalSet([u8; 128]);

#[allow(unsafe_code)]
// SAFETY: POSIX functions of the C library that std is linked with, with the types that they have
// there; `SIG_BLOCK`, `how`, is 0 on every architecture but MIPS and SPARC (where it would be refused
// or block nothing).
unsafe extern "C" {
    fn signal(number: i32, handler: usize) -> usize;
    fn sigfillset(set: *mut SignalSet) -> i32;
    fn sigprocmask(how: i32, set: *const SignalSet, old: *mut SignalSet) -> i32;
}

/// Keeps signals from ending or stopping the process from now on, those of a timer or a limit that it
/// inherited included. What has begun is brought to its end, which takes milliseconds, and the exit
/// status says how it went. (SIGPIPE is ignored from the start, and SIGKILL and SIGSTOP cannot be held off.)
#[allow(unsafe_code)]
pub fn hold_signals() {
    let mut set = SignalSet([0; 128]);
    // SAFETY: each function gets a set that is this one, which lives; the old set may be null
    // (sigprocmask(3)). Neither fails with such arguments.
    unsafe {
        sigfillset(&raw mut set);
        sigprocmask(0, &raw const set, core::ptr::null_mut());
    }
}

/// SIGXFSZ on every architecture but MIPS (signal(7)), and `SIG_IGN`.
const SIGXFSZ: i32 = 25;
const SIG_IGN: usize = 1;

/// What `main` does: runs the program with a umask of 0, and with a panic that is one line on
/// standard output and exit status 1.
pub fn start(program: fn(Process) -> u8) -> ExitCode {
    std::panic::set_hook(Box::new(|info| {
        // The process ends here: there is nobody left to tell that this failed too.
        let _ = write!(StandardOutput, "{}", PanicLine(info.location()));
        std::process::exit(1);
    }));
    // SAFETY: ignoring a signal runs nothing. It cannot fail with these arguments.
    #[allow(unsafe_code)]
    unsafe {
        signal(SIGXFSZ, SIG_IGN);
    }
    rustix::process::umask(Mode::empty());
    ExitCode::from(program(Process(std::env::args_os())))
}
