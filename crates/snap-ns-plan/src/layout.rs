//! From what is known of all entries and mimics to the steps.

use snap_mount_options::Origin;
use snap_path::{PATH_MAX, is_at_or_below, parent, prefixes};
use snap_profile::{Item, Shape};

use crate::changes::{Fate, Time};
use crate::fault::Role;
use crate::forecast::Space;
use crate::index::mount_point;
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
            match self.fate(place) {
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
        let path = item.entry.mount_point;
        // What a mimic covers was there before.
        let mimic = item.is_synthetic() && item.is_tmpfs();
        let stays = self.is_used_again(item) && self.ground_stays(path);
        if !mimic && !stays && !self.is_needed_source(path) {
            self.push(Op::RemoveMountPoint(place))?;
        }
        Some(())
    }

    /// A source that was made in a tmpfs of ours is nobody's data.
    fn lay_out_source(&mut self, place: u16) -> Option<()> {
        let item = self.current(place)?;
        let source = item.entry.source;
        if !item.is_synthetic()
            && self.own_space(source).is_some()
            && !self.is_needed_source(source)
        {
            self.push(Op::RemoveSource(place))?;
        }
        Some(())
    }

    /// How long the directory above `path` is that stays when `path` is removed. In a tmpfs of ours
    /// all go that are empty then, but those that are used.
    pub(crate) fn tidy_below(&self, path: &[u8]) -> usize {
        let above = parent(path).unwrap_or_default();
        let Some(ground) = self.own_ground(path).map(|at| mount_point(self.all_current(), at))
        else {
            return above.len();
        };
        let used = self
            .desired_by_source
            .used_prefixes(above)
            .filter(|dir| is_at_or_below(dir, ground) && self.is_needed_source(dir));
        let usual = prefixes(above).filter(|dir| is_usual(dir));
        let stays = used.chain(usual).map(<[u8]>::len).max().unwrap_or_default();
        stays.max(ground.len())
    }

    /// The longest tmpfs of ours at or above `path` that stays: its place in the current profile.
    pub(crate) fn own_ground(&self, path: &[u8]) -> Option<u16> {
        let grounds = self.current_by_path.at_or_above(self.all_current(), parent(path)?);
        let own =
            |&at: &u16| self.fate(at) == Fate::Kept && self.current(at).is_some_and(Item::is_tmpfs);
        grounds.filter(own).last()
    }

    /// The tmpfs of ours that `path` is in, as a space, if a fresh namespace would have to create it
    /// there: not where the snap may write anyway.
    fn own_space(&self, path: &[u8]) -> Option<Space> {
        let ground = self.own_ground(path)?;
        let item = self.current(ground)?;
        let kept_for = self.past.get(usize::from(ground)).map_or(0, |past| past.kept_for);
        let snaps = parent(path).is_some_and(|dir| self.territory().contains(dir));
        match item.origin {
            Origin::Rootfs if snaps || is_usual(path) => None,
            Origin::Rootfs => Some(Space::Live),
            Origin::Content | Origin::Layout | Origin::Overname if item.is_synthetic() => {
                Some(Space::Mimic(kept_for))
            }
            Origin::Content | Origin::Layout | Origin::Overname => Some(Space::Tmpfs(kept_for)),
        }
    }

    /// Whether a desired entry shows just `path`, so that it has to stay. In a tmpfs of ours it only
    /// has to for what is kept: the others create it anew.
    fn is_needed_source(&self, path: &[u8]) -> bool {
        if is_usual(path) {
            return true;
        }
        let mut shows = self.desired_by_source.at(self.all_desired(), path).peekable();
        if shows.peek().is_none() {
            return false;
        }
        let own = self.own_space(path);
        let mut buffer = [0; PATH_MAX];
        shows.any(|at| {
            let need = self.need(at);
            let Some(own) = own else { return !need.left_out };
            let there = self.route(path, self.time_of(at), Role::Source, &mut buffer);
            need.kept_as.is_some() && there.is_ok_and(|there| there.space == own)
        })
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

/// Whether `path` is a directory right below `/` that was there before us.
pub(crate) fn is_usual(path: &[u8]) -> bool {
    path.strip_prefix(b"/").is_some_and(|name| USUAL.contains(&name))
}
