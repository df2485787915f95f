//! From what is known of all entries and mimics to the steps.

use snap_profile::Shape;

use crate::changes::{Fate, Time};
use crate::plan::Plan;
use crate::step::{Op, State, Step};

impl Plan<'_> {
    /// Puts the steps in order: teardown, overname, mimics, content, layouts.
    pub(crate) fn lay_out_steps(&mut self) -> Option<()> {
        for place in (0..self.all_current().len()).rev() {
            let place = u16::try_from(place).ok()?;
            if self.fate(place) == Fate::Going {
                self.lay_out_teardown(place)?;
            }
        }
        self.order_mimics();
        let mut next_mimic = 0;
        for at in 0..self.order.len() {
            let place = *self.order.get(at)?;
            next_mimic = self.lay_out_mimics(next_mimic, self.time_of(place))?;
            let (item, need) = (self.desired(place)?, self.need(place));
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
            && self.mimic_time(mimic) < time
        {
            if self.mimics.get(usize::from(mimic))?.kept_as.is_none() {
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
            Shape::Directory | Shape::File => self.push(Op::Unmount(place))?,
        }
        let (path, source) = (item.entry.mount_point, item.entry.source);
        // What a mimic covers was there before. What is somebody's source has to stay.
        let mimic = item.is_synthetic() && item.is_tmpfs();
        let stays = self.is_source(path) || self.is_used_again(item) && self.ground_stays(path);
        if !mimic && !stays {
            self.push(Op::RemoveMountPoint(place))?;
        }
        // A source in a tmpfs of ours is nobody's data.
        let own = !item.is_synthetic() && self.tidy_below(source).is_some_and(|len| len > 1);
        if own && !self.is_source(source) { self.push(Op::RemoveSource(place)) } else { Some(()) }
    }

    /// Whether everything is kept that is mounted above `path`.
    fn ground_stays(&self, path: &[u8]) -> bool {
        let above = snap_path::parent(path).unwrap_or_default();
        let mut above = self.current_by_path.at_or_above(self.all_current(), above);
        above.all(|at| self.fate(at) == Fate::Kept)
    }

    fn push(&mut self, op: Op) -> Option<()> {
        self.steps.try_push(Step { op, state: State::Pending }).ok()
    }
}
