//! Whether what would be saved fits into a profile again.

use core::convert::Infallible;

use snap_fstab::{LINE_MAX, Sink};
use snap_ns_forecast::Limit;
use snap_profile::{ENTRIES_MAX, TEXT_MAX};

use crate::plan::Plan;
use crate::saved::Moment;

/// Counts what is written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    pub(crate) bytes: usize,
    pub(crate) lines: usize,
    /// The bytes of the line that is written, and of the longest one.
    pub(crate) line: usize,
    pub(crate) longest: usize,
}

impl Sink for Count {
    type Error = Infallible;

    fn put(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        self.bytes = self.bytes.saturating_add(bytes.len());
        self.line = self.line.saturating_add(bytes.len());
        if bytes == b"\n" {
            self.longest = self.longest.max(self.line.saturating_sub(1));
            self.line = 0;
            self.lines = self.lines.saturating_add(1);
        }
        Ok(())
    }
}

impl Count {
    fn check(&self) -> Result<(), Limit> {
        if self.lines > ENTRIES_MAX {
            return Err(Limit::Entries);
        }
        if self.bytes > TEXT_MAX {
            return Err(Limit::Text);
        }
        // Escapes and synthetic options make lines longer than they were read.
        if self.longest > LINE_MAX { Err(Limit::Line) } else { Ok(()) }
    }
}

impl Plan<'_> {
    /// How many bytes the saved profile can have at most, wherever the run ends: before the
    /// teardown nothing new stands, and after it nothing old but what lingers.
    #[must_use]
    pub fn saved_len(&self) -> usize {
        let mut now = Count::default();
        let Ok(()) = self.write_saved(&mut now);
        if self.forecast.past.iter().any(|past| past.lingers) {
            return now.bytes.saturating_add(self.expected);
        }
        now.bytes.max(self.expected)
    }

    /// Counts what will stand when all steps are done.
    pub(crate) fn check_account(&mut self) -> Result<(), Limit> {
        let mut count = Count::default();
        if !self.is_empty() {
            let Ok(()) = self.write_profile(Moment::AllDone, &mut count);
        }
        self.expected = count.bytes;
        count.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_themselves_are_allowed() {
        let full = Count { bytes: TEXT_MAX, lines: ENTRIES_MAX, line: 0, longest: LINE_MAX };
        assert_eq!(full.check(), Ok(()));
        let entries = Count { lines: ENTRIES_MAX + 1, ..full };
        assert_eq!(entries.check(), Err(Limit::Entries));
        let text = Count { bytes: TEXT_MAX + 1, ..full };
        assert_eq!(text.check(), Err(Limit::Text));
        let line = Count { longest: LINE_MAX + 1, ..full };
        assert_eq!(line.check(), Err(Limit::Line));
    }
}
