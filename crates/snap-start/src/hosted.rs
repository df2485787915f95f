//! The same interface on the standard library, for architectures without start code of their own.
//!
//! Before `main`, std opens `/dev/null` on closed standard descriptors (and aborts when it cannot)
//! and ignores SIGPIPE; the rest is done here.

extern crate std;

use core::fmt::Write;
use std::boxed::Box;
use std::env::ArgsOs;
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::ExitCode;

use rustix::fs::Mode;

use crate::panic_line::PanicLine;
use crate::streams::StandardOutput;

/// What the process was started with: its arguments and its environment.
#[derive(Debug)]
pub struct Process(ArgsOs);

/// The arguments of the process, `argv[0]` first; there may be none at all.
#[derive(Debug)]
pub struct Arguments(ArgsOs);

impl Iterator for Arguments {
    type Item = &'static [u8];

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|text| -> Self::Item { Box::leak(text.into_vec().into_boxed_slice()) })
    }
}

impl Process {
    /// The value of the first environment entry `NAME=VALUE` with this name.
    #[must_use]
    pub fn env(&self, name: &[u8]) -> Option<&'static [u8]> {
        std::env::var_os(OsStr::from_bytes(name))
            .map(|text| -> &'static [u8] { Box::leak(text.into_vec().into_boxed_slice()) })
    }

    /// The arguments; the environment is out of reach from here on.
    #[must_use]
    pub fn into_args(self) -> Arguments {
        Arguments(self.0)
    }
}

/// What `main` does: runs the program with a umask of 0, and with a panic that is one line on
/// standard output and exit status 1.
pub fn start(program: fn(Process) -> u8) -> ExitCode {
    std::panic::set_hook(Box::new(|info| {
        // The process ends here: there is nobody left to tell that this failed too.
        let _ = write!(StandardOutput, "{}", PanicLine(info.location()));
        std::process::exit(1);
    }));
    rustix::process::umask(Mode::empty());
    ExitCode::from(program(Process(std::env::args_os())))
}
