//! Where something may be created (contract section 4).

use snap_path::is_at_or_below;

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

    /// Whether `path` is in the data of this instance: `/var/snap/INSTANCE`.
    pub(crate) fn is_own_data(&self, path: &[u8]) -> bool {
        let Self::System { snap_instance, .. } = self else { return false };
        path.strip_prefix(b"/var").is_some_and(|path| is_at_or_below(path, snap_instance))
    }

    /// Whether `path` is in any revision or the data of this instance, or of the snap of this name.
    pub(crate) fn is_of_snap(&self, path: &[u8]) -> bool {
        let Self::System { snap_instance, snap_name } = self else { return false };
        let path = path.strip_prefix(b"/var").unwrap_or(path);
        is_at_or_below(path, snap_instance) || is_at_or_below(path, snap_name)
    }
}

/// The mode of what is created at `path`, if the entry has no other (contract section 4): snapd and
/// X11 agreed on the modes of a few directories, which hold for just these paths.
pub fn directory_mode(path: &[u8]) -> u16 {
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

/// The directories of hier(7), and those that snap-confine adds (contract section 4).
const USUAL: [&[u8]; 23] = [
    b"bin", b"boot", b"dev", b"etc", b"home", b"lib", b"lib32", b"lib64", b"libx32", b"media",
    b"meta", b"mnt", b"opt", b"proc", b"root", b"run", b"sbin", b"snap", b"srv", b"sys", b"tmp",
    b"usr", b"var",
];

/// Whether `path` is a directory right below `/` that was there before us.
pub fn is_usual(path: &[u8]) -> bool {
    path.strip_prefix(b"/").is_some_and(|name| USUAL.contains(&name))
}
