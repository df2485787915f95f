//! The visible tree: type, mode, owner, link target, contents.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use anyhow::{Context, Result};
use nix::sys::statfs::{CGROUP2_SUPER_MAGIC, statfs};
use nix::sys::statvfs::{FsFlags, statvfs};

use super::shown;

/// Longer contents are told by their length and check sum.
const SHOWN_CONTENTS: usize = 120;

/// Who looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The case compares everything.
    Exactly,
    /// Empty files and directories at and below `/tmp/.snap` are left out: normalisation `D1`.
    WithoutAside,
    /// As before, without the places that [`OUT_OF_REACH`] names; and it is told whether a
    /// directory or file is read-only.
    ByRefreshes,
    /// Everything, but for control groups, which the kernel fills with what is chance.
    ByFaults,
}

impl Seen {
    /// Places that are left out with all that is below.
    fn out_of_reach(self) -> &'static [&'static str] {
        match self {
            Self::ByRefreshes => &OUT_OF_REACH,
            Self::ByFaults => &["/sys/fs/cgroup"],
            Self::Exactly | Self::WithoutAside => &[],
        }
    }
}

/// No random refresh sequence asks for anything there.
const OUT_OF_REACH: [&str; 6] = ["/home", "/proc", "/run", "/sys", "/var/lib/snapd", "/var/tmp"];

/// The tree from `/`, one line for each name, sorted; without `/proc`, and of `/dev` only `shm`.
pub(crate) fn walk(seen: Seen) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    visit(Path::new("/"), seen, &mut lines)?;
    lines.sort();
    Ok(lines)
}

/// Whether the control groups of the machine are there, which the kernel fills with what is chance.
fn is_cgroup2(path: &Path) -> bool {
    path == Path::new("/sys/fs/cgroup")
        && statfs(path).is_ok_and(|stat| stat.filesystem_type() == CGROUP2_SUPER_MAGIC)
}

fn visit(path: &Path, seen: Seen, lines: &mut Vec<String>) -> Result<()> {
    if seen.out_of_reach().iter().any(|place| path == Path::new(place)) || is_cgroup2(path) {
        return Ok(());
    }
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => {
            lines.push(format!(
                "{} unreadable: {}",
                shown(path.as_os_str().as_bytes()),
                error.kind()
            ));
            return Ok(());
        }
    };
    let mark = lines.len();
    let text = path.to_string_lossy();
    let file_type = metadata.file_type();
    let (kind, more) = if file_type.is_dir() {
        ("dir", String::new())
    } else if file_type.is_symlink() {
        let target = fs::read_link(path)?;
        ("link", format!(" -> {}", shown(target.as_os_str().as_bytes())))
    } else if file_type.is_fifo() {
        ("fifo", String::new())
    } else if file_type.is_file() {
        ("file", contents(path))
    } else {
        ("special", String::new())
    };
    let name = shown(path.as_os_str().as_bytes());
    let (mode, uid, gid) = (metadata.mode() & 0o7777, metadata.uid(), metadata.gid());
    if is_current_profile(&text) && metadata.len() == 0 {
        return Ok(());
    }
    let writable = match seen {
        Seen::ByRefreshes if file_type.is_dir() || file_type.is_file() => writability(path)?,
        Seen::ByRefreshes | Seen::ByFaults | Seen::Exactly | Seen::WithoutAside => "",
    };
    lines.push(format!("{name} {kind} {mode:04o} {uid}:{gid}{writable}{more}"));
    if file_type.is_dir() && text != "/proc" {
        let entries = fs::read_dir(path).with_context(|| text.clone().into_owned())?;
        for entry in entries {
            let entry = entry?.path();
            if text != "/dev" || entry.ends_with("shm") {
                visit(&entry, seen, lines)?;
            }
        }
    }
    let aside = text == "/tmp/.snap" || text.starts_with("/tmp/.snap/");
    let empty = lines.len() == mark + 1 && (file_type.is_dir() || metadata.len() == 0);
    if aside && empty && matches!(seen, Seen::WithoutAside | Seen::ByRefreshes) {
        lines.truncate(mark);
    }
    Ok(())
}

fn writability(path: &Path) -> Result<&'static str> {
    let flags = statvfs(path).with_context(|| path.display().to_string())?.flags();
    Ok(if flags.contains(FsFlags::ST_RDONLY) { " ro" } else { " rw" })
}

/// The saved profile is compared as a profile; a missing one equals an empty one.
fn is_current_profile(path: &str) -> bool {
    path.starts_with("/run/snapd/ns/snap.") && path.ends_with(".fstab")
}

fn contents(path: &Path) -> String {
    if is_current_profile(&path.to_string_lossy()) {
        return String::new();
    }
    match fs::read(path) {
        Ok(bytes) if bytes.is_empty() => " empty".to_owned(),
        Ok(bytes) if bytes.len() <= SHOWN_CONTENTS => format!(" = {}", shown(&bytes)),
        Ok(bytes) => {
            let sum = bytes
                .iter()
                .fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)));
            format!(" = {} bytes, sum {sum:08x}", bytes.len())
        }
        // A namespace file, for one, is a regular file that cannot be read.
        Err(error) if error.kind() == ErrorKind::InvalidInput => " (namespace)".to_owned(),
        Err(error) => format!(" unreadable: {}", error.kind()),
    }
}
