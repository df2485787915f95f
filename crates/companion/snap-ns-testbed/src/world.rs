//! A small root file system to work in.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use anyhow::{Context, Result};
use rustix::mount::{MountFlags, UnmountFlags};

use crate::isolate::io_error;

/// The root file system of an isolated process, while it is entered.
#[derive(Debug)]
pub struct World(());

impl World {
    /// Puts this process into a new empty root: a tmpfs with `/proc`, the machine's `/dev` and
    /// `/sys` (bound, so that it works in a user namespace too), and the directories that
    /// snap-update-ns relies on. `scratch` is any directory of the machine; it is only mounted on.
    ///
    /// # Errors
    ///
    /// A system call failed; the process should then end.
    pub fn enter(scratch: &Path) -> Result<Self> {
        rustix::process::umask(rustix::fs::Mode::empty());
        let data = Some(c"mode=755");
        rustix::mount::mount("world", bytes(scratch), "tmpfs", MountFlags::empty(), data)
            .map_err(io_error)
            .context("mount tmpfs for the world")?;
        let world = Self(());
        let at = |p: &str| scratch.join(p.trim_start_matches('/'));
        for dir in [
            "proc",
            "sys",
            "dev",
            "etc",
            "opt",
            "srv",
            "old",
            "run/snapd/ns",
            "run/user",
            "home",
            "usr/share",
            "usr/lib",
            "var/snap",
            "var/lib/snapd/mount",
            "var/lib/snapd/hostfs",
            "snap",
        ] {
            fs::create_dir_all(at(dir)).with_context(|| format!("mkdir {dir}"))?;
        }
        fs::create_dir(at("run/snapd/lock"))?;
        fs::set_permissions(at("run/snapd/lock"), fs::Permissions::from_mode(0o700))?;
        fs::create_dir(at("tmp"))?;
        fs::set_permissions(at("tmp"), fs::Permissions::from_mode(0o1777))?;
        for dir in ["/proc", "/sys", "/dev"] {
            rustix::mount::mount_bind_recursive(dir, bytes(&at(dir)))
                .map_err(io_error)
                .with_context(|| format!("bind {dir}"))?;
        }
        rustix::process::pivot_root(bytes(scratch), bytes(&at("old")))
            .map_err(io_error)
            .context("pivot_root")?;
        rustix::process::chdir("/").map_err(io_error)?;
        rustix::mount::unmount("/old", UnmountFlags::DETACH)
            .map_err(io_error)
            .context("detach the old root")?;
        fs::remove_dir("/old")?;
        Ok(world)
    }

    /// Makes `path` a file with `text`, and its parents.
    ///
    /// # Errors
    ///
    /// As `std::fs`.
    pub fn file(&self, path: &str, text: &str) -> Result<&Self> {
        if let Some(parent) = Path::new(path).parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text).with_context(|| format!("write {path}"))?;
        Ok(self)
    }

    /// Makes `path` a directory, and its parents.
    ///
    /// # Errors
    ///
    /// As `std::fs`.
    pub fn dir(&self, path: &str) -> Result<&Self> {
        fs::create_dir_all(path).with_context(|| format!("mkdir {path}"))?;
        Ok(self)
    }

    /// Makes `path` a symbolic link to `target`.
    ///
    /// # Errors
    ///
    /// As `std::fs`.
    pub fn link(&self, path: &str, target: &str) -> Result<&Self> {
        symlink(target, path).with_context(|| format!("symlink {path}"))?;
        Ok(self)
    }

    /// Makes the tree at `path` read-only, as a squashfs or a base snap's directory would be.
    ///
    /// # Errors
    ///
    /// A system call failed.
    pub fn read_only(&self, path: &str) -> Result<&Self> {
        rustix::mount::mount_bind(path, path)
            .map_err(io_error)
            .with_context(|| format!("bind {path}"))?;
        let flags = MountFlags::BIND | MountFlags::RDONLY;
        rustix::mount::mount_remount(path, flags, "")
            .map_err(io_error)
            .with_context(|| format!("remount {path}"))?;
        Ok(self)
    }
}

/// The path as rustix takes it without `std`.
fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}
