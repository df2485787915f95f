//! The profile that is saved: what stands, in the order in which it was made.

use snap_fstab::{Entry, Sink};
use snap_mount_options::Origin;
use snap_ns_forecast::{Attributes, Fate, Log, Mimic, Past, SHOWS, Time};
use snap_path::{PATH_MAX, Text};
use snap_profile::Item;

use crate::journal_lines::plain;
use crate::plan::Plan;
use crate::step::{Op, State, Step};

/// The point in time that a profile is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// What stands now.
    Now,
    /// When all steps are done.
    AllDone,
}

impl Plan<'_> {
    /// Writes the profile of what stands now: entries that are kept, or were not undone; then what
    /// this run made.
    ///
    /// # Errors
    ///
    /// Whatever `sink` reports.
    pub fn write_saved<S: Sink>(&self, sink: &mut S) -> Result<(), S::Error> {
        self.write_profile(Moment::Now, sink)
    }

    pub(crate) fn write_profile<S: Sink>(&self, at: Moment, sink: &mut S) -> Result<(), S::Error> {
        let all = self.forecast.all_current().iter().zip(&self.forecast.past);
        let stands = |item: &Item<'_>, past: &Past| match past.fate {
            Fate::Going | Fate::GoingWithTmpfs => past.mounted || !item.shape.is_mount(),
            Fate::Kept | Fate::Gone => false,
        };
        let mut earlier = all.clone().filter(|(_, past)| !past.lingers);
        if at == Moment::Now && earlier.any(|(item, past)| stands(item, past)) {
            // Nothing is made yet, and what is kept may stand between what goes.
            for (item, past) in all {
                match past.fate {
                    Fate::Kept => self.write_kept(past, item, sink)?,
                    _ if stands(item, past) => plain(&item.entry).write(sink)?,
                    Fate::Going | Fate::GoingWithTmpfs | Fate::Gone => {}
                }
            }
            return Ok(());
        }
        for (item, _) in all.filter(|(item, _)| item.origin == Origin::Rootfs) {
            item.entry.write(sink)?;
        }
        // What is kept and what was made, in the order of application: of those that have to do with
        // each other that is the order in which they were made (closure.rs), and so the same profile
        // is recorded whatever came before.
        let (mut steps, mut mimics) = (self.steps.as_slice(), self.mimics_by_time.as_slice());
        for &place in &self.forecast.order {
            let time = self.forecast.time_of(place);
            // (Mimics come before the entry, and some at the same time as others.)
            while let Some((&mimic, rest)) = mimics.split_first()
                && self.forecast.mimic_time(mimic) < time
            {
                mimics = rest;
                let slot = self.forecast.mimics.get(usize::from(mimic));
                if slot.is_some_and(|slot| slot.kept_as.is_some()) {
                    self.write_mimic_at(mimic, sink)?;
                } else {
                    let end = (self.forecast.mimic_time(mimic), Some(Op::Mimic(mimic)));
                    self.write_made_until(end, &mut steps, at, sink)?;
                }
            }
            self.write_made_until((time, None), &mut steps, at, sink)?;
            if let Some(item) = self.desired(place)
                && self.forecast.need(place).kept_as.is_some()
            {
                item.entry.write(sink)?;
            }
            // Over the new mount, if that is there.
            let old = self.replaced_by(place).filter(|&old| self.forecast.fate(old) == Fate::Going);
            if at == Moment::Now
                && let Some(item) = old.and_then(|old| self.current(old))
            {
                plain(&item.entry).write(sink)?;
            }
        }
        Ok(())
    }

    /// Writes what the next `steps` made, as far as their time, or to the one with this operation.
    fn write_made_until<S: Sink>(
        &self,
        (time, last): (Time, Option<Op>),
        steps: &mut &[Step],
        at: Moment,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        while let Some((step, rest)) = steps.split_first()
            && self.time_of_step(step.op).is_none_or(|of_step| of_step <= time)
        {
            *steps = rest;
            self.write_made(*step, at, sink)?;
            if Some(step.op) == last {
                break;
            }
        }
        Ok(())
    }

    /// When, in the order of application, a step is performed; none for what undoes something.
    fn time_of_step(&self, op: Op) -> Option<Time> {
        let (log, time) = self.moment(op);
        (log == Log::Desired).then_some(time)
    }

    /// Writes what a step made, if it makes anything, and did.
    pub(crate) fn write_made<S: Sink>(
        &self,
        step: Step,
        at: Moment,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let made = match step.state {
            State::Done => true,
            State::Pending => at == Moment::AllDone,
            State::Skipped(_) | State::Failed => false,
        };
        if let Op::Mimic(mimic) = step.op
            && made
        {
            return self.write_mimic_at(mimic, sink);
        }
        let place = step.op.makes().filter(|_| made || self.is_beneath(step.op));
        // What an earlier run found is nobody's when it is there again.
        let item = place.and_then(|place| self.desired(place)).filter(|item| !item.is_found());
        item.map_or(Ok(()), |item| item.entry.write(sink))
    }

    /// Writes an entry that is kept.
    pub(crate) fn write_kept<S: Sink>(
        &self,
        past: &Past,
        item: &Item<'_>,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        if item.is_synthetic() {
            // As it would be in a fresh namespace: somebody else may need it now.
            return self.write_mimic_at(past.kept_for, sink);
        }
        item.entry.write(sink)
    }

    /// Writes the line of the mimic at `place`: its tmpfs alone (contract section 4). What does not fit
    /// the options is left out: docs/limits.md says when that is.
    pub(crate) fn write_mimic_at<S: Sink>(&self, place: u16, sink: &mut S) -> Result<(), S::Error> {
        let asks = self.item(Op::Mimic(place));
        let (Some(mimic), Some(asks)) = (self.mimic(place), asks) else { return Ok(()) };
        let mut options = Text::new();
        match push_tmpfs_options(&mut options, &mimic, asks.id()) {
            Some(()) => tmpfs_entry(mimic.dir, &options).write(sink),
            None => Ok(()),
        }
    }
}

/// Room for the options of a synthetic entry: the fixed words, and an ID, which is nearly always a
/// path.
pub(crate) const OPTIONS_MAX: usize = PATH_MAX + 128;

/// The entry of a mimic's tmpfs.
pub(crate) fn tmpfs_entry<'e>(dir: &'e [u8], options: &'e Text<OPTIONS_MAX>) -> Entry<'e> {
    Entry {
        source: b"tmpfs",
        mount_point: dir,
        fs_type: b"tmpfs",
        options: options.as_bytes(),
        ..Entry::default()
    }
}

const SYNTHETIC: &[u8] = b"x-snapd.synthetic,x-snapd.needed-by=";

/// Adds the options of a mimic's tmpfs.
pub(crate) fn push_tmpfs_options(
    options: &mut Text<OPTIONS_MAX>,
    mimic: &Mimic<'_>,
    id: &[u8],
) -> Option<()> {
    push_plain_tmpfs_options(options, id)?;
    let Attributes { mode, uid, gid } = mimic.attributes;
    options.push_fmt(format_args!(",mode=0{mode:o},uid={uid},gid={gid},"))?;
    options.push(SHOWS)?;
    options.push_fmt(format_args!("{:016x}", mimic.summary()))
}

/// Adds the same, without mode and owner.
pub(crate) fn push_plain_tmpfs_options(options: &mut Text<OPTIONS_MAX>, id: &[u8]) -> Option<()> {
    options.push(SYNTHETIC)?;
    options.push(id)
}
