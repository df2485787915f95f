//! What has to be made again because something else is undone, made, or moved in the order.
//!
//! An entry that is kept must stand in the namespace just as it would in a fresh one. Two entries none
//! of whose paths is at, above or below one of the other do not see each other, in whichever order
//! they are mounted. So the set of what is kept is closed: whatever is related in this way to
//! something that goes or comes, and comes later, goes too and comes again. (docs/architecture.md,
//! "The planner".)

use snap_mount_options::Origin;
use snap_ns_forecast::{Fate, NodeKind, Reason, Time, Which};
use snap_path::{is_at_or_below, parent};
use snap_profile::{Around, Index, Item, Key};

use crate::plan::Plan;

/// Something that is not kept, and what follows from it.
#[derive(Clone, Copy)]
struct Cause<'a> {
    which: Which,
    path: &'a [u8],
    /// What it shows at its mount point.
    source: Option<&'a [u8]>,
    /// Its place in the current profile, when it is undone.
    undone: Option<u16>,
    /// When it is made, in the order of application.
    made: Option<Time>,
    rule: Rule,
}

/// When what is related to a cause is affected by it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// When it came after what is undone, or would come after what is made.
    After,
    /// When the two were mounted in another order than they would be now.
    Swapped,
}

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
        let source = if item.is_mimic() { Some(path) } else { item.shown().0 };
        let (which, undone) = (Which::Current(place), Some(place));
        Some(Cause { which, path, source, undone, made, rule: Rule::After })
    }

    fn cause_made(&self, place: u16) -> Option<Cause<'a>> {
        let item = self.desired(place)?;
        Some(Cause {
            which: Which::Desired(place),
            path: item.entry.mount_point,
            source: item.shown().0,
            undone: None,
            made: Some(self.forecast.time_of(place)),
            rule: Rule::After,
        })
    }

    /// When what an entry of the current profile was kept for until now is made.
    fn time_when_made(&self, place: u16) -> Option<Time> {
        self.current(place).map(|_| self.forecast.time_of_kept(place))
    }

    /// Lets go of all that is kept, comes later than `cause`, and has one of its two paths at, above or
    /// below one of that: it may stand on it, hide it, show it, or be shown by it.
    fn pull(&mut self, cause: &Cause<'a>) {
        self.pull_related(Key::Source, cause.path, cause);
        self.pull_related(Key::MountPoint, cause.path, cause);
        if let Some(source) = cause.source.filter(|&source| source != cause.path) {
            self.pull_related(Key::MountPoint, source, cause);
        }
    }

    /// The same for what has its mount point, or its source, at, above or below `path`.
    fn pull_related(&mut self, key: Key, path: &[u8], cause: &Cause<'a>) {
        let Around { above, at, below } = self.current_by(key).around(path);
        for number in at.start..below.end {
            self.pull_one(key, number, cause);
        }
        let mut next = above;
        while let Some(number) = next {
            self.pull_one(key, number, cause);
            next = self.current_by(key).above(number);
        }
    }

    fn current_by(&self, key: Key) -> &Index<'a> {
        match key {
            Key::MountPoint => &self.forecast.current_by_path,
            Key::Source => &self.forecast.current_by_source,
        }
    }

    /// Lets go of the current entry with this number if it is kept and comes later than `cause`; one
    /// that is found by its source, if that is another one now.
    fn pull_one(&mut self, key: Key, number: usize, cause: &Cause<'a>) {
        let place = self.current_by(key).nth(number).filter(|&place| self.is_held(place));
        let Some((place, item)) = place.and_then(|place| Some((place, self.current(place)?)))
        else {
            return;
        };
        if key == Key::Source && (item.shown().0.is_none() || self.is_restored(place, item, cause))
        {
            return;
        }
        let after_undone = cause.undone.is_some_and(|undone| place > undone);
        let after_made = cause.made.is_some_and(|made| self.is_made_after(place, made, cause.path));
        let affected = match cause.rule {
            Rule::After => after_undone || after_made,
            Rule::Swapped => after_undone != after_made,
        };
        if affected {
            self.let_go(place, Reason::Related(cause.which));
        }
    }

    /// Whether `item` shows the same without the mimic that goes, and through the one that comes: both
    /// bind what was there. What only the mimic had would be missing.
    fn is_restored(&self, place: u16, item: &Item<'_>, cause: &Cause<'a>) -> bool {
        let source = item.entry.source;
        if !is_at_or_below(source, cause.path) {
            return false;
        }
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
