//! Where a path leads, through the mounts of a profile.
//!
//! A lookup finds, among the mounts made before it at the path or above it, the latest; a bind leads
//! on to its source, as that was seen when the bind was made. Where no mount is left, today's tree
//! (the view: the tree without any mount of the current profile) answers.

use snap_mount_options::{Depth, Operation, Origin};
use snap_path::{PATH_MAX, below, parent};
use snap_profile::{Item, Shape};

use crate::entries::{Fate, Time};
use crate::fault::{Fault, Limit, Role, What};
use crate::forecast::Forecast;
use crate::mimic::SHOWS;
use crate::node::NodeKind;
use crate::route::{Buffer, Log, Route, Space};

/// How many binds of binds are followed; nobody writes so many, and each costs a search.
const CHAIN_MAX: usize = 64;

/// A mount that a path leads through.
#[derive(Clone, Copy)]
pub(crate) enum Through {
    Entry(u16),
    Mimic(u16),
}

/// What a mount does to a path.
enum Turn<'a> {
    /// It shows what was there before, at this time.
    AsBefore(Time),
    /// It is a tmpfs.
    Ends(Space),
    /// It shows this, so deep, for whom.
    Shows(&'a [u8], Depth, Origin),
    /// Nobody knows.
    Unknown,
}

impl<'a> Forecast<'a> {
    /// Where `asked` leads at `time` through the mounts of the desired profile; `buffer` takes a
    /// rewritten path.
    pub(crate) fn route<'b>(
        &self,
        asked: &'b [u8],
        time: Time,
        role: Role,
        buffer: &'b mut Buffer,
    ) -> Result<Route<'b>, Fault> {
        self.route_in(Log::Desired, asked, time, role, buffer)
    }

    /// The same through the mounts of either profile. The time falls with every turn, so this ends.
    ///
    /// # Errors
    ///
    /// A rewritten path is too long.
    pub fn route_in<'b>(
        &self,
        log: Log,
        asked: &'b [u8],
        time: Time,
        role: Role,
        buffer: &'b mut Buffer,
    ) -> Result<Route<'b>, Fault> {
        let (mut time, mut replaced) = (time, (0_usize, 0_usize));
        let (mut read_only, mut rewritten, mut through_content) = (false, false, false);
        // So many bytes at the end of the path lie below a bind that is not recursive: what is
        // mounted there is not seen.
        let mut plain = 0_usize;
        let mut end = (Space::Unknown, 0);
        for _ in 0..CHAIN_MAX {
            let now = if rewritten { &buffer[..] } else { asked };
            let crossable = now.get(..now.len().saturating_sub(plain)).unwrap_or_default();
            let Some((at, through)) = self.latest_mount(log, crossable, time) else {
                end.0 = Space::Live;
                break;
            };
            time = at;
            let (mount_point, read_only_here, turn) = self.turn(log, through, now, crossable);
            read_only |= read_only_here;
            let (source, depth) = match turn {
                Turn::AsBefore(before) => {
                    time = before;
                    continue;
                }
                Turn::Ends(space) => {
                    end = (space, mount_point.len());
                    break;
                }
                Turn::Unknown => break,
                Turn::Shows(source, depth, origin) => {
                    through_content |= origin == Origin::Content;
                    (source, depth)
                }
            };
            let rest = below(now, mount_point).map_or(0, <[u8]>::len);
            let behind = if rest == 0 { 0 } else { rest.saturating_add(1) };
            let start = now.len().saturating_sub(rest);
            let joined = if rewritten {
                let now = buffer.clone();
                join(buffer, source, now.get(start..).unwrap_or_default())
            } else {
                join(buffer, source, asked.get(start..).unwrap_or_default())
            };
            joined.ok_or(Fault::new(What::Full(Limit::Path), role))?;
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
        let path = if rewritten { &buffer[..] } else { asked };
        let ((space, root), existing) = (end, path.len());
        Ok(Route { space, path, replaced, root, through_content, read_only, existing })
    }

    /// What a mount does to the path `now`, of which mounts are seen at or above `crossable`; with
    /// its mount point, and whether it is read-only.
    fn turn(
        &self,
        log: Log,
        through: Through,
        now: &[u8],
        crossable: &[u8],
    ) -> (&'a [u8], bool, Turn<'a>) {
        let place = match through {
            Through::Entry(place) => place,
            Through::Mimic(mimic) => {
                let dir = self.mimics.get(usize::from(mimic)).map_or(&[][..], |slot| slot.dir);
                let before = self.mimic_time(mimic);
                // What the mimic shows as it was.
                let restored = crossable.len() > dir.len() && self.child_at(mimic, now).is_some();
                let ends = Turn::Ends(Space::Mimic(mimic));
                return (dir, false, if restored { Turn::AsBefore(before) } else { ends });
            }
        };
        let item = match log {
            Log::Desired => self.desired(place),
            Log::Current => self.current(place),
        };
        let Some(item) = item else { return (&[], false, Turn::Unknown) };
        let path = item.entry.mount_point;
        if log == Log::Current && item.is_mimic_child() {
            let cover = self.cover_of(path, place);
            return (path, false, cover.map_or(Turn::Unknown, |at| Turn::AsBefore(at.into())));
        }
        if log == Log::Current && self.is_unrecorded_child(place, item, crossable) {
            return (path, false, Turn::AsBefore(place.into()));
        }
        let turn = match (item.shape, item.operation) {
            (Shape::Directory | Shape::File, Operation::Bind(depth)) => {
                Turn::Shows(item.entry.source, depth, item.origin)
            }
            (Shape::Directory, Operation::Mount) if item.is_tmpfs() => Turn::Ends(match log {
                Log::Desired => Space::Tmpfs(place),
                Log::Current => self.space_of(place),
            }),
            (Shape::Directory | Shape::File | Shape::Symlink | Shape::EnsureDir, _) => {
                Turn::Unknown
            }
        };
        (path, item.is_read_only(), turn)
    }

    /// The tmpfs of the mimic that an entry of the current profile is a child of.
    fn cover_of(&self, child: &[u8], place: u16) -> Option<u16> {
        let mut above = self.current_by_path.at(parent(child)?);
        above.find(|&at| at < place && self.current(at).is_some_and(Item::is_tmpfs))
    }

    /// Whether `path` leads to a child of the mimic of the current entry at `place`, which has no
    /// lines for its children. Where nobody knows what it shows it goes, with all that was made in it:
    /// what is mounted deeper than right in it is taken for mounted in a child.
    fn is_unrecorded_child(&self, place: u16, item: &Item<'_>, path: &[u8]) -> bool {
        let mut options = item.entry.options.split(|&byte| byte == b',');
        let without_lines = item.is_mimic() && options.any(|option| option.starts_with(SHOWS));
        let rest = below(path, item.entry.mount_point).filter(|_| without_lines);
        let Some(rest) = rest else { return false };
        match self.space_of(place) {
            Space::Mimic(mimic) => !rest.is_empty() && self.child_named(mimic, rest).is_some(),
            Space::Live | Space::Tmpfs(_) | Space::Unknown => rest.contains(&b'/'),
        }
    }

    /// The tmpfs of the current profile at `place`, as a space of a fresh namespace.
    fn space_of(&self, place: u16) -> Space {
        let past = self.past.get(usize::from(place)).filter(|past| past.fate == Fate::Kept);
        match (past, self.current(place)) {
            (Some(past), Some(item)) if item.is_synthetic() => Space::Mimic(past.kept_for),
            (Some(past), Some(_)) => Space::Tmpfs(past.kept_for),
            (_, _) => Space::Unknown,
        }
    }

    /// The latest mount before `time` at or above `path`, and its time.
    pub(crate) fn latest_mount(
        &self,
        log: Log,
        path: &[u8],
        time: Time,
    ) -> Option<(Time, Through)> {
        let entry = match log {
            Log::Current => {
                let items = self.all_current();
                let mounts = self.current_by_path.at_or_above(path).filter(|&place| {
                    let item = items.get(usize::from(place));
                    let mounts =
                        |item: &Item<'_>| item.shape.is_mount() && item.origin != Origin::Rootfs;
                    Time::from(place) < time && item.is_some_and(mounts)
                });
                return mounts.max().map(|place| (place.into(), Through::Entry(place)));
            }
            Log::Desired => self
                .desired_by_path
                .at_or_above(path)
                .filter(|&place| self.covers(place, time))
                .map(|place| (self.time_of(place), Through::Entry(place)))
                .max_by_key(|&(at, _)| at),
        };
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
    pub(crate) fn covers(&self, place: u16, time: Time) -> bool {
        !self.need(place).left_out
            && self.time_of(place) < time
            && self.desired(place).is_some_and(|item| item.shape.is_mount())
    }

    /// The child of a mimic that the path `rest`, below its directory, begins with, and how long its
    /// name is.
    fn child_named(&self, mimic: u16, rest: &[u8]) -> Option<(NodeKind, usize)> {
        let name = rest.split(|&byte| byte == b'/').next()?;
        let slot = self.mimics.get(usize::from(mimic))?;
        Some((self.child_kind(slot, name)?, name.len()))
    }

    /// The child of a mimic's directory that is at or above `path`, and the length of its path.
    #[must_use]
    pub fn child_at(&self, mimic: u16, path: &[u8]) -> Option<(NodeKind, usize)> {
        let rest = below(path, self.mimics.get(usize::from(mimic))?.dir)?;
        let (kind, len) = self.child_named(mimic, rest)?;
        Some((kind, path.len().saturating_sub(rest.len()).saturating_add(len)))
    }
}

/// Writes `head`/`tail` into `buffer`; none if that is too long for a path with its NUL.
fn join(buffer: &mut Buffer, head: &[u8], tail: &[u8]) -> Option<()> {
    buffer.clear();
    buffer.try_extend_from_slice(head).ok()?;
    if !tail.is_empty() {
        // `/` has its slash already.
        if head != b"/" {
            buffer.try_push(b'/').ok()?;
        }
        buffer.try_extend_from_slice(tail).ok()?;
    }
    (buffer.len() < PATH_MAX).then_some(())
}
