//! Everything that must stay as it is, down to the times of directories: what is created outside and
//! removed again is found too.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::place::CHANGING;

/// All objects of the machine but those that may change.
pub(super) struct Canary(BTreeMap<PathBuf, String>);

impl Canary {
    /// Looks at everything, as the host sees it.
    pub(super) fn now() -> Result<Self> {
        let mut seen = BTreeMap::new();
        look(Path::new("/"), &mut seen)?;
        Ok(Self(seen))
    }

    /// What is not as it was.
    pub(super) fn complaint(&self) -> Result<Option<String>> {
        let now = Self::now()?.0;
        let paths = self.0.keys().chain(now.keys());
        let differs = |path: &&PathBuf| self.0.get(*path) != now.get(*path);
        Ok(paths.into_iter().find(differs).map(|path| {
            let [before, after] = [&self.0, &now].map(|seen| seen.get(path).cloned());
            let word = |facts: Option<String>| facts.unwrap_or("nothing".to_owned());
            format!("changed outside: {}: {} is {}", path.display(), word(before), word(after))
        }))
    }
}

fn look(path: &Path, seen: &mut BTreeMap<PathBuf, String>) -> Result<()> {
    if CHANGING.iter().any(|dir| path == Path::new(dir)) {
        return Ok(());
    }
    let data = fs::symlink_metadata(path).with_context(|| path.display().to_string())?;
    let content = if data.is_file() && !path.ends_with("program") {
        fs::read_to_string(path)?
    } else if data.is_symlink() {
        fs::read_link(path)?.display().to_string()
    } else {
        String::new()
    };
    let (mode, owner) = (data.mode(), (data.uid(), data.gid()));
    let times = (data.mtime(), data.mtime_nsec(), data.ctime(), data.ctime_nsec());
    seen.insert(path.to_owned(), format!("{mode:o} {owner:?} {times:?} {content:?}"));
    if data.is_dir() {
        for entry in fs::read_dir(path)? {
            look(&entry?.path(), seen)?;
        }
    }
    Ok(())
}
