//! Where something may be created (contract section 4).

use snap_path::is_at_or_below;

use crate::view::Ground;

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
