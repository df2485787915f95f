//! What stands in the way of an entry, and how it makes way.

use snap_mount_options::{IfMissing, Kind, Origin};
use snap_path::{PATH_MAX, file_name, parent};
use snap_profile::{Item, Shape};

use crate::changes::Time;
use crate::fault::{Fault, Role, What};
use crate::forecast::{Route, Space};
use crate::plan::Plan;
use crate::survey::Asked;
use crate::territory::Territory;
use crate::view::{Access, FsKind, FsView, Ground, Look, NodeKind};

impl<'a> Plan<'a> {
    /// Why nothing can be created in `dir`, which `route` leads to or through and which is `live`
    /// there; none if something can. What the rule says when it comes to it (see `territory`).
    pub(crate) fn wall(
        &self,
        dir: &[u8],
        (route, live): (&Route<'_>, &[u8]),
        ground: Ground,
        time: Time,
        view: &mut dyn FsView,
    ) -> Result<Option<What>, Fault> {
        let host = Ok(Some(What::WouldShowOnHost));
        match (ground.access, ground.fs) {
            (Access::ReadOnly, _) => return Ok(Some(What::ReadOnly)),
            (Access::Writable, _) if self.territory().contains(dir) => return Ok(None),
            (Access::Writable, FsKind::Other) => return host,
            (Access::Writable, FsKind::Tmpfs) => {}
        }
        let Some(root) = self.own_tmpfs_above(dir, time).and_then(|len| dir.get(..len)) else {
            return host;
        };
        let mut buffer = [0; PATH_MAX];
        let there = self.route(root, time, Role::MountPoint, &mut buffer)?;
        let same = match (route.space, there.space) {
            (Space::Live, Space::Live) => view.same_fs(live, there.path)?,
            (space, other) => space == other && space != Space::Unknown,
        };
        if same { Ok(None) } else { host }
    }

    /// What is at the end of `route` without what is left of the current profile: mount points
    /// and symbolic links that the teardown will remove.
    pub(crate) fn without_remains(
        &self,
        asked: &Asked<'a>,
        (path, role): (&[u8], Role),
        route: &Route<'_>,
        look: Look,
        view: &mut dyn FsView,
    ) -> Result<Look, Fault> {
        let (len, kind) = match look {
            Look::Found(kind) => (route.path.len(), kind),
            Look::Blocked { at, kind } => (at, kind),
            Look::Missing { .. } => return Ok(look),
        };
        if route.space != Space::Live {
            return Ok(look);
        }
        let remains = route.path.get(..len).unwrap_or_default();
        if !self.is_remains(remains, kind, role, view)? {
            return Ok(look);
        }
        let live_dir = parent(remains).unwrap_or_default();
        let dir = path.get(..route.asked_len(len)).and_then(parent).unwrap_or_default();
        let ground = route.ground(view.ground(live_dir)?);
        match self.wall(dir, (route, live_dir), ground, asked.time, view)? {
            None => Ok(Look::Missing { parent: live_dir.len(), ground }),
            // Nobody made it, nobody will remove it.
            Some(_) => Ok(look),
        }
    }

    /// Whether an entry of the current profile left `path`, which is of this `kind`, and it will be
    /// removed. (A mount point that is also somebody's source stays, and so does one that is used
    /// again.)
    fn is_remains(
        &self,
        path: &[u8],
        kind: NodeKind,
        role: Role,
        view: &mut dyn FsView,
    ) -> Result<bool, Fault> {
        for place in self.current_by_path.at(self.all_current(), path) {
            let Some(item) = self.current(place) else { break };
            if item.is_synthetic() || item.origin == Origin::Rootfs {
                continue;
            }
            let left = match (item.shape, kind) {
                (Shape::Directory, NodeKind::Directory) | (Shape::File, NodeKind::File) => {
                    role != Role::Source && !self.is_used_again(item) && view.is_vacant(path)?
                }
                (Shape::Symlink, NodeKind::Symlink) => match item.options().kind {
                    Kind::Symlink(target) => view.leads_to(path, target)?,
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

    /// Something of another kind is at the mount point of an entry, which is a `fault`. On a
    /// read-only file system a mimic of the directory does not show it; elsewhere it is in the way.
    pub(crate) fn make_way(
        &mut self,
        asked: &Asked<'a>,
        path: &'a [u8],
        fault: Fault,
        view: &mut dyn FsView,
    ) -> Result<(), Fault> {
        let role = fault.place.role;
        let user = matches!(self.territory(), Territory::User { .. });
        let creates = asked.options.if_missing == IfMissing::Create;
        let there = matches!(fault.what, What::Found(_));
        let may = there && role == Role::MountPoint && creates && !user;
        let Some(dir) = parent(path).filter(|_| may) else { return Err(fault) };
        let mut buffer = [0; PATH_MAX];
        let route = self.route(dir, asked.time, role, &mut buffer)?;
        let name = file_name(path);
        if let Some(mimic) = route.mimic_root() {
            return if self.omit_child(mimic, name) { Ok(()) } else { Err(fault) };
        }
        if route.space != Space::Live
            || route.ground(view.ground(route.path)?).access == Access::Writable
        {
            return Err(fault);
        }
        self.plan_mimic(asked, dir, fault, name, view)
    }

    /// Whether the mount point of an entry that goes stays, because the one that comes can use it:
    /// both are the same kind of thing, with the same mode and owner.
    pub(crate) fn is_used_again(&self, gone: &Item<'_>) -> bool {
        let path = gone.entry.mount_point;
        let (at, _) = self.desired_by_path.first_at(self.all_desired(), path, 0);
        // In a tmpfs of ours it may have been made for something else, with another mode.
        let Some(place) =
            at.filter(|&at| !self.need(at).left_out && self.own_ground(path).is_none())
        else {
            return false;
        };
        self.desired(place).is_some_and(|item| {
            let hints =
                |options: snap_mount_options::Options<'_>| (options.mode, options.uid, options.gid);
            item.shape == gone.shape && hints(item.options()) == hints(gone.options())
        })
    }
}
