//! The host's namespace, the snap's live one, and as many fresh ones as are asked for: all of
//! them share the host's storage, each snap's has a root of its own.

use std::fs::{self, File, Permissions};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

use anyhow::{Context, Result};
use nix::mount::{MntFlags, MsFlags, umount2};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{chdir, pivot_root};

use super::super::case::Case;
use super::super::world;

/// Where the root of a snap's namespace is put together, on the host.
const ROOT: &str = "/tmp/snap.rootfs";
/// The snap's `/tmp`, on the host.
const TMP: &str = "/tmp/snap-private-tmp/snap/tmp";

/// The two namespaces of one history.
pub(in super::super) struct Namespaces {
    pub(in super::super) host: File,
    pub(in super::super) live: File,
}

impl Namespaces {
    /// Makes the world of `case` on `scratch`. This process is left in the host's namespace.
    pub(in super::super) fn new(scratch: &Path, case: &Case) -> Result<Self> {
        let host = host(scratch, case)?;
        let live = fresh(&host)?;
        preserve(&host, &live, &case.instance)?;
        Ok(Self { host, live })
    }
}

/// The host of a new world, made on `scratch`. This process is left in its namespace.
pub(crate) fn host(scratch: &Path, case: &Case) -> Result<File> {
    unshare(CloneFlags::CLONE_NEWNS).context("unshare")?;
    world::enter(scratch, case)?;
    for (dir, mode) in [(ROOT, 0o755), (TMP, 0o1777)] {
        fs::create_dir_all(dir)?;
        fs::set_permissions(dir, Permissions::from_mode(mode))?;
    }
    own()
}

/// Makes `live` the namespace of `instance` that the daemon's calls join. This process is left in
/// the host's.
pub(crate) fn preserve(host: &File, live: &File, instance: &str) -> Result<()> {
    enter(host)?;
    let mnt = format!("/run/snapd/ns/{instance}.mnt");
    fs::write(&mnt, "")?;
    let namespace = format!("/proc/self/fd/{}", live.as_raw_fd());
    world::bind(namespace.as_str(), Path::new(&mnt), MsFlags::empty())
        .context("preserve the namespace")
}

/// A snap's namespace as snap-confine makes it: a new tmpfs with the host's top-level names, the
/// host's places bound into it, and the snap's `/tmp`; read-only if the host's is. This process is left in it.
pub(crate) fn fresh(host: &File) -> Result<File> {
    enter(host)?;
    unshare(CloneFlags::CLONE_NEWNS).context("unshare")?;
    let read_only = statvfs("/")?.flags().contains(FsFlags::ST_RDONLY);
    // What happens here never reaches a host whose mounts are shared.
    world::propagate(Path::new("/"), MsFlags::MS_SLAVE)?;
    world::tmpfs("root", Path::new(ROOT), "mode=755")?;
    for entry in fs::read_dir("/")? {
        let from = entry?.path();
        let at = Path::new(ROOT).join(from.file_name().context("a name")?);
        let metadata = fs::symlink_metadata(&from)?;
        if metadata.is_dir() {
            fs::create_dir(&at)?;
            fs::set_permissions(&at, Permissions::from_mode(metadata.mode() & 0o7777))?;
            chown(&at, Some(metadata.uid()), Some(metadata.gid()))?;
            let source =
                if from.as_os_str().as_bytes() == b"/tmp" { Path::new(TMP) } else { &from };
            world::bind(source, &at, MsFlags::MS_REC)?;
        } else if metadata.is_symlink() {
            symlink(fs::read_link(&from)?, &at)?;
        }
    }
    chdir(ROOT)?;
    pivot_root(".", ".").context("pivot_root")?;
    umount2(".", MntFlags::MNT_DETACH).context("detach the host's root")?;
    chdir("/")?;
    if read_only {
        world::read_only("/")?;
    }
    own()
}

/// The namespace that this process is in.
pub(crate) fn own() -> Result<File> {
    File::open("/proc/self/ns/mnt").context("/proc/self/ns/mnt")
}

pub(crate) fn enter(namespace: &File) -> Result<()> {
    setns(namespace, CloneFlags::CLONE_NEWNS).context("setns")
}
