//! What is found at a path, once the mounts that come before it are made.

use snap_mount_options::{Kind, Origin};
use snap_profile::{Item, Shape};

use crate::entries::Time;
use crate::fault::{Fault, Role};
use crate::forecast::Forecast;
use crate::node::{Access, FsKind, Ground, Look, NodeKind};
use crate::route::{Route, Space};
use crate::territory::is_usual;
use crate::view::FsView;

/// The ground of a tmpfs of ours.
const OWN: Ground = Ground { access: Access::Writable, fs: FsKind::Tmpfs };

impl Forecast<'_> {
    /// What is at the end of a route of an entry's path `role`; nothing when nobody knows.
    pub fn look(
        &self,
        route: &mut Route<'_>,
        role: Role,
        view: &mut dyn FsView,
    ) -> Result<Option<Look>, Fault> {
        if let Some(look) = self.look_at_remains(route, role, view)? {
            return Ok(Some(look));
        }
        let look = match route.space {
            Space::Unknown => return Ok(None),
            Space::Live if self.is_of_an_earlier_run(route.path, view)? => {
                Look::Missing { parent: 1, ground: view.ground(b"/")? }
            }
            Space::Live => view.look(route.path, role)?,
            Space::Tmpfs(_) | Space::Mimic(_) if route.path.len() == route.root => {
                Look::Found(NodeKind::Directory)
            }
            // A bind that is not recursive shows what the mimic's children are mounted on.
            Space::Mimic(mimic) => match self.child_at(mimic, route.path) {
                None => Look::Missing { parent: route.root, ground: OWN },
                Some((kind, len)) if len == route.path.len() => Look::Found(kind),
                Some((NodeKind::Directory, parent)) => Look::Missing { parent, ground: OWN },
                Some((kind, at)) => Look::Blocked { at, kind },
            },
            Space::Tmpfs(_) => Look::Missing { parent: route.root, ground: OWN },
        };
        Ok(match look {
            Look::Missing { parent, ground } => {
                let (parent, ground) = self.above_remains(route, parent, ground, view)?;
                route.existing = parent;
                match self.with_made(route, parent, route.ground(ground)) {
                    // The source of a bind that cannot be there, as far as anybody knows.
                    Look::Missing { parent, .. } if parent < route.replaced.1 => None,
                    look @ (Look::Found(_) | Look::Missing { .. } | Look::Blocked { .. }) => {
                        Some(look)
                    }
                }
            }
            Look::Found(_) | Look::Blocked { .. } => Some(look),
        })
    }

    /// Whether what is at `path`, if anything, was made by an earlier run in the root file system
    /// that snap-confine set up, which has nothing but the usual directories when it is new. A run
    /// in a new namespace would not find it.
    fn is_of_an_earlier_run(&self, path: &[u8], view: &mut dyn FsView) -> Result<bool, Fault> {
        let top = snap_path::prefixes(path).nth(1).unwrap_or_default();
        if self.rootfs.is_none() || !self.records || top.is_empty() || is_usual(top) {
            return Ok(false);
        }
        match view.look(top, Role::MountPoint)? {
            Look::Found(NodeKind::Directory) => view.same_fs(top, b"/"),
            Look::Found(NodeKind::File) => {
                let mut recorded = self.recorded_at(top);
                Ok(recorded.any(|item| item.shape == Shape::File) && view.is_vacant(top)?)
            }
            Look::Found(NodeKind::Symlink) => {
                let target = self.recorded_at(top).find_map(|item| match item.options().kind {
                    Kind::Symlink(target) => Some(target),
                    Kind::Directory | Kind::File | Kind::EnsureDir(_) => None,
                });
                target.map_or(Ok(false), |target| view.leads_to(top, target))
            }
            Look::Found(NodeKind::Special) | Look::Missing { .. } | Look::Blocked { .. } => {
                Ok(false)
            }
        }
    }

    /// What the current profile records at `path`, or shows of it.
    fn recorded_at(&self, path: &[u8]) -> impl Iterator<Item = &Item<'_>> {
        let places = self.current_by_path.at(path).chain(self.current_by_source.at(path));
        places.filter_map(|place| self.current(place))
    }

    /// Whether the directory `path` will be in a mount of this run, but for overnames, at `time`.
    pub(crate) fn lies_in_new_mount(&self, path: &[u8], time: Time) -> bool {
        self.desired_by_path.at_or_above(path).any(|place| {
            let overname = |item: &Item<'_>| item.origin == Origin::Overname;
            self.covers(place, time) && !self.desired(place).is_some_and(overname)
        })
    }
}
