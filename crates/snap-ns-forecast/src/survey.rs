//! Looking at every entry before anything is touched, as if all were made in a fresh namespace:
//! what has to be created, which directories have to be made writable, what cannot work at all.

use snap_mount_options::{Depth, Kind, Operation, Options, Origin};
use snap_path::PATH_MAX;
use snap_profile::{Item, Shape};

use crate::entries::{Asked, Need, Time};
use crate::fault::{Call, Errno, Fault, Limit, Role, What};
use crate::forecast::Forecast;
use crate::mimic::NAME_MAX;
use crate::node::{Access, Look, NodeKind};
use crate::route::{Buffer, Route, Space};
use crate::view::FsView;

/// The most data of a file system that fits mount(2)'s one page with mode and owner behind it.
const DATA_MAX: usize = 4096 - 40;

/// What the kernel says of a longer one (errno(3)).
const ENAMETOOLONG: Errno = 36;

/// What one path of an entry needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PathNeed {
    Nothing,
    Create,
    /// The entry says to ignore that the path is missing.
    Ignore,
}

impl<'a> Forecast<'a> {
    /// Looks at one entry of the desired profile.
    pub(crate) fn survey_entry(&mut self, place: u16, item: &'a Item<'a>, view: &mut dyn FsView) {
        let Need { doubtful: kept, hopeless, .. } = self.need(place);
        if hopeless && !kept {
            return;
        }
        self.own_doing = false;
        let (source, mount_point) = self.survey_paths(place, item, view);
        let [make_source, make_mount_point] =
            [source, mount_point].map(|need| need == Ok(PathNeed::Create));
        let fault = source.err().or(mount_point.err());
        let bad = fault.is_some() || [source, mount_point].contains(&Ok(PathNeed::Ignore));
        // What another entry of this run is in the way of could not stand in a fresh namespace.
        let conflict = core::mem::take(&mut self.own_doing);
        if let Some(need) = self.needs.get_mut(usize::from(place)) {
            (need.make_source, need.make_mount_point) = (make_source, make_mount_point);
            need.left_out = bad && !kept;
            need.conflict = conflict;
            // What could not be looked at once would be half known: it is not looked at again.
            let unknown = fault.is_some_and(|fault| matches!(fault.what, What::Failed(..)));
            need.hopeless |= unknown && !kept;
        }
        if bad && !kept && make_source {
            self.forget_made(place);
        }
        if let Some(fault) = fault {
            // There is room for each entry.
            let _ = self.faults.try_push((place, fault));
        }
    }

    /// Looks at both paths of an entry; at the second one only if the first is good, or the entry
    /// stands and keeps what its mount point needs.
    fn survey_paths(
        &mut self,
        place: u16,
        item: &'a Item<'a>,
        view: &mut dyn FsView,
    ) -> (Result<PathNeed, Fault>, Result<PathNeed, Fault>) {
        let entry = &item.entry;
        let nothing = Ok(PathNeed::Nothing);
        let wanted = match item.shape {
            Shape::Symlink => NodeKind::Symlink,
            Shape::Directory | Shape::EnsureDir => NodeKind::Directory,
            Shape::File => NodeKind::File,
        };
        let time = self.time_of(place);
        let asked = Asked { place, item, time, wanted, good: true };
        let mut source = nothing;
        if item.shape == Shape::EnsureDir {
            source = self.survey_must_exist(item, time, view);
        } else if wanted != NodeKind::Symlink && matches!(item.operation, Operation::Bind(_)) {
            let recursive = item.operation == Operation::Bind(Depth::Recursive);
            source = if recursive && item.is_read_only() && !view.has_tree_flags() {
                Err(Fault::new(What::RecursiveReadOnly, Role::Source))
            } else {
                self.survey_path(&asked, (entry.source, Role::Source), view)
            };
        }
        let source = source.and_then(|need| check_texts(item).map(|()| need));
        let good = matches!(source, Ok(PathNeed::Nothing | PathNeed::Create));
        let mount_point = if good || self.need(place).doubtful {
            let asked = Asked { good, ..asked };
            self.survey_path(&asked, (entry.mount_point, Role::MountPoint), view)
        } else {
            nothing
        };
        (source, mount_point)
    }

    /// Whether the directory that an ensure-dir entry needs is there.
    fn survey_must_exist(
        &self,
        item: &Item<'_>,
        time: Time,
        view: &mut dyn FsView,
    ) -> Result<PathNeed, Fault> {
        let role = Role::MustExistDir;
        let Kind::EnsureDir(dir) = item.options().kind else { return Ok(PathNeed::Nothing) };
        if !snap_path::is_at_or_below(item.entry.mount_point, dir) {
            return Err(Fault::new(What::NotBelow, role));
        }
        let mut buffer = Buffer::new_const();
        let mut route = self.route(dir, time, role, &mut buffer)?;
        match self.look(&mut route, role, view)? {
            None | Some(Look::Found(NodeKind::Directory)) => Ok(PathNeed::Nothing),
            Some(Look::Found(kind)) => Err(Fault::new(route.found(kind), role)),
            Some(Look::Missing { .. } | Look::Blocked { .. }) => {
                Err(Fault::new(What::Missing, role))
            }
        }
    }

    fn survey_path(
        &mut self,
        asked: &Asked<'a>,
        (path, role): (&'a [u8], Role),
        view: &mut dyn FsView,
    ) -> Result<PathNeed, Fault> {
        let mut buffer = Buffer::new_const();
        let mut route = self.route(path, asked.time, role, &mut buffer)?;
        let need = self.survey_route(asked, (path, role), &mut route, view);
        self.own_doing |= match need {
            Ok(PathNeed::Nothing | PathNeed::Create) => false,
            Err(Fault { what: What::WillFind(_), .. }) => true,
            Ok(PathNeed::Ignore) | Err(_) => route.space != Space::Live,
        };
        need
    }

    fn survey_route(
        &mut self,
        asked: &Asked<'a>,
        (path, role): (&'a [u8], Role),
        route: &mut Route<'_>,
        view: &mut dyn FsView,
    ) -> Result<PathNeed, Fault> {
        // What cannot be looked at yet is created when it turns out to be missing, unless that is to be
        // ignored: then the mount finds out.
        let Some(look) = self.look(route, role, view)? else {
            let ignored = asked.item.ignores_missing() && asked.item.shape.is_mount();
            return Ok(if ignored { PathNeed::Nothing } else { PathNeed::Create });
        };
        if route.space != Space::Live && snap_path::components(path).any(|c| c.len() > NAME_MAX) {
            return Err(Fault::new(What::Failed(Call::Open, ENAMETOOLONG), role));
        }
        let (item, wanted) = (asked.item, asked.wanted);
        let look = match look {
            Look::Found(kind) if kind == wanted && kind != NodeKind::Symlink => {
                return self.note_needed(asked.place, role, kind, route, view);
            }
            look @ (Look::Found(_) | Look::Blocked { .. } | Look::Missing { .. }) => look,
        };
        let (parent, ground) =
            match self.without_remains(item.entry.mount_point, route, look, view)? {
                Look::Found(kind) => {
                    let mut fault = Fault::new(route.found(kind), role);
                    if kind == NodeKind::Symlink
                        && let Kind::Symlink(target) = item.options().kind
                    {
                        if view.leads_to(route.path, target)? {
                            return Ok(PathNeed::Nothing);
                        }
                        if route.space == Space::Live && matches!(fault.what, What::Found(_)) {
                            if self.find_old_link(asked, route, view)? {
                                return Ok(PathNeed::Nothing);
                            }
                            fault.what = What::OldLink(asked.place);
                        }
                    }
                    return self.make_way(asked, path, fault, view).map(|()| PathNeed::Create);
                }
                Look::Blocked { at, kind } => {
                    return Err(Fault::at(route.found(kind), role, route.asked_len(at)));
                }
                Look::Missing { parent, ground } => (parent, ground),
            };
        match (item.ignores_missing(), item.origin) {
            (false, _) => {}
            (true, Origin::Content) => return Ok(PathNeed::Ignore),
            // A layout or overname is a promise.
            (true, Origin::Layout | Origin::Overname | Origin::Rootfs) => {
                return Err(Fault::new(What::Missing, role));
            }
        }
        // What only layouts get a mimic for is not made in one for others either.
        let in_mimic = matches!(route.space, Space::Mimic(_));
        if role == Role::Source && in_mimic && item.origin != Origin::Layout {
            return Err(Fault::new(What::Missing, role));
        }
        let dir = path.get(..route.asked_len(parent)).unwrap_or(path);
        let live_dir = route.path.get(..parent.min(route.existing)).unwrap_or(route.path);
        let wall = self.wall(dir, (route, live_dir), ground, asked.time, view)?;
        // (A link could not be removed again.)
        let data = wanted != NodeKind::Symlink && self.is_data(route, live_dir);
        if let Some(wall) = wall.filter(|wall| *wall == What::ReadOnly || !data) {
            // A mimic comes before the source of the entry that it is made for.
            if role == Role::MountPoint && self.forget_made(asked.place) {
                return self.survey_path(asked, (path, role), view);
            }
            let fault = Fault::at(wall, role, dir.len());
            self.plan_mimic(asked, dir, fault, &[], view)?;
        } else {
            self.note_made(asked.place, role, wanted, route)?;
        }
        Ok(PathNeed::Create)
    }

    /// Notes that an entry needs what is at the end of `route`, so that the teardown leaves it alone.
    fn note_needed(
        &mut self,
        place: u16,
        role: Role,
        kind: NodeKind,
        route: &Route<'_>,
        view: &mut dyn FsView,
    ) -> Result<PathNeed, Fault> {
        if route.space == Space::Live && self.has_remains(route.path) {
            let dir = snap_path::parent(route.path).unwrap_or_default();
            if view.ground(dir)?.access == Access::Writable {
                self.note_made(place, role, kind, route)?;
            }
        }
        Ok(PathNeed::Nothing)
    }
}

/// Makes sure that the kernel takes what is no path of the namespace: each fits a page.
fn check_texts(item: &Item<'_>) -> Result<(), Fault> {
    let target = match item.shape {
        Shape::Symlink => item.options().kind,
        Shape::Directory | Shape::File | Shape::EnsureDir => Kind::Directory,
    };
    let target = if let Kind::Symlink(target) = target { target.len() } else { 0 };
    let longest = item.entry.source.len().max(item.entry.fs_type.len()).max(target);
    if longest >= PATH_MAX {
        return Err(Fault::new(What::Full(Limit::Path), Role::MountPoint));
    }
    let takes_data = matches!(item.operation, Operation::Mount | Operation::Remount);
    let data = Options::data(item.entry.options).map(|data| data.len().saturating_add(1));
    if takes_data && data.sum::<usize>() > DATA_MAX {
        return Err(Fault::new(What::Full(Limit::Data), Role::MountPoint));
    }
    Ok(())
}
