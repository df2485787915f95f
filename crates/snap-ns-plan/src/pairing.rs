//! Which mimics stand already, just as they would be made now.

use snap_ns_forecast::{Child, Fate, Log, NodeKind, Reason, Slot};
use snap_path::{PATH_MAX, Text, file_name, parent};
use snap_profile::{Item, Shape};

use crate::plan::Plan;
use crate::saved::push_tmpfs_options;

impl<'a> Plan<'a> {
    /// Pairs the mimics that stand with those that a fresh namespace would have.
    pub(crate) fn pair_mimics(&mut self) {
        for place in (0_u16..).take(self.forecast.all_current().len()) {
            let Some(item) = self.current(place) else { break };
            let mounted =
                self.forecast.past.get(usize::from(place)).is_some_and(|past| past.mounted);
            if !item.is_synthetic() || !item.is_tmpfs() || !mounted {
                continue;
            }
            let dir = item.entry.mount_point;
            let open = self.forecast.mimics_at(dir).filter(|&at| {
                self.forecast.mimics.get(usize::from(at)).is_some_and(|slot| slot.kept_as.is_none())
            });
            let wanted = open.min_by_key(|&at| self.forecast.mimic_time(at));
            let Some(mimic) = wanted else { continue };
            let same = self.covers_alike(mimic, place) && self.keep_children(mimic, place);
            if let Some(past) = self.forecast.past.get_mut(usize::from(place)) {
                past.kept_for = mimic;
                past.fate = if same { Fate::Kept } else { Fate::Going };
                past.reason = Reason::Changed;
            }
            if let Some(slot) = self.forecast.mimics.get_mut(usize::from(mimic)) {
                slot.kept_as = same.then_some(place);
                slot.reason = if same { slot.reason } else { Reason::Changed };
            }
        }
    }

    /// Whether the tmpfs that stands has the mode and owner that it would get now.
    fn covers_alike(&self, mimic: u16, place: u16) -> bool {
        let (Some(mimic), Some(item)) = (self.mimic(mimic), self.current(place)) else {
            return false;
        };
        let id = item.synthetic_for().unwrap_or_default();
        let mut options = Text::new();
        push_tmpfs_options(&mut options, &mimic, id)
            .is_some_and(|()| options.as_bytes() == item.entry.options)
    }

    /// Keeps the children of the mimic that stands with the tmpfs at `place`, if they are just those
    /// that it would get now.
    fn keep_children(&mut self, mimic: u16, place: u16) -> bool {
        let Some(slot) = self.forecast.mimics.get(usize::from(mimic)).copied() else {
            return false;
        };
        // The options of the tmpfs have told it all.
        if self.mimic(mimic).is_some_and(|mimic| mimic.summary().is_some()) {
            return true;
        }
        let kinds = self.forecast.children_of(&slot).iter().map(|child| child.kind);
        let wanted = kinds.filter(|kind| kind.is_listed()).count();
        let below = self.forecast.current_by_path.subtree(slot.dir);
        let mut found = 0_usize;
        for at in below.clone() {
            let at = self.forecast.current_by_path.nth(at);
            let Some((at, item)) = at.and_then(|at| self.part(&slot, place, at)) else { continue };
            if !self.stands_alike(&slot, at, item) {
                return false;
            }
            found = found.saturating_add(1);
        }
        if found != wanted || self.shows_other_links(&slot, place) {
            return false;
        }
        for at in below {
            let at = self.forecast.current_by_path.nth(at);
            let part = at.and_then(|at| self.part(&slot, place, at));
            let past = part.and_then(|(at, _)| self.forecast.past.get_mut(usize::from(at)));
            if let Some(past) = past {
                (past.fate, past.kept_for) = (Fate::Kept, mimic);
            }
        }
        true
    }

    /// Whether the mimic that stands shows other symbolic links than it would now: they are not
    /// recorded, but what was put in the place of one is.
    fn shows_other_links(&self, slot: &Slot<'_>, cover: u16) -> bool {
        let put_there = |name: &[u8]| {
            let mut path = Text::<PATH_MAX>::new();
            path.push(slot.dir).and_then(|()| path.push(b"/")).and_then(|()| path.push(name))?;
            self.forecast.current_by_path.at(path.as_bytes()).find(|&at| {
                let latest = self.forecast.latest_mount(Log::Current, slot.dir, at.into());
                self.current(at).is_some_and(|item| !item.is_synthetic())
                    && latest.is_some_and(|(time, _)| time == cover.into())
            })
        };
        // An entry that stays may have found a link with its target.
        let other = |at: u16| self.forecast.fate(at) != Fate::Kept;
        let links = |child: &&Child| child.kind == NodeKind::Symlink;
        let shown = self.forecast.children_of(slot).iter().filter(links);
        let start = slot.listed.first_child.saturating_add(slot.listed.children) as usize;
        let omitted = start..start.saturating_add(slot.listed.omitted as usize);
        let omitted = self.forecast.children.get(omitted).unwrap_or_default().iter().filter(links);
        shown
            .map(|child| child.name(&self.forecast.names))
            .any(|name| put_there(name).is_some_and(other))
            || omitted
                .map(|child| child.name(&self.forecast.names))
                .any(|name| put_there(name).is_none())
    }

    /// The current entry at `at`, if it is a child of the mimic of the tmpfs at `cover`.
    fn part(&self, slot: &Slot<'_>, cover: u16, at: u16) -> Option<(u16, &'a Item<'a>)> {
        let item = self.current(at).filter(|item| item.is_synthetic() && !item.is_tmpfs())?;
        let path = item.entry.mount_point;
        let part =
            parent(path) == Some(slot.dir) && self.forecast.cover_of(path, at) == Some(cover);
        part.then_some((at, item))
    }

    /// Whether this child stands, and the mimic would have it now.
    fn stands_alike(&self, slot: &Slot<'_>, at: u16, item: &Item<'_>) -> bool {
        let kind = self.forecast.child_kind(slot, file_name(item.entry.mount_point));
        self.forecast.past.get(usize::from(at)).is_some_and(|past| past.mounted)
            && matches!(
                (kind, item.shape),
                (Some(NodeKind::Directory), Shape::Directory)
                    | (Some(NodeKind::File | NodeKind::Special), Shape::File)
            )
    }

    /// Whether a mimic that stays is needed by another entry than is recorded.
    pub(crate) fn records_other_needer(&self) -> bool {
        self.forecast.mimics.iter().any(|slot| {
            let id = self.desired(slot.needed_by).map(Item::id);
            let kept = slot.kept_as.and_then(|place| self.current(place));
            kept.is_some_and(|item| item.synthetic_for() != id)
        })
    }
}
