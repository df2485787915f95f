//! What has to be known to go back after a failure.

use snap_fstab::{Entry, Sink};
use snap_mount_options::{Origin, Unfinished};
use snap_ns_forecast::OldLink;
use snap_profile::Item;

use crate::account::Count;
use crate::journal_lines::{Direction, plain, write_line};
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
    /// Writes the profile that was current before this run; after an interrupted one, what was before
    /// that.
    ///
    /// # Errors
    ///
    /// Whatever `sink` reports.
    pub fn write_earlier<S: Sink>(&self, which: Earlier, sink: &mut S) -> Result<(), S::Error> {
        for item in self.forecast.all_current().iter().filter(|item| self.was_before(item)) {
            let asked = !item.is_synthetic() && item.origin != Origin::Rootfs;
            if asked || which == Earlier::Whole {
                plain(&item.entry).write(sink)?;
            }
        }
        self.old_links().try_for_each(|entry| entry.write(sink))
    }

    /// The symbolic links that this run replaces, as entries; none where it is recorded what was
    /// there before.
    pub(crate) fn old_links(&self) -> impl Iterator<Item = Entry<'_>> {
        (0_u16..).take(self.forecast.all_desired().len()).filter_map(|place| {
            let OldLink { replaced_at, options, .. } = self.forecast.old_link(place)?;
            let mount_point = replaced_at?;
            let recorded = self.forecast.current_by_path.at(mount_point);
            let mut recorded = recorded.filter_map(|at| self.current(at));
            let known = recorded.any(|item| self.was_before(item));
            (!known).then_some(Entry { mount_point, options, ..Entry::default() })
        })
    }

    /// Whether an entry of the current profile stood before this run, and before the interrupted one
    /// that it came after.
    pub(crate) fn was_before(&self, item: &Item<'_>) -> bool {
        match item.unfinished() {
            Some(Unfinished::Make | Unfinished::MakeOnto(_)) => self.after == Direction::Back,
            Some(Unfinished::Undo(_) | Unfinished::UndoHidden | Unfinished::Drop) => {
                self.after == Direction::Forth
            }
            None => true,
        }
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
                    if created == Some(place) && !self.is_beneath(step.op) =>
                {
                    if let Some(item) = self.desired(place) {
                        write_line(&item.entry, Unfinished::Drop, b"", sink)?;
                    }
                }
                (_, _) => {}
            }
        }
        Ok(())
    }

    /// Notes that nothing of what is [unfinished](Unfinished) in the current profile is mounted, and
    /// where the run that left it wanted to.
    pub fn note_unfinished(&mut self, direction: Direction) {
        self.after = direction;
        for place in 0..self.recorded() {
            if self.unfinished_mount(place).is_some() {
                self.note_not_mounted(place);
            }
        }
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

    /// Whether the plan undoes anything.
    #[must_use]
    pub fn undoes(&self) -> bool {
        self.steps.iter().any(|step| self.cause(step.op).is_none())
    }
}
