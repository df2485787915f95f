//! Where a path leads, once the mounts that come before it are made.
//!
//! A lookup finds, among the mounts made before it at the path or above it, the latest; a bind leads
//! on to its source, as that was seen when the bind was made. Where no mount is left, today's tree
//! (the view: the tree without any mount of the current profile) answers.

use snap_mount_options::{Depth, MountFlags, Operation, Origin};
use snap_path::{PATH_MAX, below};
use snap_profile::{Item, Shape};

use crate::changes::Time;
use crate::fault::{Fault, Limit, Role, What};
use crate::layout::is_usual;
use crate::plan::Plan;
use crate::view::{Access, FsKind, FsView, Ground, Look, NodeKind};

/// How many binds of binds are followed; nobody writes so many, and each costs a search.
const CHAIN_MAX: usize = 64;

/// In which file system a path ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Space {
    /// In one that the view shows.
    Live,
    /// In the tmpfs of the desired entry at this place.
    Tmpfs(u16),
    /// In the tmpfs of the mimic at this place.
    Mimic(u16),
    /// In one that nobody has seen yet.
    Unknown,
}

/// Where a path leads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route<'b> {
    pub(crate) space: Space,
    /// The path in there: in the view, or one that leads to the same place in the tmpfs.
    pub(crate) path: &'b [u8],
    /// How many bytes of the asked path, and how many of `path`, are the part that was replaced
    /// (0 and 0 when nothing was).
    pub(crate) replaced: (usize, usize),
    /// How many bytes of `path` are the root of the tmpfs.
    root: usize,
    /// Whether a mount on the way is read-only.
    read_only: bool,
    /// How many bytes of `path` are there now, when it was looked at and not all of it is.
    pub(crate) existing: usize,
}

impl Route<'_> {
    /// What is wrong when something of this `kind` is at the end.
    pub(crate) fn found(&self, kind: NodeKind) -> What {
        if self.existing == self.path.len() { What::Found(kind) } else { What::WillFind(kind) }
    }
}

impl Route<'_> {
    /// How many bytes of the asked path are the first `len` of this one.
    pub(crate) fn asked_len(&self, len: usize) -> usize {
        match len.checked_sub(self.replaced.1) {
            // All of `/` is replaced, but not its slash.
            Some(_) if len <= 1 && self.replaced.0 > 0 => self.replaced.0,
            Some(rest) => self.replaced.0.saturating_add(rest),
            None => self.replaced.0,
        }
    }

    /// `ground`, as far as the mounts on the way leave it.
    pub(crate) fn ground(&self, ground: Ground) -> Ground {
        let access = if self.read_only { Access::ReadOnly } else { ground.access };
        Ground { access, ..ground }
    }

    /// Whether it ends at the root of a mimic's tmpfs, and of which.
    pub(crate) fn mimic_root(&self) -> Option<u16> {
        match self.space {
            Space::Mimic(mimic) if self.path.len() == self.root => Some(mimic),
            Space::Mimic(_) | Space::Live | Space::Tmpfs(_) | Space::Unknown => None,
        }
    }
}

/// The ground of a tmpfs of ours.
const OWN: Ground = Ground { access: Access::Writable, fs: FsKind::Tmpfs };

/// A mount that a path leads through.
#[derive(Clone, Copy)]
enum Through {
    Entry(u16),
    Mimic(u16),
}

impl<'a> Plan<'a> {
    /// Where `asked` leads at `time`; `buffer` takes a rewritten path. The time falls with every
    /// turn, so this ends.
    pub(crate) fn route<'b>(
        &self,
        asked: &'b [u8],
        time: Time,
        role: Role,
        buffer: &'b mut [u8; PATH_MAX],
    ) -> Result<Route<'b>, Fault> {
        let (mut time, mut replaced, mut len) = (time, (0_usize, 0_usize), 0);
        let mut read_only = false;
        let mut rewritten = false;
        // So many bytes at the end of the path lie below a bind that is not recursive: what is
        // mounted there is not seen.
        let mut plain = 0_usize;
        let mut end = (Space::Unknown, 0);
        for _ in 0..CHAIN_MAX {
            let now = if !rewritten { asked } else { buffer.get(..len).unwrap_or_default() };
            let crossable = now.get(..now.len().saturating_sub(plain)).unwrap_or_default();
            let Some((at, through)) = self.latest_mount(crossable, time) else {
                end.0 = Space::Live;
                break;
            };
            time = at;
            let place = match through {
                Through::Mimic(mimic) => match self.restored(mimic, now) {
                    true => continue,
                    false => {
                        let dir = self.mimics.get(usize::from(mimic)).map(|slot| slot.dir.len());
                        end = (Space::Mimic(mimic), dir.unwrap_or_default());
                        break;
                    }
                },
                Through::Entry(place) => place,
            };
            let Some(item) = self.desired(place) else { break };
            let options = item.options();
            read_only |= options.flags.contains(MountFlags::READ_ONLY);
            let mount_point = item.entry.mount_point;
            let (Shape::Directory | Shape::File, Operation::Bind(depth)) =
                (item.shape, options.operation)
            else {
                if item.is_tmpfs() && options.operation == Operation::Mount {
                    end = (Space::Tmpfs(place), mount_point.len());
                }
                break;
            };
            let rest = below(now, mount_point).map_or(0, <[u8]>::len);
            let behind = if rest == 0 { 0 } else { rest.saturating_add(1) };
            let source = item.entry.source;
            let start = now.len().saturating_sub(rest);
            let joined = if !rewritten {
                join(buffer, source, asked.get(start..).unwrap_or_default())
            } else {
                shift(buffer, start, rest, source)
            };
            len = joined.ok_or(Fault::new(What::Full(Limit::Path), role))?;
            let new = if source == b"/" { 0 } else { source.len() };
            replaced = match mount_point.len().checked_sub(replaced.1) {
                Some(more) => (replaced.0.saturating_add(more), new),
                // Of what was replaced before, a part is left.
                None => {
                    let left = replaced.1.saturating_sub(mount_point.len());
                    (replaced.0, new.saturating_add(left))
                }
            };
            rewritten = true;
            if depth == Depth::Single {
                plain = plain.max(behind);
            }
        }
        let path = if !rewritten { asked } else { buffer.get(..len).unwrap_or_default() };
        Ok(Route { space: end.0, path, replaced, root: end.1, read_only, existing: path.len() })
    }

    /// What is at the end of a route of an entry's path `role`; nothing when nobody knows.
    pub(crate) fn look(
        &self,
        route: &mut Route<'_>,
        role: Role,
        view: &mut dyn FsView,
    ) -> Result<Option<Look>, Fault> {
        let look = match route.space {
            Space::Unknown => return Ok(None),
            Space::Live if self.is_of_an_earlier_run(route.path, view)? => {
                Look::Missing { parent: 1, ground: view.ground(b"/")? }
            }
            Space::Live => view.look(route.path, role)?,
            Space::Tmpfs(_) | Space::Mimic(_) if route.path.len() == route.root => {
                Look::Found(NodeKind::Directory)
            }
            Space::Tmpfs(_) | Space::Mimic(_) => Look::Missing { parent: route.root, ground: OWN },
        };
        Ok(match look {
            Look::Missing { parent, ground } => {
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
        let rootfs = |item: &Item<'_>| item.origin == Origin::Rootfs;
        if top.is_empty()
            || self.all_current().iter().all(rootfs)
            || !self.all_current().iter().any(rootfs)
            || is_usual(top)
        {
            return Ok(false);
        }
        match view.look(top, Role::MountPoint)? {
            Look::Found(NodeKind::Directory) => view.same_fs(top, b"/"),
            Look::Found(NodeKind::File | NodeKind::Symlink | NodeKind::Special)
            | Look::Missing { .. }
            | Look::Blocked { .. } => Ok(false),
        }
    }

    /// The latest mount before `time` at or above `path`, and its time.
    fn latest_mount(&self, path: &[u8], time: Time) -> Option<(Time, Through)> {
        let entry = self
            .desired_by_path
            .at_or_above(self.all_desired(), path)
            .filter(|&place| self.covers(place, time))
            .map(|place| (self.time_of(place), Through::Entry(place)))
            .max_by_key(|&(at, _)| at);
        if self.mimics.is_empty() {
            return entry;
        }
        // Of two at one time the inner one comes later.
        let mimic = snap_path::prefixes(path)
            .flat_map(|dir| self.mimics_at(dir))
            .map(|mimic| (self.mimic_time(mimic), Through::Mimic(mimic)))
            .filter(|&(at, _)| at < time)
            .max_by_key(|&(at, _)| at);
        match (entry, mimic) {
            (Some(entry), Some(mimic)) => Some(if entry.0 > mimic.0 { entry } else { mimic }),
            (entry, mimic) => entry.or(mimic),
        }
    }

    /// Whether the desired entry at `place` is a mount that stands at `time`.
    fn covers(&self, place: u16, time: Time) -> bool {
        !self.need(place).left_out
            && self.time_of(place) < time
            && self.desired(place).is_some_and(|item| item.shape.is_mount())
    }

    /// Whether `path`, at or below the directory of a mimic, leads to a child that the mimic shows
    /// as it was.
    fn restored(&self, mimic: u16, path: &[u8]) -> bool {
        let Some(slot) = self.mimics.get(usize::from(mimic)) else { return false };
        let rest = below(path, slot.dir).unwrap_or_default();
        let name = rest.split(|&byte| byte == b'/').next().unwrap_or_default();
        match self.child_kind(slot, name) {
            Some(NodeKind::Directory | NodeKind::File | NodeKind::Symlink) => true,
            Some(NodeKind::Special) | None => false,
        }
    }

    /// Whether the directory `path` will be in a mount of this run, but for overnames, at `time`.
    pub(crate) fn lies_in_new_mount(&self, path: &[u8], time: Time) -> bool {
        self.desired_by_path.at_or_above(self.all_desired(), path).any(|place| {
            let overname = |item: &Item<'_>| item.origin == Origin::Overname;
            self.covers(place, time) && !self.desired(place).is_some_and(overname)
        })
    }

    /// The longest directory at or above `dir` where a tmpfs of ours will be mounted at `time`.
    pub(crate) fn own_tmpfs_above(&self, dir: &[u8], time: Time) -> Option<usize> {
        let rootfs = |item: &Item<'_>| item.origin == Origin::Rootfs && item.is_tmpfs();
        let rootfs = self.all_current().iter().find(|item| rootfs(item));
        let rootfs = rootfs.map(|item| item.entry.mount_point.len());
        let entries = self.desired_by_path.at_or_above(self.all_desired(), dir).filter(|&place| {
            self.covers(place, time) && self.desired(place).is_some_and(Item::is_tmpfs)
        });
        let entries =
            entries.map(|place| crate::index::mount_point(self.all_desired(), place).len());
        let mimics = snap_path::prefixes(dir)
            .filter(|dir| self.mimics_at(dir).any(|mimic| self.mimic_time(mimic) < time))
            .map(<[u8]>::len);
        rootfs.into_iter().chain(entries).chain(mimics).max()
    }
}

/// Writes `head`/`tail` into `buffer`.
fn join(buffer: &mut [u8; PATH_MAX], head: &[u8], tail: &[u8]) -> Option<usize> {
    let end = head.len();
    buffer.get_mut(..end)?.copy_from_slice(head);
    if tail.is_empty() {
        return Some(end);
    }
    // `/` has its slash already.
    let slash = usize::from(head != b"/");
    *buffer.get_mut(end)? = b'/';
    let start = end.checked_add(slash)?;
    let end = start.checked_add(tail.len())?;
    buffer.get_mut(start..end)?.copy_from_slice(tail);
    // A path has to leave room for its NUL.
    (end < PATH_MAX).then_some(end)
}

/// As [`join`], for a tail that is in the buffer itself.
fn shift(buffer: &mut [u8; PATH_MAX], start: usize, len: usize, head: &[u8]) -> Option<usize> {
    let slash = usize::from(len > 0 && head != b"/");
    let to = head.len().checked_add(slash)?;
    let end = to.checked_add(len)?;
    if end >= PATH_MAX {
        return None;
    }
    buffer.copy_within(start..start.checked_add(len)?, to);
    buffer.get_mut(..head.len())?.copy_from_slice(head);
    if slash > 0 {
        *buffer.get_mut(head.len())? = b'/';
    }
    Some(end)
}
