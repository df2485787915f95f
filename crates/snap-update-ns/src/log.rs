//! Where notices and the log go.

use core::fmt::{self, Write as _};
use core::mem::MaybeUninit;

use rustix::fd::{BorrowedFd, OwnedFd};
use snap_path::PATH_MAX;
use snap_session::Freezer;

use crate::output::{Output, Patience, Shown};

/// Notices go to standard error and to the log file, what somebody asked for who debugs as well.
pub(crate) struct Log {
    standard_error: BorrowedFd<'static>,
    debug: bool,
    file: Option<OwnedFd>,
    kept: Kept,
    /// Whether lines are written in the end only: the snap's processes may be frozen, and whoever
    /// reads can let a write wait for ever (a terminal that says that it is ready may have less room
    /// than the line).
    keeps: bool,
}

/// For whom a line is.
#[derive(Clone, Copy)]
enum Level {
    /// Everybody.
    Notice,
    /// Only somebody who debugs.
    Debug,
}

/// Lines that are written later: each begins with `N` (a notice) or `D` (debug), and ends with a
/// newline.
struct Kept {
    buffer: &'static mut [u8],
    used: usize,
    /// How many lines there was no room for.
    lost: u32,
}

impl Log {
    /// `buffer` is for lines that are told while the snap's processes are frozen.
    pub(crate) fn new(
        standard_error: BorrowedFd<'static>,
        debug: bool,
        buffer: &'static mut [u8],
    ) -> Self {
        let kept = Kept { buffer, used: 0, lost: 0 };
        Self { standard_error, debug, file: None, kept, keeps: false }
    }

    /// Sends the log to `file` as well.
    pub(crate) fn copy_to(&mut self, file: Option<OwnedFd>) {
        self.file = file;
    }

    /// From now on lines are kept.
    pub(crate) fn keep(&mut self) {
        self.keeps = true;
    }

    /// Writes the lines that were kept, and from now on each at once.
    pub(crate) fn release(&mut self) {
        self.keeps = false;
        let kept = self.kept.buffer.get(..self.kept.used).unwrap_or_default();
        for line in kept.split(|&byte| byte == b'\n') {
            let level = match line.first() {
                Some(b'N') => Level::Notice,
                Some(_) => Level::Debug,
                None => continue,
            };
            // What was written as text is text.
            let text = line.get(1..).map(core::str::from_utf8);
            self.write(level, format_args!("{}", text.and_then(Result::ok).unwrap_or_default()));
        }
        if self.kept.lost > 0 {
            let lost = self.kept.lost;
            self.write(Level::Notice, format_args!("{lost} lines of the log are lost: too many"));
        }
        (self.kept.used, self.kept.lost) = (0, 0);
    }

    /// Tells what the user should know.
    pub(crate) fn notice(&mut self, text: fmt::Arguments<'_>) {
        self.tell(Level::Notice, text);
    }

    /// Tells what only somebody who debugs wants to know.
    pub(crate) fn debug(&mut self, text: fmt::Arguments<'_>) {
        if self.is_read() {
            self.tell(Level::Debug, text);
        }
    }

    /// Tells what of the snap went on while its mounts changed.
    pub(crate) fn not_frozen(&mut self, freezer: &Freezer<'_>) {
        if let Some(path) = freezer.restless(&mut [MaybeUninit::uninit(); PATH_MAX]) {
            self.notice(format_args!(
                "not frozen in time: a user's control group, {}",
                Shown(path)
            ));
        }
        if freezer.passed_over() {
            self.notice(format_args!("some control groups of the snap were not frozen: users have too many, or that of this process cannot be found"));
        }
    }

    /// Whether anybody reads the log.
    pub(crate) fn is_read(&self) -> bool {
        self.debug || self.file.is_some()
    }

    fn tell(&mut self, level: Level, text: fmt::Arguments<'_>) {
        if self.keeps { self.kept.add(level, text) } else { self.write(level, text) }
    }

    fn write(&self, level: Level, text: fmt::Arguments<'_>) {
        let mut errors = Output::new(self.standard_error, Patience::None);
        match level {
            Level::Notice => errors.line(format_args!("snap-update-ns: {text}")),
            Level::Debug if self.debug => errors.line(format_args!("DEBUG: {text}")),
            Level::Debug => {}
        }
        if let Some(file) = &self.file {
            Output::new(file, Patience::None).line(text);
        }
    }
}

impl Kept {
    /// Adds a line, as a whole or not at all.
    fn add(&mut self, level: Level, text: fmt::Arguments<'_>) {
        let before = self.used;
        let first = match level {
            Level::Notice => "N",
            Level::Debug => "D",
        };
        if writeln!(self, "{first}{text}").is_err() {
            self.used = before;
            self.lost = self.lost.saturating_add(1);
        }
    }
}

impl fmt::Write for Kept {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.used.saturating_add(text.len());
        let room = self.buffer.get_mut(self.used..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.used = end;
        Ok(())
    }
}
