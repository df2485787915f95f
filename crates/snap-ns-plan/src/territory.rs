//! Where something may be created (contract section 4).

use snap_mount_options::Origin;
use snap_path::is_at_or_below;
use snap_profile::Item;

use crate::changes::Time;
use crate::fault::Role;
use crate::plan::Plan;
use crate::route::{Buffer, Log, Space};
use crate::view::{Access, FsKind, Ground};

/// Where creating something does not show on the host.
#[derive(Clone, Copy, Debug)]
pub enum Territory<'t> {
    /// For a snap's own namespace, besides the fixed directories: `/snap/INSTANCE` and
    /// `/snap/NAME`.
    System {
        /// `/snap/INSTANCE`
        snap_instance: &'t [u8],
        /// `/snap/NAME`
        snap_name: &'t [u8],
    },
    /// For a user's mounts: the user's home, when it is known.
    User {
        /// The home directory.
        home: Option<&'t [u8]>,
    },
}

/// The directories at or below which a snap's namespace may create anything.
const UNRESTRICTED: [&[u8]; 5] =
    [b"/tmp", b"/var/snap", b"/dev/shm", b"/run/systemd", b"/var/lib/snapd/hostfs/tmp"];

impl Territory<'_> {
    /// Whether creating something in `dir` is allowed wherever that is mounted from.
    #[must_use]
    pub fn contains(&self, dir: &[u8]) -> bool {
        match self {
            Self::System { snap_instance, snap_name } => {
                let own = [*snap_instance, *snap_name];
                UNRESTRICTED.iter().chain(&own).any(|top| is_at_or_below(dir, top))
            }
            Self::User { home } => home.is_some_and(|home| is_at_or_below(dir, home)),
        }
    }
}

/// Whether something may be created in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// Yes.
    Write,
    /// Only if it is on the same tmpfs as the directory with the first so many bytes of its path:
    /// that tmpfs is one that this program mounted.
    WriteIfOn(usize),
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

/// The mode of what is created at `path`, if the entry has no other (contract section 4): snapd and
/// X11 agreed on the modes of a few directories, which hold for just these paths.
pub(crate) fn directory_mode(path: &[u8]) -> u16 {
    const DEFAULT: u16 = 0o755;
    const PRIVATE_TMP: &[u8] = b"/var/lib/snapd/hostfs/tmp/snap-private-tmp";
    if path == b"/tmp/.X11-unix" {
        return 0o1777;
    }
    let snap_below = |dir| snap_path::below(path, dir).filter(|rest| rest.starts_with(b"snap."));
    if snap_below(b"/dev/shm").is_some_and(|name| !name.contains(&b'/')) {
        return 0o1777;
    }
    let Some(rest) = snap_below(PRIVATE_TMP) else { return DEFAULT };
    let Some(slash) = rest.iter().position(|&byte| byte == b'/') else { return 0o700 };
    match rest.get(slash..) {
        Some(b"/tmp" | b"/tmp/.X11-unix") => 0o1777,
        Some(_) | None => DEFAULT,
    }
}

impl Plan<'_> {
    /// The tmpfs of ours that the directory `dir` is in, by how many bytes of its path that is: one
    /// that this program mounted right there, and that nothing covers. The root file system that
    /// snap-confine set up is one, too, as far as nothing else is mounted in it.
    pub(crate) fn own_tmpfs(&self, log: Log, dir: &[u8], time: Time) -> Option<usize> {
        let mut buffer = Buffer::new_const();
        let route = self.route_in(log, dir, time, Role::MountPoint, &mut buffer).ok()?;
        if route.replaced != (0, 0) {
            return None;
        }
        match route.space {
            Space::Tmpfs(_) | Space::Mimic(_) => Some(route.root),
            Space::Live => self.rootfs.map(<[u8]>::len),
            Space::Unknown => None,
        }
    }
}

impl Rule for Plan<'_> {
    /// What another entry put there may be shown from anywhere, also from where the snap writes.
    fn may_change(&self, dir: &[u8]) -> bool {
        let shows_other = |item: &Item<'_>| {
            let ours = item.is_tmpfs() || item.is_synthetic() || item.origin == Origin::Rootfs;
            item.shape.is_mount() && !ours
        };
        let current = self.current_by_path.at_or_above(dir);
        let desired = self.desired_by_path.at_or_above(dir);
        self.territory().contains(dir)
            || current.filter_map(|place| self.current(place)).any(shows_other)
            || desired.filter_map(|place| self.desired(place)).any(shows_other)
    }

    fn verdict(&self, dir: &[u8], ground: Ground) -> Verdict {
        match (ground.access, ground.fs) {
            (Access::ReadOnly, _) => Verdict::ReadOnly,
            (Access::Writable, _) if self.territory().contains(dir) => Verdict::Write,
            (Access::Writable, FsKind::Tmpfs) => {
                let (log, time) = self.now;
                self.own_tmpfs(log, dir, time).map_or(Verdict::Trespass, Verdict::WriteIfOn)
            }
            (Access::Writable, FsKind::Other) => Verdict::Trespass,
        }
    }
}
