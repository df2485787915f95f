//! What stands in the way of an entry, and how it makes way.

use snap_mount_options::Origin;
use snap_path::{file_name, is_at_or_below, parent};

use crate::entries::{Asked, Time};
use crate::fault::{Fault, Role, What};
use crate::forecast::Forecast;
use crate::node::{Access, FsKind, Ground, Look};
use crate::route::{Buffer, Log, Route, Space};
use crate::territory::Territory;
use crate::view::FsView;

/// What lives, with many others in it: the host's part of none of these, and of no directory above
/// them, is left out of sight for a layout.
const VITAL: [&[u8]; 10] = [
    b"/dev",
    b"/proc",
    b"/run",
    b"/sys",
    b"/tmp",
    b"/home",
    b"/root",
    b"/snap",
    b"/var/snap",
    b"/var/lib/snapd",
];

fn is_above_vital(dir: &[u8]) -> bool {
    VITAL.iter().any(|vital| is_at_or_below(vital, dir))
}

impl<'a> Forecast<'a> {
    /// Why nothing can be created in `dir`, which `route` leads to or through and which is `live`
    /// there; none if something can. What the rule says when it comes to it (see `territory`).
    pub fn wall(
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
        let own = match self.own_tmpfs(Log::Desired, dir, time).and_then(|len| dir.get(..len)) {
            Some(root) if route.space == Space::Live => view.same_fs(live, root)?,
            own => own.is_some(),
        };
        if own { Ok(None) } else { host }
    }

    /// What is at the end of `route` without what is left of the current profile: mount points
    /// and symbolic links that the teardown will remove.
    pub(crate) fn without_remains(
        &self,
        asks: &[u8],
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
        if self.made_at(Space::Live, remains).is_some()
            || !self.is_remains((remains, kind), asks, view)?
        {
            return Ok(look);
        }
        let live_dir = parent(remains).unwrap_or_default();
        let ground = view.ground(live_dir)?;
        match ground.access {
            // The teardown comes before the mounts that this route leads through.
            Access::Writable => {
                Ok(Look::Missing { parent: live_dir.len(), ground: route.ground(ground) })
            }
            // Nobody will remove it.
            Access::ReadOnly => Ok(look),
        }
    }

    /// Something of another kind is at the mount point of an entry, which is a `fault`. On a
    /// read-only file system a mimic of the directory does not show it, nor does one of the host's
    /// directories for a layout; where something may be created it is in the way.
    pub(crate) fn make_way(
        &mut self,
        asked: &Asked<'a>,
        path: &'a [u8],
        fault: Fault,
        view: &mut dyn FsView,
    ) -> Result<(), Fault> {
        let role = fault.place.role;
        let user = matches!(self.territory(), Territory::User { .. });
        let creates = !asked.item.ignores_missing();
        let there = matches!(fault.what, What::Found(_) | What::OldLink(_));
        let may = there && asked.good && role == Role::MountPoint && creates && !user;
        let Some(dir) = parent(path).filter(|_| may) else { return Err(fault) };
        let mut buffer = Buffer::new_const();
        let route = self.route(dir, asked.time, role, &mut buffer)?;
        let name = file_name(path);
        // Where the mimic is seen through a bind it is somebody else's, too.
        if let Some(mimic) = route.mimic_root().filter(|_| route.replaced == (0, 0)) {
            return if self.omit_child(mimic, name) { Ok(()) } else { Err(fault) };
        }
        if route.space != Space::Live {
            return Err(fault);
        }
        let ground = route.ground(view.ground(route.path)?);
        // What another entry shows there is not the host's.
        let hosts = asked.item.origin == Origin::Layout && route.replaced == (0, 0);
        let what = match self.wall(dir, (&route, route.path), ground, asked.time, view)? {
            Some(What::ReadOnly) => fault.what,
            Some(wall) if hosts && !is_above_vital(dir) => wall,
            Some(_) | None => return Err(fault),
        };
        self.plan_mimic(asked, dir, Fault { what, ..fault }, name, view)
    }
}
