//! mount(2), as the worlds need it. A failure names the place.

use std::path::Path;

use anyhow::{Context, Result};
use nix::NixPath;
use nix::mount::{MsFlags, mount};

/// For the arguments that a call does not look at.
const NONE: Option<&str> = None;

/// A new tmpfs called `source`.
pub(crate) fn tmpfs(source: &str, at: &Path, options: &str) -> Result<()> {
    mount(Some(source), at, Some("tmpfs"), MsFlags::empty(), Some(options))
        .with_context(|| format!("mount {source} on {}", at.display()))
}

/// A new proc.
pub(super) fn proc(at: &Path) -> Result<()> {
    mount(Some("proc"), at, Some("proc"), MsFlags::empty(), NONE)
        .with_context(|| format!("mount proc on {}", at.display()))
}

/// A new ramfs: writable, and no tmpfs, as the file systems that hosts are installed on. Its root is
/// as that of a tmpfs here.
pub(super) fn ramfs(at: &Path) -> Result<()> {
    mount(Some("disk"), at, Some("ramfs"), MsFlags::empty(), Some("mode=755"))
        .with_context(|| format!("mount ramfs on {}", at.display()))
}

/// The control groups of the machine.
pub(super) fn cgroup2(at: &Path) -> Result<()> {
    mount(Some("cgroup2"), at, Some("cgroup2"), MsFlags::empty(), NONE)
        .with_context(|| format!("mount cgroup2 on {}", at.display()))
}

/// `source` at `at` as well; with `MS_REC`, what is mounted below it too.
pub(crate) fn bind<S: NixPath + ?Sized>(source: &S, at: &Path, depth: MsFlags) -> Result<()> {
    mount(Some(source), at, NONE, MsFlags::MS_BIND | depth, NONE)
        .with_context(|| format!("bind on {}", at.display()))
}

/// Other flags for the file system at `at`, or with `MS_BIND` for that mount of it alone.
pub(super) fn remount(at: &Path, flags: MsFlags) -> Result<()> {
    mount(NONE, at, NONE, MsFlags::MS_REMOUNT | flags, NONE)
        .with_context(|| format!("remount {}", at.display()))
}

/// Another propagation for `at` and all below it.
pub(crate) fn propagate(at: &Path, kind: MsFlags) -> Result<()> {
    mount(NONE, at, NONE, MsFlags::MS_REC | kind, NONE)
        .with_context(|| format!("change the propagation of {}", at.display()))
}
