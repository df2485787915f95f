//! The standard world: a small machine with one snap, in the shape that snap-confine leaves it.
//!
//! | place | is |
//! |---|---|
//! | `/` | a tmpfs; recorded or read-only, as the case says |
//! | `/usr`, `/opt`, `/var` | the base snap: read-only |
//! | `/snap/hello/1`, `/snap/hello/2`, `/snap/other/1`, `/snap/hello_foo/1` | snaps: read-only |
//! | `/etc`, `/srv`, `/home`, `/run`, `/snap`, `/var/lib/snapd` | the host's: writable, visible there |
//! | `/var/snap`, `/dev/shm` | the host's, where the program may create things |
//! | `/tmp` | the snap's own; another one is the host's |
//!
//! `/sys/fs/cgroup/freezer` is a plain directory, so that nothing on the machine is frozen.

mod line;
mod mount;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use anyhow::{Context, Result};
use nix::mount::{MntFlags, MsFlags, umount2};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{chdir, pivot_root};

use super::case::{Case, Root};
use super::text::expand;

pub(crate) use line::perform;
pub(crate) use mount::{bind, propagate, tmpfs};

use mount::{proc, remount};

const READ_ONLY: [&str; 7] = [
    "/usr",
    "/opt",
    "/var",
    "/snap/hello/1",
    "/snap/hello/2",
    "/snap/other/1",
    "/snap/hello_foo/1",
];

/// Mounts in an order that puts parents first; with `name:` sources so that a reader of the mount
/// table (and the comparison) can tell them apart.
const PLACES: [(&str, &str); 19] = [
    ("base:usr", "/usr"),
    ("base:opt", "/opt"),
    ("base:var", "/var"),
    ("host:etc", "/etc"),
    ("host:srv", "/srv"),
    ("host:home", "/home"),
    ("host:run", "/run"),
    ("host:sys", "/sys"),
    ("host:dev", "/dev"),
    ("host:shm", "/dev/shm"),
    ("host:snap", "/snap"),
    ("snap:hello-1", "/snap/hello/1"),
    ("snap:hello-2", "/snap/hello/2"),
    ("snap:other-1", "/snap/other/1"),
    ("snap:hello_foo-1", "/snap/hello_foo/1"),
    ("host:varsnap", "/var/snap"),
    ("host:snapd", "/var/lib/snapd"),
    ("host:vartmp", "/var/tmp"),
    ("host:tmp", "/tmp"),
];

const DIRS: [&str; 15] = [
    "/proc",
    "/usr/share",
    "/usr/lib",
    "/var/lib",
    "/run/snapd/ns",
    "/run/snapd/lock",
    "/run/systemd",
    "/run/user/1000",
    "/sys/fs/cgroup/freezer",
    "/var/snap/hello/1",
    "/var/snap/hello/common",
    "/var/snap/other/1",
    "/var/lib/snapd/mount",
    "/var/lib/snapd/hostfs/tmp",
    "/home/user",
];

/// The current profile that snap-confine 2.68 and later write before the first run.
pub(crate) const ROOTFS: &str = "tmpfs / tmpfs x-snapd.origin=rootfs 0 0\n";

/// Makes the world of `case` on `scratch` and makes it the root of this process.
pub(crate) fn enter(scratch: &Path, case: &Case) -> Result<()> {
    umask(Mode::from_bits_truncate(0o022));
    tmpfs("root", scratch, "mode=755")?;
    fs::create_dir(scratch.join("old"))?;
    pivot_root(scratch, &scratch.join("old")).context("pivot_root")?;
    chdir("/")?;
    for (source, place) in PLACES {
        fs::create_dir_all(place)?;
        tmpfs(source, Path::new(place), "mode=755")?;
    }
    for dir in DIRS {
        fs::create_dir_all(dir)?;
    }
    proc(Path::new("/proc"))?;
    for node in ["null", "zero", "full", "random", "urandom"] {
        let at = format!("/dev/{node}");
        fs::write(&at, "")?;
        bind(format!("/old{at}").as_str(), Path::new(&at), MsFlags::empty())?;
    }
    umount2("/old", MntFlags::MNT_DETACH)?;
    fs::remove_dir("/old")?;
    for sticky in ["/tmp", "/var/tmp", "/dev/shm", "/var/lib/snapd/hostfs/tmp"] {
        fs::set_permissions(sticky, Permissions::from_mode(0o1777))?;
    }
    for private in ["/run/snapd/lock", "/run/user/1000"] {
        fs::set_permissions(private, Permissions::from_mode(0o700))?;
    }
    for users in ["/home/user", "/run/user/1000"] {
        chown(users, Some(1000), Some(1000))?;
    }
    perform(&case.world)?;
    for place in READ_ONLY {
        read_only(place)?;
    }
    if case.root == Root::ReadOnly {
        read_only("/")?;
    }
    let recorded = match case.root {
        Root::Recorded => ROOTFS,
        Root::ReadOnly => "",
    };
    let current = case.current.as_deref().unwrap_or(recorded);
    if !current.is_empty() {
        fs::write(super::guest::current_profile(case), expand(current))?;
    }
    Ok(())
}

/// Gives the snap's namespace, which this process has just made, its private `/tmp`.
pub(super) fn private_tmp() -> Result<()> {
    tmpfs("snap:tmp", Path::new("/tmp"), "mode=1777")
}

/// As for a squashfs, both the mount and the file system become read-only.
pub(super) fn read_only(place: &str) -> Result<()> {
    remount(Path::new(place), MsFlags::MS_RDONLY)
}
