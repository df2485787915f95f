//! Whether something may be created, when it comes to it.

use snap_mount_options::Origin;
use snap_ns_forecast::{Access, FsKind, Ground, directory_mode};
use snap_profile::Item;

use crate::plan::Plan;

/// Whether something may be created in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// Yes.
    Write,
    /// Only if it is on the same tmpfs as the directory with the first so many bytes of its path:
    /// that tmpfs is one that this program mounted.
    WriteIfOn(usize),
    /// Only if it is in the very mount at the directory with the first so many bytes of its path: that
    /// is a layout, which shows the snap's own data.
    WriteIfIn(usize),
    /// No: the file system is read-only.
    ReadOnly,
    /// No: it would show on the host.
    Trespass,
}

/// Who gives that verdict; the executor asks for it just before it creates something, with the
/// facts of the very directory that it holds open.
pub trait Rule {
    /// Whether something may be created in `dir`.
    fn verdict(&self, dir: &[u8], ground: Ground) -> Verdict;

    /// Whether `dir` may be in a place that the snap or the user can write to, so that it can
    /// change at any time, even if root owns it.
    fn may_change(&self, dir: &[u8]) -> bool;

    /// The mode that a directory gets when it is created on the way to something else.
    fn directory_mode(&self, path: &[u8]) -> u16 {
        directory_mode(path)
    }
}

impl Rule for Plan<'_> {
    /// What another entry put there may be shown from anywhere, also from where the snap writes.
    fn may_change(&self, dir: &[u8]) -> bool {
        let shows_other = |item: &Item<'_>| {
            let ours = item.is_tmpfs() || item.is_synthetic() || item.origin == Origin::Rootfs;
            item.shape.is_mount() && !ours
        };
        let current = self.forecast.current_by_path.at_or_above(dir);
        let desired = self.forecast.desired_by_path.at_or_above(dir);
        self.forecast.territory().contains(dir)
            || current.filter_map(|place| self.current(place)).any(shows_other)
            || desired.filter_map(|place| self.desired(place)).any(shows_other)
    }

    fn verdict(&self, dir: &[u8], ground: Ground) -> Verdict {
        let (log, time) = self.now;
        let own = |fs| (fs == FsKind::Tmpfs).then(|| self.forecast.own_tmpfs(log, dir, time))?;
        let data = || self.forecast.own_data(log, dir, time).map(Verdict::WriteIfIn);
        match (ground.access, ground.fs) {
            (Access::ReadOnly, _) => Verdict::ReadOnly,
            (Access::Writable, _) if self.forecast.territory().contains(dir) => Verdict::Write,
            (Access::Writable, fs) => {
                own(fs).map(Verdict::WriteIfOn).or_else(data).unwrap_or(Verdict::Trespass)
            }
        }
    }
}
