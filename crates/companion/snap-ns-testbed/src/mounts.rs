//! Mounts of a test's own.

use std::ffi::CString;

use anyhow::{Context, Result};
use rustix::mount::{MountFlags, UnmountFlags};

use crate::isolate::io_error;

/// Mounts a new file system with the name of its type as its source.
///
/// # Errors
///
/// The system call failed.
pub fn mount_new(fs_type: &str, path: &str, data: &str) -> Result<()> {
    let options = CString::new(data)?;
    rustix::mount::mount(fs_type, path, fs_type, MountFlags::empty(), options.as_c_str())
        .map_err(io_error)
        .with_context(|| format!("mount {fs_type} on {path} with {data}"))
}

/// Shows `source` at `path` too.
///
/// # Errors
///
/// The system call failed.
pub fn mount_bind(source: &str, path: &str) -> Result<()> {
    rustix::mount::mount_bind(source, path)
        .map_err(io_error)
        .with_context(|| format!("bind {source} to {path}"))
}

/// Unmounts what is on top at `path`.
///
/// # Errors
///
/// The system call failed.
pub fn unmount(path: &str) -> Result<()> {
    rustix::mount::unmount(path, UnmountFlags::NOFOLLOW)
        .map_err(io_error)
        .with_context(|| format!("unmount {path}"))
}
