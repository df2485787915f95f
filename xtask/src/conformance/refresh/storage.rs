//! A copy of the host: the same places, but what may be written to is duplicated.

use std::fs::{self, File, Permissions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

use anyhow::{Context, Result};
use nix::mount::MsFlags;
use nix::sched::{CloneFlags, unshare};

use super::super::world;
use super::namespaces::{enter, own};

/// What the program can write to, and a sequence asks for.
const WRITABLE: [&str; 7] =
    ["/etc", "/srv", "/tmp", "/dev/shm", "/snap", "/var/snap", "/var/lib/snapd/hostfs"];

/// A namespace like `host`. This process is left in it.
pub(super) fn copy(host: &File) -> Result<File> {
    enter(host)?;
    unshare(CloneFlags::CLONE_NEWNS).context("unshare")?;
    for place in WRITABLE {
        let original = File::open(place)?;
        let mode = original.metadata()?.mode() & 0o7777;
        world::tmpfs("copy", Path::new(place), &format!("mode={mode:o}"))?;
        let from = format!("/proc/self/fd/{}", original.as_raw_fd());
        duplicate(Path::new(&from), Path::new(place), original.metadata()?.dev())
            .with_context(|| format!("copy {place}"))?;
    }
    own()
}

/// Copies what is in `from`; what is mounted below it is bound.
fn duplicate(from: &Path, to: &Path, device: u64) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let metadata = entry.metadata()?;
        if metadata.is_symlink() {
            symlink(fs::read_link(&from)?, &to)?;
            continue;
        }
        if metadata.is_dir() {
            fs::create_dir(&to)?;
        } else {
            fs::copy(&from, &to)?;
        }
        if metadata.dev() != device {
            world::bind(&from, &to, MsFlags::MS_REC)?;
            continue;
        }
        chown(&to, Some(metadata.uid()), Some(metadata.gid()))?;
        fs::set_permissions(&to, Permissions::from_mode(metadata.mode() & 0o7777))?;
        if metadata.is_dir() {
            duplicate(&from, &to, device)?;
        }
    }
    Ok(())
}
