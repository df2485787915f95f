//! What a tree and the mount table look like.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result};

/// Everything below `path`, one line each, sorted: type and mode, owner, path, text or target.
pub(crate) fn tree(path: &str) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    collect(Path::new(path), &mut lines).with_context(|| path.to_owned())?;
    lines.sort();
    Ok(lines)
}

fn collect(path: &Path, lines: &mut Vec<String>) -> Result<()> {
    lines.push(object(path)?);
    if fs::symlink_metadata(path)?.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), lines)?;
        }
    }
    Ok(())
}

/// One line of [`tree`].
pub(crate) fn object(path: &Path) -> Result<String> {
    let data = fs::symlink_metadata(path)?;
    let text = if data.is_file() {
        fs::read(path)?
    } else if data.is_symlink() {
        fs::read_link(path)?.as_os_str().as_bytes().to_vec()
    } else {
        Vec::new()
    };
    let (path, text) = (path.as_os_str().as_bytes().escape_ascii(), text.escape_ascii());
    Ok(format!("{:o} {}:{} {path} {text}", data.mode(), data.uid(), data.gid()))
}

/// The lines of mountinfo(5).
pub(crate) fn mounts() -> Result<Vec<String>> {
    // Names can be of any bytes.
    let table = fs::read("/proc/self/mountinfo")?;
    Ok(String::from_utf8_lossy(&table).lines().map(str::to_owned).collect())
}

/// The options and optional fields of the topmost mount at `path`, `None` when there is none.
pub(crate) fn mount_at(path: &str) -> Result<Option<String>> {
    let at = |line: &String| line.split(' ').nth(4) == Some(path);
    let line = mounts()?.into_iter().rfind(at);
    Ok(line.map(|line| {
        let fields: Vec<&str> = line.split(' ').skip(5).collect();
        fields.iter().take_while(|field| **field != "-").copied().collect::<Vec<_>>().join(" ")
    }))
}

/// How many mounts there are at `path`.
pub(crate) fn count_at(path: &str) -> Result<usize> {
    Ok(mounts()?.iter().filter(|line| line.split(' ').nth(4) == Some(path)).count())
}
