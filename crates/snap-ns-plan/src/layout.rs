//! From what is known of all entries and mimics to the steps.

use snap_path::{is_at_or_below, parent};
use snap_profile::Shape;

use crate::changes::{Fate, Time};
use crate::plan::Plan;
use crate::step::{Op, State, Step};

/// The directories of hier(7), and those that snap-confine adds (contract section 4).
const USUAL: [&[u8]; 23] = [
    b"bin", b"boot", b"dev", b"etc", b"home", b"lib", b"lib32", b"lib64", b"libx32", b"media",
    b"meta", b"mnt", b"opt", b"proc", b"root", b"run", b"sbin", b"snap", b"srv", b"sys", b"tmp",
    b"usr", b"var",
];

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
        let own = !item.is_synthetic() && self.own_ground(source).is_some_and(|dir| dir != b"/");
        if own && !self.is_source(source) { self.push(Op::RemoveSource(place)) } else { Some(()) }
    }

    /// The longest prefix of `path` below which empty directories may be removed: it is our own
    /// tmpfs, and nothing that stays needs what is above it.
    pub(crate) fn tidy_below(&self, path: &[u8]) -> Option<usize> {
        let above = parent(path)?;
        let ground = self.own_ground(path)?;
        let used = self
            .desired_by_source
            .used_prefixes(above)
            .filter(|dir| is_at_or_below(dir, ground) && self.is_source(dir));
        // What is right below `/` was there before, if it is one of the usual directories.
        let top = snap_path::components(path).next().filter(|top| USUAL.contains(top));
        let top = top.filter(|_| ground == b"/").map(|top| top.len().saturating_add(1));
        Some(used.map(<[u8]>::len).chain(top).max().unwrap_or_default().max(ground.len()))
    }

    /// The tmpfs of ours that `path` is in, by its mount point, if that stays.
    fn own_ground(&self, path: &[u8]) -> Option<&[u8]> {
        let grounds = self.current_by_path.at_or_above(self.all_current(), parent(path)?);
        let ground = grounds.filter(|&at| self.fate(at) == Fate::Kept).last()?;
        Some(self.current(ground).filter(|item| item.is_tmpfs())?.entry.mount_point)
    }

    /// Whether a desired entry shows just `path`.
    pub(crate) fn is_source(&self, path: &[u8]) -> bool {
        let mut shows = self.desired_by_source.at(self.all_desired(), path);
        shows.any(|at| !self.need(at).left_out)
    }

    /// Whether everything is kept that is mounted above `path`.
    fn ground_stays(&self, path: &[u8]) -> bool {
        let above = parent(path).unwrap_or_default();
        let mut above = self.current_by_path.at_or_above(self.all_current(), above);
        above.all(|at| self.fate(at) == Fate::Kept)
    }

    fn push(&mut self, op: Op) -> Option<()> {
        self.steps.try_push(Step { op, state: State::Pending }).ok()
    }
}
