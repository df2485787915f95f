//! The record of a run that is not finished: what may be mounted, whenever it is interrupted.
//!
//! It takes the place of the current profile while mounts change, and is a profile itself: the
//! packaged program passes over the lines that start with `#`, and undoes what is in the others.
//! Each entry that the run is about to change has an option more, [`Unfinished`].

use snap_fstab::Sink;
use snap_mount_options::Unfinished;
use snap_ns_forecast::Fate;
use snap_path::Text;

use crate::journal_lines::{
    Direction, EARLIER, FOR_ALL, FOR_NOBODY, FOR_US, Header, Phase, write_line,
};
use crate::plan::Plan;
use crate::saved::{Moment, push_plain_tmpfs_options, tmpfs_entry};
use crate::step::{Op, State};

/// Tells the ID of what is mounted at just a path; 0 if nothing is.
pub type MountIdAt<'w> = dyn FnMut(&[u8]) -> u64 + 'w;

impl Plan<'_> {
    /// In which phase the plan starts.
    #[must_use]
    pub fn first_phase(&self) -> Phase {
        if self.steps.first().is_some_and(|step| self.cause(step.op).is_none()) {
            Phase::Undoing
        } else {
            Phase::Making
        }
    }

    /// Writes the lines of the journal, after its header. They have the same length in both phases,
    /// and can be written over each other.
    ///
    /// # Errors
    ///
    /// Whatever `sink` reports.
    pub fn write_journal<S: Sink>(
        &self,
        header: Header,
        mount_id_at: &mut MountIdAt<'_>,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let phase = header.phase;
        let all = self.forecast.all_current().iter().zip(&self.forecast.past);
        for (place, (item, past)) in (0_u16..).zip(all) {
            match past.fate {
                Fate::Kept => self.write_kept(past, item, sink)?,
                // Its tmpfs takes them along.
                Fate::Going | Fate::GoingWithTmpfs | Fate::Gone if item.is_mimic_child() => {}
                // It comes last: it lies over what takes its place.
                Fate::Going if past.lingers => {}
                // What an interrupted run had only begun: nobody wants it back.
                _ if !self.was_before(item) => {
                    let unfinished = match item.unfinished() {
                        Some(Unfinished::MakeOnto(_)) => Unfinished::MakeOnto(0),
                        Some(_) | None => Unfinished::Make,
                    };
                    let front = if phase == Phase::Undoing { FOR_US } else { FOR_NOBODY };
                    write_line(&item.entry, unfinished, front, sink)?;
                }
                _ if phase == Phase::Making || item.is_found() => {
                    write_line(&item.entry, Unfinished::Drop, EARLIER, sink)?;
                }
                Fate::Going if item.shape.is_mount() && past.mounted => {
                    let unfinished = match self.is_hidden(place) {
                        true => Unfinished::UndoHidden,
                        false => Unfinished::Undo(mount_id_at(item.entry.mount_point)),
                    };
                    write_line(&item.entry, unfinished, FOR_ALL, sink)?;
                }
                Fate::Going | Fate::GoingWithTmpfs | Fate::Gone => {
                    // The packaged program must not undo what is no mount of ours.
                    let front = if item.shape.is_mount() { FOR_US } else { FOR_ALL };
                    write_line(&item.entry, Unfinished::Drop, front, sink)?;
                }
            }
        }
        for entry in self.old_links() {
            write_line(&entry, Unfinished::Drop, EARLIER, sink)?;
        }
        for step in &self.steps {
            if step.state == State::Done || self.is_beneath(step.op) {
                self.write_made(*step, Moment::Now, sink)?;
            } else {
                self.write_coming(step.op, header, mount_id_at, sink)?;
            }
        }
        let all = self.forecast.all_current().iter().zip(&self.forecast.past);
        for (item, _) in all.filter(|(_, past)| past.fate == Fate::Going && past.lingers) {
            let unfinished = Unfinished::Undo(mount_id_at(item.entry.mount_point));
            write_line(&item.entry, unfinished, FOR_ALL, sink)?;
        }
        // On the way back nothing is to be forgotten that was left out, or not even planned.
        let all = self.forecast.all_desired().iter().zip(&self.forecast.needs);
        for (place, (item, need)) in (0_u16..).zip(all) {
            let planned = || self.steps.iter().any(|step| step.op.makes() == Some(place));
            let nowhere =
                need.kept_as.is_none() && (self.steps.is_empty() || need.left_out && !planned());
            if header.direction == Direction::Back && nowhere {
                write_line(&item.entry, Unfinished::MakeOnto(0), EARLIER, sink)?;
            }
        }
        Ok(())
    }

    /// Writes the line of what a step makes; nothing for other steps.
    fn write_coming<S: Sink>(
        &self,
        op: Op,
        header: Header,
        mount_id_at: &mut MountIdAt<'_>,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let mut id_at = |path: &[u8]| match header.phase {
            Phase::Undoing => 0,
            Phase::Making => mount_id_at(path),
        };
        if let Op::Mimic(mimic) = op {
            return self.write_coming_mimic(mimic, header, &mut id_at, sink);
        }
        let made = op.makes().and_then(|place| Some((place, self.desired(place)?)));
        let Some((place, item)) = made else { return Ok(()) };
        let entry = &item.entry;
        let mounts = matches!(op, Op::Mount(_));
        let unfinished = if mounts && self.replaced_by(place).is_some() {
            // Beneath the old mount there is no other one.
            Unfinished::MakeOnto(0)
        } else if mounts && !self.forecast.need(place).make_mount_point {
            Unfinished::MakeOnto(id_at(entry.mount_point))
        } else {
            // Nothing can be mounted on what is not there.
            Unfinished::Make
        };
        // The packaged program knows nothing of what was found.
        let front = if item.is_found() { EARLIER } else { front(header, unfinished) };
        write_line(entry, unfinished, front, sink)
    }

    /// Writes the line of a mimic that is about to be made. Its children come and go with it.
    fn write_coming_mimic<S: Sink>(
        &self,
        mimic: u16,
        header: Header,
        mount_id_at: &mut MountIdAt<'_>,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let asks = self.item(Op::Mimic(mimic));
        let (Some(mimic), Some(asks)) = (self.mimic(mimic), asks) else { return Ok(()) };
        let mut options = Text::new();
        if push_plain_tmpfs_options(&mut options, asks.id()).is_none() {
            return Ok(());
        }
        let unfinished = Unfinished::MakeOnto(mount_id_at(mimic.dir));
        let entry = tmpfs_entry(mimic.dir, &options);
        write_line(&entry, unfinished, front(header, unfinished), sink)
    }

    /// What the interrupted run was about to do with the mount of the current entry at `place`, and
    /// where that is.
    #[must_use]
    pub fn unfinished_mount(&self, place: u16) -> Option<(&[u8], Unfinished)> {
        let item = self.current(place).filter(|item| item.shape.is_mount())?;
        item.unfinished().map(|unfinished| (item.entry.mount_point, unfinished))
    }

    /// Whether a later entry of the current profile lies over the one at `place`.
    #[must_use]
    pub fn is_hidden(&self, place: u16) -> bool {
        let path = self.current(place).map_or(&[][..], |item| item.entry.mount_point);
        let mut over = self.forecast.current_by_path.at_or_above(path);
        over.any(|at| at > place && self.current(at).is_some_and(|item| item.shape.is_mount()))
    }
}

/// What is in front of the line of something that is to be made.
fn front(header: Header, unfinished: Unfinished) -> &'static [u8] {
    match (header.phase, header.direction, unfinished) {
        (Phase::Undoing, Direction::Forth, _) => FOR_NOBODY,
        (Phase::Undoing, Direction::Back, _) => EARLIER,
        // The packaged program would undo that mount, if it comes before ours is there.
        (Phase::Making, _, Unfinished::MakeOnto(1..)) => FOR_US,
        (Phase::Making, _, _) => FOR_ALL,
    }
}
