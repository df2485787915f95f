//! Where a path will lead once the mounts that come before it are made.

use snap_mount_options::Operation;
use snap_path::{PATH_MAX, below};
use snap_profile::Shape;

use crate::changes::Fate;
use crate::fault::{Fault, Limit, Role, What};
use crate::plan::Plan;

/// How many binds of binds are followed; nobody writes so many, and each costs a search.
const CHAIN_MAX: usize = 64;

/// A path, rewritten.
#[derive(Debug)]
pub(crate) enum Forecast<'b> {
    /// Today's tree tells: this path of it will be seen.
    Live {
        /// The path in today's tree.
        path: &'b [u8],
        /// How many bytes of the asked path, and how many of this one, are the part that was
        /// replaced (0 and 0 when nothing was).
        replaced: (usize, usize),
    },
    /// It will lie in a tmpfs that comes with this run, mounted at so many bytes of the path.
    Fresh(usize),
    /// Nobody can tell: it lies under a mount that goes, or in a file system that is yet unknown.
    Unknown,
}

impl Plan<'_> {
    /// Where `path` will lead for the entry that is number `rank` in the order of application;
    /// `buffer` takes a rewritten path.
    ///
    /// A bind leads on to its source, as seen when the bind is made; so the rank falls with every
    /// turn, and this ends.
    pub(crate) fn forecast<'b>(
        &self,
        path: &'b [u8],
        rank: u16,
        role: Role,
        buffer: &'b mut [u8; PATH_MAX],
    ) -> Result<Forecast<'b>, Fault> {
        let mut replaced = (0, 0);
        let mut len = 0;
        let mut rank = rank;
        for _ in 0..CHAIN_MAX {
            let now = if replaced.0 == 0 { path } else { buffer.get(..len).unwrap_or_default() };
            let latest = self.latest_mount(now, rank).and_then(|at| Some((at, self.desired(at)?)));
            let Some((latest, item)) = latest else {
                if self.lies_under_gone(now) {
                    return Ok(Forecast::Unknown);
                }
                let path =
                    if replaced.0 == 0 { path } else { buffer.get(..len).unwrap_or_default() };
                return Ok(Forecast::Live { path, replaced });
            };
            let rest_len = below(now, item.entry.mount_point).map_or(0, <[u8]>::len);
            let rest_start = now.len().saturating_sub(rest_len);
            // How many bytes of the asked path the mount point stands for: all but `/rest`.
            let behind = if rest_len == 0 { 0 } else { rest_len.saturating_add(1) };
            let asked = path.len().saturating_sub(behind);
            match (item.shape, item.options().operation) {
                (Shape::Directory | Shape::File, Operation::Bind(_)) => {
                    let source = item.entry.source;
                    let joined = if replaced.0 == 0 {
                        join(buffer, source, path.get(rest_start..).unwrap_or_default())
                    } else {
                        shift(buffer, rest_start, rest_len, source)
                    };
                    len = joined.ok_or(Fault::new(What::Full(Limit::Path), role))?;
                    replaced = (asked, source.len());
                }
                (Shape::Directory, Operation::Mount) if item.is_tmpfs() => {
                    return Ok(Forecast::Fresh(asked));
                }
                _ => return Ok(Forecast::Unknown),
            }
            rank = self.need(latest).rank;
        }
        Ok(Forecast::Unknown)
    }

    /// The mount of this run that is the latest before `rank` at or above `path`.
    fn latest_mount(&self, path: &[u8], rank: u16) -> Option<u16> {
        let mounts = |item: &snap_profile::Item<'_>| item.shape.is_mount();
        self.desired_by_path
            .at_or_above(self.all_desired(), path)
            .filter(|&place| {
                let need = self.need(place);
                need.kept_as.is_none()
                    && need.rank < rank
                    && !need.left_out
                    && self.desired(place).is_some_and(mounts)
            })
            .max_by_key(|&place| self.need(place).rank)
    }

    /// Whether the directory `path` will be in a mount that comes with this run, for the entry
    /// that is number `rank`.
    pub(crate) fn lies_in_new_mount(&self, path: &[u8], rank: u16) -> bool {
        self.latest_mount(path, rank).is_some_and(|place| {
            let overname = snap_mount_options::Origin::Overname;
            self.desired(place).is_some_and(|item| item.origin != overname)
        })
    }

    fn lies_under_gone(&self, path: &[u8]) -> bool {
        self.current_by_path
            .at_or_above(self.all_current(), path)
            .any(|place| self.fate(place) != Fate::Kept)
    }
}

/// Writes `head`/`tail` into `buffer`.
fn join(buffer: &mut [u8; PATH_MAX], head: &[u8], tail: &[u8]) -> Option<usize> {
    let end = head.len();
    buffer.get_mut(..end)?.copy_from_slice(head);
    if tail.is_empty() {
        return Some(end);
    }
    *buffer.get_mut(end)? = b'/';
    let start = end.checked_add(1)?;
    let end = start.checked_add(tail.len())?;
    buffer.get_mut(start..end)?.copy_from_slice(tail);
    // A path has to leave room for its NUL.
    (end < PATH_MAX).then_some(end)
}

/// As [`join`], for a tail that is in the buffer itself.
fn shift(buffer: &mut [u8; PATH_MAX], start: usize, len: usize, head: &[u8]) -> Option<usize> {
    let to = if len == 0 { head.len() } else { head.len().checked_add(1)? };
    let end = to.checked_add(len)?;
    if end >= PATH_MAX {
        return None;
    }
    buffer.copy_within(start..start.checked_add(len)?, to);
    buffer.get_mut(..head.len())?.copy_from_slice(head);
    if len > 0 {
        *buffer.get_mut(head.len())? = b'/';
    }
    Some(end)
}
