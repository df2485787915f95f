//! What the current profile left where the snap may write: mount points and symbolic links that the
//! teardown will remove, unless somebody needs them.

use snap_mount_options::{Kind, Origin};
use snap_path::{parent, prefixes};
use snap_profile::{Item, Shape};

use crate::fault::{Fault, Limit, Role};
use crate::forecast::Forecast;
use crate::node::{Access, Ground, Look, NodeKind};
use crate::noted::Remains;
use crate::route::{Buffer, Log, Route, Space};
use crate::territory::is_usual;
use crate::view::FsView;

impl<'a> Forecast<'a> {
    /// Finds the remains.
    ///
    /// # Errors
    ///
    /// There is no room for their paths.
    pub fn find_remains(&mut self) -> Result<(), Limit> {
        self.remains.clear();
        self.names.clear();
        let mut buffer = Buffer::new_const();
        for (place, item) in (0_u16..).zip(self.all_current()) {
            let made = item.shape != Shape::EnsureDir && item.origin != Origin::Rootfs;
            // (What a run found it did not make.)
            let made = made && !item.is_found();
            let (path, role) = (item.entry.mount_point, Role::MountPoint);
            // By the path that it was created with: that is what the rule is asked about.
            let snaps = || parent(path).is_some_and(|dir| self.territory().contains(dir));
            if self.order.is_empty() || item.is_synthetic() || !made || !snaps() {
                continue;
            }
            let route = self.route_in(Log::Current, path, place.into(), role, &mut buffer);
            let live = |route: &Route<'_>| route.space == Space::Live && !route.read_only;
            let Some(route) = route.ok().filter(live) else { continue };
            let text = self.add_path(&route)?;
            // There is room for each entry.
            let _ = self.remains.try_push(Remains { place, text });
        }
        self.first_name = self.names.len();
        let (items, names) = (self.all_current(), &self.names[..]);
        snap_path::sort_by(&mut self.remains, |a, b| {
            a.path(items, names).cmp(b.path(items, names)).then(a.place.cmp(&b.place))
        });
        Ok(())
    }

    /// The remains at just `path`.
    fn remains_at(&self, path: &[u8]) -> impl Iterator<Item = u16> {
        let (items, names) = (self.all_current(), &self.names[..]);
        let before = |remains: &Remains| remains.path(items, names) < path;
        // Most paths that are asked for are above all of them.
        let any = self.remains.first().is_some_and(before);
        let start = if any { self.remains.partition_point(before) } else { 0 };
        let found = self.remains.get(start..).unwrap_or_default().iter();
        found.take_while(move |at| at.path(items, names) == path).map(|remains| remains.place)
    }

    pub(crate) fn has_any_remains(&self) -> bool {
        !self.remains.is_empty()
    }

    /// What is at the end of `route`, if at it or above it are remains that are of another kind than
    /// what an earlier entry needs there.
    pub(crate) fn look_at_remains(
        &self,
        route: &mut Route<'_>,
        role: Role,
        view: &mut dyn FsView,
    ) -> Result<Option<Look>, Fault> {
        if route.space != Space::Live || self.remains.is_empty() {
            return Ok(None);
        }
        for prefix in prefixes(route.path).filter(|prefix| self.has_remains(prefix)) {
            let Some(kind) = self.made_at(Space::Live, prefix) else { continue };
            if view.look(prefix, role)? == Look::Found(kind) && kind == NodeKind::Directory {
                continue;
            }
            let above = parent(prefix).unwrap_or_default();
            route.existing = above.len();
            let at = prefix.len();
            return Ok(Some(if at == route.path.len() {
                Look::Found(kind)
            } else if kind == NodeKind::Directory {
                self.with_made(route, above.len(), view.ground(above)?)
            } else {
                Look::Blocked { at, kind }
            }));
        }
        Ok(None)
    }

    /// The deepest directory of a route, of which the first `parent` bytes are there now, that will
    /// still be there after the teardown.
    pub(crate) fn above_remains(
        &self,
        route: &Route<'_>,
        parent: usize,
        ground: Ground,
        view: &mut dyn FsView,
    ) -> Result<(usize, Ground), Fault> {
        let dir = route.path.get(..parent).unwrap_or_default();
        let gone = route.space == Space::Live
            && self.has_remains(dir)
            && self.made_at(Space::Live, dir).is_none()
            && ground.access == Access::Writable
            && self.is_remains((dir, NodeKind::Directory), &[], view)?;
        match snap_path::parent(dir).filter(|_| gone) {
            Some(above) => Ok((above.len(), view.ground(above)?)),
            None => Ok((parent, ground)),
        }
    }

    /// Whether there are remains at just `path`.
    pub(crate) fn has_remains(&self, path: &[u8]) -> bool {
        !self.remains.is_empty() && self.remains_at(path).next().is_some()
    }

    /// Whether the current profile left `path`, which is of this `kind`, and nothing else is in it.
    /// For others than the entry that `asks`, by its mount point, what is used again is there.
    pub(crate) fn is_remains(
        &self,
        (path, kind): (&[u8], NodeKind),
        asks: &[u8],
        view: &mut dyn FsView,
    ) -> Result<bool, Fault> {
        for place in self.remains_at(path) {
            let Some(item) = self.current(place) else { break };
            let left = match (item.shape, kind) {
                (Shape::Directory, NodeKind::Directory) | (Shape::File, NodeKind::File) => {
                    !self.is_used_again(item, path) && view.is_vacant(path)?
                }
                (Shape::Symlink, NodeKind::Symlink) => match item.options().kind {
                    Kind::Symlink(target) => {
                        let own = item.entry.mount_point == asks;
                        (own || !self.is_used_again(item, path)) && view.leads_to(path, target)?
                    }
                    Kind::Directory | Kind::File | Kind::EnsureDir(_) => false,
                },
                (Shape::Directory | Shape::File | Shape::Symlink | Shape::EnsureDir, _) => false,
            };
            if left {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a route of the current profile ends in a tmpfs of ours that stays, where a fresh
    /// namespace has only what it creates. In the root file system those are the directories that
    /// snap-confine did not set up.
    pub fn is_own(&self, route: &Route<'_>) -> bool {
        match route.space {
            Space::Tmpfs(_) | Space::Mimic(_) => true,
            Space::Live => {
                let top = prefixes(route.path).nth(1).unwrap_or_default();
                self.rootfs.is_some() && !is_usual(top)
            }
            Space::Unknown => false,
        }
    }

    /// Whether what an entry of the current profile left at `path` is used again by the one that is
    /// desired in its place.
    fn is_used_again(&self, gone: &Item<'_>, path: &[u8]) -> bool {
        let mount_point = gone.entry.mount_point;
        let at = self.desired_by_path.find(mount_point);
        let Some(place) = at.filter(|&at| !self.need(at).left_out) else { return false };
        let mut buffer = Buffer::new_const();
        let time = self.time_of(place);
        let route = self.route(mount_point, time, Role::MountPoint, &mut buffer);
        // (A link is made anew, where something can be made.)
        let may = |route: &Route<'_>| gone.shape != Shape::Symlink || !route.read_only;
        let there =
            |route: Route<'_>| route.space == Space::Live && route.path == path && may(&route);
        let there = route.is_ok_and(there);
        there && self.desired(place).is_some_and(|item| item.shape == gone.shape)
    }
}
