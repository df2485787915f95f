//! From what is known of all entries and mimics to the steps.

use snap_mount_options::Unfinished;
use snap_ns_forecast::{Fate, Time, is_usual};
use snap_profile::Shape;

use crate::plan::Plan;
use crate::step::{Op, State, Step};

impl Plan<'_> {
    /// Puts the steps in order: teardown, overname, mimics, content, layouts.
    pub(crate) fn lay_out_steps(&mut self) -> Option<()> {
        for place in (0..self.forecast.all_current().len()).rev() {
            let place = u16::try_from(place).ok()?;
            match self.forecast.fate(place) {
                Fate::Going if self.lingers(place) => {}
                Fate::Going => {
                    self.lay_out_teardown(place)?;
                    self.lay_out_source(place)?;
                }
                Fate::GoingWithTmpfs => self.lay_out_source(place)?,
                Fate::Kept | Fate::Gone => {}
            }
        }
        self.order_mimics();
        let mut next_mimic = 0;
        for at in 0..self.forecast.order.len() {
            let place = *self.forecast.order.get(at)?;
            next_mimic = self.lay_out_mimics(next_mimic, self.forecast.time_of(place))?;
            let (item, need) = (self.desired(place)?, self.forecast.need(place));
            if need.left_out || need.kept_as.is_some() {
                continue;
            }
            match item.shape {
                Shape::Symlink => self.push(Op::MakeSymlink(place))?,
                Shape::EnsureDir => self.push(Op::EnsureDir(place))?,
                Shape::Directory | Shape::File => {
                    if need.make_source {
                        self.push(Op::MakeSource(place))?;
                    }
                    if need.make_mount_point {
                        self.push(Op::MakeMountPoint(place))?;
                    }
                    if let Some(old) = self.replaced_by(place) {
                        self.push(Op::PutBeneath(place))?;
                        self.push(Op::Unmount(old))?;
                    }
                    self.push(Op::Mount(place))?;
                }
            }
        }
        Some(())
    }

    /// The mimics that are made before `time`, from the `next` one on.
    fn lay_out_mimics(&mut self, next: usize, time: Time) -> Option<usize> {
        let mut next = next;
        while let Some(&mimic) = self.mimics_by_time.get(next)
            && self.forecast.mimic_time(mimic) < time
        {
            if self.forecast.mimics.get(usize::from(mimic))?.kept_as.is_none() {
                self.push(Op::Mimic(mimic))?;
            }
            next = next.saturating_add(1);
        }
        Some(next)
    }

    fn lay_out_teardown(&mut self, place: u16) -> Option<()> {
        let item = self.current(place)?;
        match item.shape {
            // The directories stay.
            Shape::EnsureDir => return self.push(Op::Forget(place)),
            Shape::Symlink => return self.push(Op::RemoveSymlink(place)),
            // Another mount may be there.
            Shape::Directory | Shape::File if !self.is_mounted(place) => {
                self.push(Op::Forget(place))?;
            }
            Shape::Directory | Shape::File => self.push(Op::Unmount(place))?,
        }
        // What a mimic covers was there before.
        let ground_goes =
            self.forecast.past.get(usize::from(place)).is_some_and(|past| past.ground_goes);
        let path = item.entry.mount_point;
        let found = matches!(item.unfinished(), Some(Unfinished::MakeOnto(_)));
        if !item.is_mimic() && !ground_goes && !found && !is_usual(path) && !self.stays(place, path)
        {
            self.push(Op::RemoveMountPoint(place))?;
        }
        Some(())
    }

    fn lay_out_source(&mut self, place: u16) -> Option<()> {
        let source = self.current(place)?.entry.source;
        if self.own_of_source(place).is_some() && !self.stays(place, source) {
            self.push(Op::RemoveSource(place))?;
        }
        Some(())
    }

    fn push(&mut self, op: Op) -> Option<()> {
        self.steps.try_push(Step { op, state: State::Pending }).ok()
    }

    /// Puts the mimics in the order in which they are made.
    pub(crate) fn order_mimics(&mut self) {
        let mimics = &self.forecast.mimics;
        let key = |at: &u16| mimics.get(usize::from(*at)).map(|slot| (slot.time, slot.dir));
        self.mimics_by_time.extend((0_u16..).take(mimics.len()));
        snap_path::sort_by(&mut self.mimics_by_time, |a, b| match (key(a), key(b)) {
            (Some((a, dir)), Some((b, other))) => {
                a.cmp(&b).then_with(|| snap_path::parents_first(dir, other))
            }
            (_, _) => a.cmp(b),
        });
    }
}
