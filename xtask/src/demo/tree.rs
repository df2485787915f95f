//! What an application finds below some directories, and how that changed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Every object by path, described: type, mode, owner, link target, contents.
pub(crate) type Tree = BTreeMap<PathBuf, String>;

/// How a line of a comparison differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// As it was.
    Same,
    /// Was not there before.
    New,
    /// Same name, something else.
    Changed,
    /// Was there before.
    Gone,
}

/// Reads the trees at `roots`; what lies at or below one of `except` is left out.
pub(crate) fn read(roots: &[&str], except: &[&str]) -> Result<Tree> {
    let mut tree = Tree::new();
    for root in roots {
        walk(Path::new(root), except, &mut tree)?;
    }
    Ok(tree)
}

fn walk(path: &Path, except: &[&str], tree: &mut Tree) -> Result<()> {
    if except.iter().any(|e| path == Path::new(e)) {
        return Ok(());
    }
    let meta = fs::symlink_metadata(path).with_context(|| path.display().to_string())?;
    tree.insert(path.to_owned(), describe(path, &meta)?);
    if meta.is_dir() {
        for child in fs::read_dir(path).with_context(|| path.display().to_string())? {
            walk(&child?.path(), except, tree)?;
        }
    }
    Ok(())
}

fn describe(path: &Path, meta: &fs::Metadata) -> Result<String> {
    let kind = meta.file_type();
    let owner = format!("{:04o} {}:{}", meta.mode() & 0o7777, meta.uid(), meta.gid());
    Ok(if kind.is_symlink() {
        format!("-> {}", fs::read_link(path)?.display())
    } else if kind.is_dir() {
        format!("directory {owner}")
    } else if kind.is_file() {
        let bytes = fs::read(path).with_context(|| path.display().to_string())?;
        format!("{owner} {:?}", String::from_utf8_lossy(&bytes).trim_end())
    } else {
        let fifo = kind.is_fifo();
        format!("{} {owner}", if fifo { "fifo" } else { "special" })
    })
}

/// Both trees as one list, in order of the paths.
pub(crate) fn compare(before: &Tree, after: &Tree) -> Vec<(PathBuf, String, Mark)> {
    let paths: std::collections::BTreeSet<&PathBuf> = before.keys().chain(after.keys()).collect();
    let mut lines = Vec::new();
    for path in paths {
        let line = match (before.get(path), after.get(path)) {
            (Some(old), Some(new)) if old == new => (new.clone(), Mark::Same),
            (Some(old), Some(new)) => (format!("{new}   (was {old})"), Mark::Changed),
            (None, Some(new)) => (new.clone(), Mark::New),
            (Some(old), None) => (old.clone(), Mark::Gone),
            (None, None) => continue,
        };
        lines.push((path.clone(), line.0, line.1));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_difference_is_marked() {
        let tree = |pairs: &[(&str, &str)]| -> Tree {
            let owned = pairs.iter().map(|(p, d)| (p.into(), (*d).to_owned()));
            owned.collect()
        };
        let before = tree(&[("/a", "1"), ("/b", "1"), ("/c", "1")]);
        let after = tree(&[("/a", "1"), ("/b", "2"), ("/d", "1")]);
        let marks: Vec<Mark> = compare(&before, &after).into_iter().map(|l| l.2).collect();
        assert_eq!(marks, [Mark::Same, Mark::Changed, Mark::Gone, Mark::New]);
    }
}
