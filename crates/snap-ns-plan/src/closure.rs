//! What has to be made again because something else is undone, made, or moved in the order.
//!
//! An entry that is kept must stand in the namespace just as it would in a fresh one. So the set of
//! what is kept is closed: whatever was built from something that goes, or would be built from
//! something that comes, or hides it, goes too and comes again. (planning: "which entries are
//! re-made"; docs/architecture.md.)

use core::ops::Range;

use snap_mount_options::{Depth, Origin};
use snap_ns_forecast::{Buffer, Fate, Log, NodeKind, Reason, Role, Time, Which};
use snap_path::parent;
use snap_profile::{Around, Item};

use crate::cause::{Cause, Link, Rule};
use crate::plan::Plan;

impl<'a> Plan<'a> {
    /// Lets go of everything that cannot be kept.
    pub(crate) fn close(&mut self) {
        let mut all = 0..self.recorded();
        if !all.any(|place| self.is_held(place)) {
            return;
        }
        self.let_go.clear();
        // In the order of the paths, so that searches are short.
        for at in 0..self.forecast.all_current().len() {
            if let Some(place) = self.forecast.current_by_path.nth(at)
                && self.forecast.fate(place) != Fate::Kept
                && !self.is_child(place)
                && let Some(cause) = self.cause_undone(place, None)
            {
                self.pull(&cause);
            }
        }
        for at in 0..self.forecast.order.len() {
            let Some(&place) = self.forecast.order.get(at) else { break };
            let need = self.forecast.need(place);
            if need.kept_as.is_none()
                && !need.left_out
                && let Some(cause) = self.cause_made(place)
            {
                self.pull(&cause);
            }
        }
        for mimic in (0_u16..).take(self.forecast.mimics.len()) {
            if let Some(slot) = self.forecast.mimics.get(usize::from(mimic))
                && slot.kept_as.is_none()
            {
                let cause = Cause {
                    which: Which::Mimic(mimic),
                    path: slot.dir,
                    source: Some(slot.dir),
                    depth: Depth::Recursive,
                    mounts: true,
                    undone: None,
                    made: Some(slot.time),
                    rule: Rule::After,
                };
                self.pull(&cause);
            }
        }
        self.pull_swapped();
        self.follow_up();
    }

    /// What follows from what was let go of.
    pub(crate) fn follow_up(&mut self) {
        while let Some(place) = self.let_go.pop() {
            let made = self.time_when_made(place);
            if let Some(cause) = self.cause_undone(place, made) {
                self.pull(&cause);
            }
        }
    }

    /// What was mounted in another order than a fresh namespace would have it.
    fn pull_swapped(&mut self) {
        let mut latest = 0;
        for place in (0_u16..).take(self.forecast.all_current().len()) {
            if self.forecast.fate(place) != Fate::Kept {
                continue;
            }
            let time = self.forecast.time_of_kept(place);
            if time < latest
                && let Some(cause) = self.cause_undone(place, Some(time))
            {
                self.pull(&Cause { rule: Rule::Swapped, ..cause });
            }
            latest = latest.max(time);
        }
    }

    /// Whether the current entry at `place` is kept, and could be let go of.
    fn is_held(&self, place: u16) -> bool {
        self.forecast.fate(place) == Fate::Kept
            && self.current(place).is_some_and(|item| item.origin != Origin::Rootfs)
    }

    /// Whether an entry of the current profile is the copy of one thing in a mimic.
    #[must_use]
    pub fn is_child(&self, place: u16) -> bool {
        let Some(item) = self.current(place) else { return false };
        item.is_mimic_child()
            && parent(item.entry.mount_point).is_some_and(|dir| {
                self.forecast
                    .current_by_path
                    .at(dir)
                    .filter_map(|above| self.current(above))
                    .any(Item::is_mimic)
            })
    }

    /// The entry of the current profile at `place` as a cause.
    fn cause_undone(&self, place: u16, made: Option<Time>) -> Option<Cause<'a>> {
        let item = self.current(place)?;
        let path = item.entry.mount_point;
        let (source, depth) =
            if item.is_mimic() { (Some(path), Depth::Recursive) } else { item.shown() };
        let (which, undone) = (Which::Current(place), Some(place));
        let mounts = item.shape.is_mount();
        Some(Cause { which, path, source, depth, mounts, undone, made, rule: Rule::After })
    }

    fn cause_made(&self, place: u16) -> Option<Cause<'a>> {
        let item = self.desired(place)?;
        let (source, depth) = item.shown();
        Some(Cause {
            which: Which::Desired(place),
            path: item.entry.mount_point,
            source,
            depth,
            mounts: item.shape.is_mount(),
            undone: None,
            made: Some(self.forecast.time_of(place)),
            rule: Rule::After,
        })
    }

    /// When what an entry of the current profile was kept for until now is made.
    fn time_when_made(&self, place: u16) -> Option<Time> {
        self.current(place).map(|_| self.forecast.time_of_kept(place))
    }

    /// Lets go of all that is kept and affected by `cause`.
    fn pull(&mut self, cause: &Cause<'a>) {
        let Around { above, at, below } = self.forecast.current_by_path.around(cause.path);
        if cause.mounts {
            self.pull_all(at.start..below.end, cause, Link::StandsOn);
            let shows = self.forecast.current_by_source.around(cause.path);
            for number in shows.at.start..shows.below.end {
                self.pull_one(self.forecast.current_by_source.nth(number), cause, Link::Shows);
            }
            let mut next = shows.above;
            while let Some(number) = next {
                self.pull_one(self.forecast.current_by_source.nth(number), cause, Link::Copies);
                next = self.forecast.current_by_source.above(number);
            }
        } else {
            self.pull_mimics(cause);
        }
        self.pull_all(at, cause, Link::Hides);
        self.pull_above(above, cause, Link::Hides);
        let Some(source) = cause.source else { return };
        let Around { above, at, below } = self.forecast.current_by_path.around(source);
        let all = at.start..below.end;
        self.pull_all(at.clone(), cause, Link::ShownBy);
        // What was created for it has to be reached.
        if self.pull_above(above, cause, Link::ShownBy) | !at.is_empty()
            && cause.undone.is_some_and(|place| self.own_of_source(place).is_some())
        {
            self.pull_all(at, cause, Link::Hides);
            self.pull_above(above, cause, Link::Hides);
        }
        if cause.depth == Depth::Recursive {
            self.pull_all(all, cause, Link::CopiedBy);
        }
    }

    /// The same for the mimics of the directory that a symbolic link is made in, whatever its name:
    /// they have the link, if it was there before, and nothing tells.
    fn pull_mimics(&mut self, cause: &Cause<'a>) {
        let dir = parent(cause.path).unwrap_or_default();
        let undone = cause.undone.map(|at| (Log::Current, Time::from(at)));
        let (log, time) = undone.unwrap_or((Log::Desired, cause.made.unwrap_or_default()));
        let mut buffer = Buffer::new_const();
        let Ok(route) = self.forecast.route_in(log, dir, time, Role::MountPoint, &mut buffer)
        else {
            return;
        };
        let place = route.fingerprint();
        for at in 0..self.forecast.mimics.len() {
            let slot = self.forecast.mimics.get(at).filter(|slot| slot.seen_at.0 == place);
            self.pull_one(slot.and_then(|slot| slot.kept_as), cause, Link::Hides);
        }
    }

    /// The same for what is mounted at paths with these numbers.
    fn pull_all(&mut self, numbers: Range<usize>, cause: &Cause<'a>, link: Link) {
        for number in numbers {
            self.pull_one(self.forecast.current_by_path.nth(number), cause, link);
        }
    }

    /// The same for what is mounted at the path with this number, and above it. Tells whether any of
    /// that is still kept.
    fn pull_above(&mut self, number: Option<usize>, cause: &Cause<'a>, link: Link) -> bool {
        let (mut next, mut kept) = (number, false);
        while let Some(number) = next {
            let place = self.forecast.current_by_path.nth(number);
            self.pull_one(place, cause, link);
            kept |= place.is_some_and(|place| self.is_held(place));
            next = self.forecast.current_by_path.above(number);
        }
        kept
    }

    /// Lets go of the current entry at `place` if it is kept, and `link` to `cause` matters.
    fn pull_one(&mut self, place: Option<u16>, cause: &Cause<'a>, link: Link) {
        let Some(place) = place.filter(|&place| self.is_held(place)) else { return };
        let Some(item) = self.current(place).filter(|item| self.is_linked(item, link)) else {
            return;
        };
        if link == Link::Shows && self.is_restored(place, item, cause) {
            return;
        }
        let after_undone = cause.undone.is_some_and(|undone| place > undone);
        let after_made = cause.made.is_some_and(|made| self.is_made_after(place, made, cause.path));
        let affected = match cause.rule {
            Rule::After => after_undone && link.matters_for_undone() || after_made,
            Rule::Swapped => after_undone != after_made,
        };
        if affected {
            self.let_go(place, link.reason(cause.which));
        }
    }

    /// Whether `item` shows the same without the mimic that goes, and through the one that comes: both
    /// bind what was there. What only the mimic had would be missing.
    fn is_restored(&self, place: u16, item: &Item<'_>, cause: &Cause<'a>) -> bool {
        let source = item.entry.source;
        match cause.which {
            Which::Mimic(comes) => self.is_bound_in(comes, source),
            Which::Current(at) if self.current(at).is_some_and(Item::is_mimic) => {
                let past = self.forecast.past.get(usize::from(at));
                let bound_again =
                    || past.is_some_and(|past| self.is_bound_in(past.kept_for, source));
                self.was_there_before(place, source, cause.path)
                    && (cause.made.is_none() || bound_again())
            }
            Which::Current(_) | Which::Desired(_) => false,
        }
    }

    /// Whether the mimic binds `source`, or a directory above it, as it is without the mimic.
    fn is_bound_in(&self, mimic: u16, source: &[u8]) -> bool {
        let bound = |(kind, len)| kind == NodeKind::Directory || len == source.len();
        self.forecast.child_at(mimic, source).is_some_and(bound)
    }

    /// Whether `source`, which the kept entry at `place` shows, was there before the directory `dir`
    /// became a mimic, with all that is in it.
    fn was_there_before(&self, place: u16, source: &[u8], dir: &[u8]) -> bool {
        let past = self.forecast.past.get(usize::from(place));
        let made = past.is_none_or(|past| self.forecast.need(past.kept_for).make_source);
        // What is mounted in the mimic may be on a mount point that was made in it.
        let inside = |at: u16| {
            let item = self.current(at).filter(|item| !item.is_synthetic());
            item.is_some_and(|item| item.entry.mount_point.len() > dir.len())
        };
        let index = &self.forecast.current_by_path;
        let below = index.subtree(source).filter_map(|number| index.nth(number));
        let mut around = index.at_or_above(source).chain(below);
        source != dir && !made && !around.any(inside)
    }

    /// Whether, in a fresh namespace, the kept entry at `place` is made after what is made at `path`
    /// at the time `made`. Of two mimics at one time the inner one is.
    fn is_made_after(&self, place: u16, made: Time, path: &[u8]) -> bool {
        let time = self.forecast.time_of_kept(place);
        let past = self.forecast.past.get(usize::from(place)).map_or(0, |past| past.kept_for);
        let synthetic = self.current(place).is_some_and(Item::is_synthetic);
        let mimic = self.forecast.mimics.get(usize::from(past)).filter(|_| synthetic);
        let inner = mimic.is_some_and(|slot| snap_path::parents_first(slot.dir, path).is_gt());
        time > made || time == made && inner
    }

    /// Whether the link that two paths suggest is one: only a mount hides or shows anything, only a
    /// recursive one copies what is mounted below its source, and a symbolic link is in the way of
    /// a source.
    fn is_linked(&self, item: &Item<'_>, link: Link) -> bool {
        match link {
            Link::StandsOn | Link::ShownBy => true,
            Link::Hides | Link::CopiedBy => item.shape.is_mount(),
            Link::Shows => item.shown().0.is_some(),
            Link::Copies => item.shown() == (Some(item.entry.source), Depth::Recursive),
        }
    }

    /// Turns a kept entry into one that goes, and comes again if it is desired.
    pub(crate) fn let_go(&mut self, place: u16, reason: Reason) {
        let Some(past) = self.forecast.past.get(usize::from(place)).copied() else { return };
        self.undo(place, reason);
        if self.current(place).is_some_and(Item::is_synthetic) {
            if let Some(slot) = self.forecast.mimics.get_mut(usize::from(past.kept_for)) {
                slot.kept_as = None;
            }
        } else if let Some(need) = self.forecast.needs.get_mut(usize::from(past.kept_for)) {
            (need.kept_as, need.reason) = (None, reason);
        }
        let _ = self.let_go.try_push(place);
    }

    fn undo(&mut self, place: u16, reason: Reason) {
        if let Some(past) = self.forecast.past.get_mut(usize::from(place)) {
            (past.fate, past.reason) = (Fate::Going, reason);
        }
    }
}
