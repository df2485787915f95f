//! What has to be known to go back after a failure.

use snap_fstab::Sink;
use snap_mount_options::{Origin, Unfinished};
use snap_profile::Item;

use crate::account::Count;
use crate::journal::{Phase, plain, write_unfinished};
use crate::plan::Plan;
use crate::step::{Op, State};

/// Which lines of the profile that was current before a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// All of them.
    Whole,
    /// Those that somebody asked for: a profile that can be desired.
    Asked,
}

impl Plan<'_> {
    /// Writes the profile that was current before this run; without what an interrupted run had only
    /// begun to make.
    ///
    /// # Errors
    ///
    /// Whatever `sink` reports.
    pub fn write_earlier<S: Sink>(&self, which: Earlier, sink: &mut S) -> Result<(), S::Error> {
        let begun = |item: &Item<'_>| match item.unfinished() {
            Some(Unfinished::Make | Unfinished::MakeOnto(_)) => true,
            Some(Unfinished::Undo(_) | Unfinished::UndoHidden | Unfinished::Drop) | None => false,
        };
        for item in self.forecast.all_current().iter().filter(|item| !begun(item)) {
            let asked = !item.is_synthetic() && item.origin != Origin::Rootfs;
            if asked || which == Earlier::Whole {
                plain(&item.entry).write(sink)?;
            }
        }
        Ok(())
    }

    /// Writes the profile of what stands now, and of mount points that were created for nothing,
    /// [unfinished](Unfinished): what has to be undone after a failure.
    ///
    /// # Errors
    ///
    /// Whatever `sink` reports.
    pub fn write_standing<S: Sink>(&self, sink: &mut S) -> Result<(), S::Error> {
        self.write_saved(sink)?;
        let mut created = None;
        for step in &self.steps {
            match (step.op, step.state) {
                (Op::MakeMountPoint(place), State::Done) => created = Some(place),
                (Op::Mount(place), State::Pending | State::Failed | State::Skipped(_))
                    if created == Some(place) =>
                {
                    if let Some(item) = self.desired(place) {
                        write_unfinished(&item.entry, Unfinished::Drop, sink)?;
                    }
                }
                (_, _) => {}
            }
        }
        Ok(())
    }

    /// Notes that nothing of what is [unfinished](Unfinished) in the current profile is mounted.
    pub fn note_unfinished(&mut self) {
        for place in 0..self.recorded() {
            if self.unfinished_mount(place).is_some() {
                self.note_not_mounted(place);
            }
        }
    }

    /// How many bytes the journal has after its header.
    #[must_use]
    pub fn journal_len(&self) -> usize {
        let mut count = Count::default();
        let Ok(()) = self.write_journal(Phase::Undoing, &mut |_| 0, &mut count);
        count.bytes
    }

    /// How many bytes the profile had before.
    #[must_use]
    pub fn earlier_len(&self) -> usize {
        let mut count = Count::default();
        let Ok(()) = self.write_earlier(Earlier::Whole, &mut count);
        count.bytes
    }

    /// Whether the plan makes anything.
    #[must_use]
    pub fn makes(&self) -> bool {
        self.steps.iter().any(|step| self.cause(step.op).is_some())
    }
}
