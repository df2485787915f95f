//! Finding entries by mount point, or by source.

use core::cell::Cell;
use core::ops::Range;

use arrayvec::ArrayVec;
use snap_path::{is_at_or_below, parents_first};

use crate::item::Item;
use crate::load::ENTRIES_MAX;

/// What entries are found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Their mount point.
    MountPoint,
    /// Their source; what is no path comes to stand where no path is looked for.
    Source,
}

/// The entries of a profile, ordered by a path of theirs: parents first, a directory and all below
/// it together; of equal paths the earlier entry first.
#[derive(Debug)]
pub struct Index<'a> {
    key: Key,
    items: Option<&'a [Item<'a>]>,
    slots: ArrayVec<Slot, ENTRIES_MAX>,
    /// What the last two searches found, the lower number first: two kinds of paths are asked for in
    /// turn, each nearly in order.
    found: [Cell<usize>; 2],
}

/// An entry in the order.
#[derive(Clone, Copy, Debug)]
struct Slot {
    place: u16,
    /// The number, in the order, of the nearest entry before this one that is at its path or above
    /// it; [`NONE`] if there is none. While sorting, [`FIRST`] if the one before is known to have
    /// another path.
    above: u16,
    /// While sorting: a part of the path.
    word: u32,
}

const NONE: u16 = u16::MAX;
const FIRST: u16 = 0;

impl<'a> Index<'a> {
    /// An index of nothing.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "it is only ever a static or a buffer")]
    pub const fn new() -> Self {
        let found = [Cell::new(0), Cell::new(0)];
        Self { key: Key::MountPoint, items: None, slots: ArrayVec::new_const(), found }
    }

    /// Orders `items` by `key`.
    pub fn fill(&mut self, key: Key, items: &'a [Item<'a>]) {
        (self.key, self.items) = (key, Some(items));
        self.slots.clear();
        let places = (0_u16..).take(items.len().min(ENTRIES_MAX));
        self.slots.extend(places.map(|place| Slot { place, above: NONE, word: 0 }));
        self.found.iter().for_each(|found| found.set(0));
        let paths = items.iter().map(|item| key.of(item));
        let mut skip = paths.reduce(common).map_or(0, <[u8]>::len);
        while self.sort_words(skip) {
            skip = skip.saturating_add(WORD);
        }
        self.find_above();
    }

    /// Forgets the entries, by their places, that are not to be kept.
    pub fn retain(&mut self, keep: impl Fn(u16) -> bool) {
        self.slots.retain(|slot| keep(slot.place));
        self.found.iter().for_each(|found| found.set(0));
        self.find_above();
    }

    fn find_above(&mut self) {
        for at in 0..self.slots.len() {
            let above = self.nearest(at, self.path(at));
            if let Some(slot) = self.slots.get_mut(at) {
                slot.above = above.and_then(|above| u16::try_from(above).ok()).unwrap_or(NONE);
            }
        }
    }

    /// Sorts each run of entries whose paths have the same first `skip` bytes by the word that
    /// follows. Tells whether there is more to be sorted.
    fn sort_words(&mut self, skip: usize) -> bool {
        let (key, items) = (self.key, self.items.unwrap_or_default());
        let mut more = false;
        for run in
            self.slots.chunk_by_mut(|_, next| next.above != FIRST).filter(|run| run.len() > 1)
        {
            for slot in &mut *run {
                let item = items.get(usize::from(slot.place));
                slot.word = item.map_or(0, |item| word(key.of(item), skip));
            }
            run.sort_unstable_by_key(|slot| (slot.word, slot.place));
            let mut last = None;
            for slot in run {
                if last != Some(slot.word) {
                    slot.above = FIRST;
                } else if slot.word.to_be_bytes().last() != Some(&0) {
                    more = true;
                }
                last = Some(slot.word);
            }
        }
        more
    }

    /// The places in order.
    pub fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        self.slots.iter().map(|slot| slot.place)
    }

    /// The place that is number `at` in the order.
    pub fn nth(&self, at: usize) -> Option<u16> {
        self.slots.get(at).map(|slot| slot.place)
    }

    fn path_of(&self, slot: &Slot) -> &'a [u8] {
        let item = self.items.and_then(|items| items.get(usize::from(slot.place)));
        item.map_or(&[], |item| self.key.of(item))
    }

    fn path(&self, at: usize) -> &'a [u8] {
        self.slots.get(at).map_or(&[], |slot| self.path_of(slot))
    }

    /// How many entries do not come behind `path` in the order.
    fn end_of(&self, path: &[u8]) -> usize {
        let not_behind = |slot: &Slot| parents_first(self.path_of(slot), path).is_le();
        let before = |end: usize| self.slots.get(end).is_some_and(not_behind);
        let reaches = |end: usize| end.checked_sub(1).is_none_or(before);
        let [low, high] = [&self.found[0], &self.found[1]];
        // The end is in `from..=to`.
        let (found, mut from, mut to) = if before(high.get()) {
            (high, high.get().saturating_add(1), self.slots.len())
        } else if reaches(high.get()) {
            return high.get();
        } else if before(low.get()) {
            (low, low.get().saturating_add(1), high.get())
        } else if reaches(low.get()) {
            return low.get();
        } else {
            (low, 0, low.get())
        };
        // It is probably near the start.
        let mut step = 1_usize;
        while let next = from.saturating_add(step)
            && next <= to
        {
            if !reaches(next) {
                to = next;
                break;
            }
            (from, step) = (next, step.saturating_mul(2));
        }
        let rest = self.slots.get(from..to).unwrap_or_default();
        let end = from.saturating_add(rest.partition_point(not_behind));
        found.set(end);
        end
    }

    /// The last entry before number `end` that is at `path` or above it, where no entry from `end` on
    /// comes before `path`.
    fn nearest(&self, end: usize, path: &[u8]) -> Option<usize> {
        // What is above `path` is above all that stands between the two, too.
        let mut at = end.checked_sub(1)?;
        while !is_at_or_below(path, self.path(at)) {
            at = self.above(at)?;
        }
        Some(at)
    }

    /// The last entry with just this path.
    #[must_use]
    pub fn find(&self, path: &[u8]) -> Option<u16> {
        // Mostly it is the one behind the last that was found.
        let [_, found] = &self.found;
        let next = found.get();
        let behind = next.saturating_add(1);
        if next < self.slots.len() && self.path(next) == path && self.path(behind) != path {
            found.set(behind);
            return self.nth(next);
        }
        let last = self.end_of(path).checked_sub(1)?;
        if self.path(last) == path { self.nth(last) } else { None }
    }

    /// The number of the last entry at `path` or above it.
    fn lowest(&self, path: &[u8]) -> Option<usize> {
        self.nearest(self.end_of(path), path)
    }

    /// The number of the last entry before number `at` that is at its path or above it.
    pub fn above(&self, at: usize) -> Option<usize> {
        self.slots.get(at).filter(|slot| slot.above != NONE).map(|slot| slot.above.into())
    }

    /// The numbers of the entries at or below `path`.
    pub fn subtree(&self, path: &[u8]) -> Range<usize> {
        let around = self.around(path);
        around.at.start..around.below.end
    }

    /// What stands around `path` in the order.
    pub fn around(&self, path: &[u8]) -> Around {
        let end = self.end_of(path);
        let mut start = end;
        while let Some(last) = start.checked_sub(1).filter(|&last| self.path(last) == path) {
            start = last;
        }
        let below = |slot: &Slot| is_at_or_below(self.path_of(slot), path);
        let rest = self.slots.get(end..).unwrap_or_default();
        let len = if rest.first().is_some_and(below) { rest.partition_point(below) } else { 0 };
        let above = if start < end { self.above(start) } else { self.nearest(start, path) };
        Around { above, at: start..end, below: end..end.saturating_add(len) }
    }

    /// The entries with a path that is `path` or a directory above it: the lowest first, of equal
    /// paths the last one.
    pub fn at_or_above(&self, path: &[u8]) -> impl Iterator<Item = u16> + '_ {
        core::iter::successors(self.lowest(path), |&at| self.above(at))
            .filter_map(|at| self.nth(at))
    }

    /// The entries with just this path, the last one first.
    pub fn at(&self, path: &[u8]) -> impl Iterator<Item = u16> + '_ {
        let len = path.len();
        core::iter::successors(self.lowest(path), |&at| self.above(at))
            .take_while(move |&at| self.path(at).len() == len)
            .filter_map(|at| self.nth(at))
    }
}

/// The numbers of entries whose paths have to do with one path.
#[derive(Clone, Debug)]
pub struct Around {
    /// The last one above it.
    pub above: Option<usize>,
    /// Those at just this path.
    pub at: Range<usize>,
    /// Those below it.
    pub below: Range<usize>,
}

impl Key {
    fn of<'a>(self, item: &Item<'a>) -> &'a [u8] {
        match self {
            Self::MountPoint => item.entry.mount_point,
            Self::Source => item.entry.source,
        }
    }
}

/// What both begin with.
fn common<'p>(a: &'p [u8], b: &[u8]) -> &'p [u8] {
    if b.starts_with(a) {
        return a;
    }
    let len = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    a.get(..len).unwrap_or_default()
}

/// How many bytes are compared at once when paths are sorted.
const WORD: usize = size_of::<u32>();

/// The bytes of `path` behind `skip`, as if it ended in `/` like a directory, as a number.
fn word(path: &[u8], skip: usize) -> u32 {
    let path = if path == b"/" { b"" } else { path };
    let Some(rest) = path.get(skip..) else { return 0 };
    let mut bytes = [0; WORD];
    if let Some(whole) = rest.first_chunk() {
        bytes = *whole;
    } else {
        bytes.iter_mut().zip(rest.iter().chain(b"/")).for_each(|(byte, &from)| *byte = from);
    }
    u32::from_be_bytes(bytes)
}
