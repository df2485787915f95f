//! Whether what would be saved fits into a profile again.

use core::convert::Infallible;

use snap_fstab::{LINE_MAX, Sink};
use snap_profile::{ENTRIES_MAX, TEXT_MAX};

use crate::fault::Limit;
use crate::plan::{Plan, PlanError};
use crate::saved::Moment;

/// Counts what is written.
#[derive(Default)]
struct Count {
    bytes: usize,
    lines: usize,
    /// The bytes of the line that is written, and of the longest one.
    line: usize,
    longest: usize,
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

impl Plan<'_> {
    fn count(&self, moment: Moment) -> Count {
        let mut count = Count::default();
        match self.write_profile(moment, &mut count) {
            Ok(()) => count,
            Err(never) => match never {},
        }
    }

    /// How many bytes the saved profile can have at most, wherever the run ends: before the
    /// teardown nothing new stands, and after it nothing old.
    #[must_use]
    pub fn saved_len(&self) -> usize {
        self.count(Moment::Now).bytes.max(self.count(Moment::AllDone).bytes)
    }

    pub(crate) fn check_account(&self) -> Result<(), PlanError> {
        if self.is_empty() {
            return Ok(());
        }
        let Count { bytes, lines, longest, .. } = self.count(Moment::AllDone);
        if lines > ENTRIES_MAX {
            return Err(PlanError::Full(Limit::Entries));
        }
        if bytes > TEXT_MAX {
            return Err(PlanError::Full(Limit::Text));
        }
        // Escapes and synthetic options make lines longer than they were read.
        if longest > LINE_MAX {
            return Err(PlanError::Full(Limit::Line));
        }
        Ok(())
    }
}
