//! What was created for entries that go: what of it stays, and what else has to go with it.

use snap_mount_options::Options;
use snap_ns_forecast::{
    Attributes, Buffer, Fate, Log, NodeKind, Reason, Role, Route, Space, Which, created_with,
};
use snap_path::parent;
use snap_profile::Shape;

use crate::plan::Plan;

impl<'a> Plan<'a> {
    /// Whether what was created at `path` for the current entry at `place` stays, because the desired
    /// profile needs the same there.
    pub(crate) fn stays(&self, place: u16, path: &[u8]) -> bool {
        let Some(item) = self.current(place).filter(|_| !self.forecast.makes_nothing()) else {
            return false;
        };
        let mut buffer = Buffer::new_const();
        let role = Role::MountPoint;
        let Ok(route) = self.forecast.route_in(Log::Current, path, place.into(), role, &mut buffer)
        else {
            return true;
        };
        let kind = if item.shape == Shape::File { NodeKind::File } else { NodeKind::Directory };
        let own = path == item.entry.mount_point;
        let options = if own { item.options() } else { Options::default() };
        self.is_needed(&route, kind, created_with(&options, path))
    }

    /// Lets go of what is kept and stands on something that was created for an entry that goes, with
    /// a mode or an owner that it would not get now. Tells whether there was anything.
    pub(crate) fn let_go_of_others(&mut self) -> bool {
        let mut any = false;
        for place in (0_u16..).take(self.forecast.all_current().len()) {
            let Some(item) = self.current(place).filter(|item| !item.is_synthetic()) else {
                continue;
            };
            if self.forecast.makes_nothing() || self.forecast.fate(place) == Fate::Kept {
                continue;
            }
            for path in [Some(item.entry.mount_point), item.shown().0].into_iter().flatten() {
                let mut buffer = Buffer::new_const();
                let (time, role) = (place.into(), Role::MountPoint);
                let Ok(route) = self.forecast.route_in(Log::Current, path, time, role, &mut buffer)
                else {
                    continue;
                };
                let own = path == item.entry.mount_point;
                let options = if own { item.options() } else { Options::default() };
                let as_now = self.forecast.made_attributes(route.space, route.path);
                if self.forecast.is_own(&route) && as_now != created_with(&options, path) {
                    self.made_otherwise |= self.forecast.made_at(route.space, route.path).is_some();
                    let kept = self.forecast.kept_maker(route.space, route.path);
                    if let Some(kept) = kept {
                        self.let_go(kept, Reason::Related(Which::Current(place)));
                        any = true;
                    }
                }
            }
        }
        any
    }

    /// How long the directory above `path` is that stays when `path`, created for the current entry
    /// at `place`, is removed. In a tmpfs of ours all go that are empty then and that nobody needs.
    pub(crate) fn tidy_below(&self, place: u16, path: &[u8]) -> usize {
        let (mut buffer, role) = (Buffer::new_const(), Role::MountPoint);
        let mut dir = parent(path).unwrap_or_default();
        loop {
            let route = self.forecast.route_in(Log::Current, dir, place.into(), role, &mut buffer);
            let gone = route.is_ok_and(|route| {
                let as_made = created_with(&Options::default(), dir);
                let below_root = route.path.len() > route.root.max(1);
                let needed = self.is_needed(&route, NodeKind::Directory, as_made);
                self.forecast.is_own(&route) && below_root && !needed
            });
            match parent(dir) {
                Some(above) if gone => dir = above,
                Some(_) | None => return dir.len(),
            }
        }
    }

    /// Whether the desired profile needs what is at the end of a route of the current one.
    fn is_needed(&self, route: &Route<'_>, kind: NodeKind, attributes: Attributes) -> bool {
        // In a tmpfs of ours a fresh namespace would give it the right mode and owner.
        let alike = || self.forecast.made_attributes(route.space, route.path) == attributes;
        self.forecast.made_at(route.space, route.path) == Some(kind)
            && (!self.forecast.is_own(route)
                || alike()
                || self.forecast.is_made_for_kept(route.space, route.path))
    }

    /// The tmpfs of ours, by its mount point, that the source of the current entry at `place` was
    /// created in, if it was. It is nobody's data then.
    pub(crate) fn own_of_source(&self, place: u16) -> Option<&'a [u8]> {
        let item = self.current(place).filter(|item| !item.is_synthetic())?;
        let source = item.shown().0?;
        let (mut buffer, role) = (Buffer::new_const(), Role::Source);
        let route =
            self.forecast.route_in(Log::Current, source, place.into(), role, &mut buffer).ok()?;
        if !self.forecast.is_own(&route) {
            return None;
        }
        match route.space {
            Space::Live => Some(b"/"),
            Space::Tmpfs(at) => self.desired(at).map(|item| item.entry.mount_point),
            Space::Mimic(at) => self.forecast.mimics.get(usize::from(at)).map(|slot| slot.dir),
            Space::Unknown => None,
        }
    }
}
