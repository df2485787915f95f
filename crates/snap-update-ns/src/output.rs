//! Lines on a descriptor, and bytes that are safe to show.

use core::fmt::{self, Write};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::AsFd;

/// How many bytes are written at once.
const LINE_BYTES: usize = 4096;

/// Whether to wait for a reader.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// A line for which nobody is ready is lost.
    None,
    /// The reader has all the time.
    Endless,
}

const NOW: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// Writes lines to a descriptor; what cannot be written is lost.
pub(crate) struct Output<F: AsFd> {
    fd: F,
    patience: Patience,
    buffer: [u8; LINE_BYTES],
    used: usize,
}

impl<F: AsFd> Output<F> {
    pub(crate) fn new(fd: F, patience: Patience) -> Self {
        Self { fd, patience, buffer: [0; LINE_BYTES], used: 0 }
    }

    /// Writes `text` and a newline, with one call of write(2) if it fits the buffer.
    pub(crate) fn line(&mut self, text: fmt::Arguments<'_>) {
        // Writing into this buffer never fails.
        let _ = self.write_fmt(text);
        let _ = self.write_str("\n");
        self.flush();
    }

    fn flush(&mut self) {
        let mut rest = self.buffer.get(..self.used).unwrap_or_default();
        while !rest.is_empty() {
            let mut ready = [PollFd::new(&self.fd, PollFlags::OUT)];
            if self.patience == Patience::None && poll(&mut ready, Some(&NOW)) != Ok(1) {
                break;
            }
            // Nobody listens (any more): there is no other place to say so.
            let Ok(written) = rustix::io::write(&self.fd, rest) else { break };
            rest = rest.get(written..).unwrap_or_default();
        }
        self.used = 0;
    }
}

impl<F: AsFd> Write for Output<F> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if self.used == self.buffer.len() {
                self.flush();
            }
            if let Some(slot) = self.buffer.get_mut(self.used) {
                *slot = byte;
            }
            self.used = self.used.saturating_add(1);
        }
        Ok(())
    }
}

/// Shows bytes from outside so that they stay within their line and cannot drive a terminal:
/// control characters, and what is no UTF-8, are escaped.
pub(crate) struct Shown<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                if character.is_control() {
                    write!(f, "{}", character.escape_unicode())?;
                } else {
                    f.write_char(character)?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}
