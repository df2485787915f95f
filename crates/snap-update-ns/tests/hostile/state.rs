//! Everything that a run must not change: the mount table, the tree, the saved profile.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::machine::CURRENT;

#[derive(PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) mounts: String,
    saved: Option<Vec<u8>>,
    tree: Vec<(PathBuf, String)>,
}

impl State {
    pub(crate) fn now() -> Self {
        let mut tree = Vec::new();
        walk(Path::new("/"), &mut tree);
        Self { mounts: mount_table(), saved: fs::read(CURRENT).ok(), tree }
    }

    /// Fails with the differences, if there are any since `self`.
    #[track_caller]
    pub(crate) fn check_unchanged(&self, what: &str) {
        let now = Self::now();
        assert_eq!(self.mounts, now.mounts, "mounts after {what}");
        let text = |saved: &Option<Vec<u8>>| saved.as_deref().map(head);
        assert!(self.saved == now.saved, "saved after {what}: {:?}", text(&now.saved));
        if self.tree != now.tree {
            let gone: Vec<_> = self.tree.iter().filter(|it| !now.tree.contains(it)).collect();
            let new: Vec<_> = now.tree.iter().filter(|it| !self.tree.contains(it)).collect();
            panic!("tree after {what}: {gone:?} is {new:?}");
        }
    }

    /// The tree without the times, which making and undoing something leaves behind.
    pub(crate) fn tree_without_times(&self) -> Vec<String> {
        let plain = |(path, data): &(PathBuf, String)| {
            let end = data.rfind(" (").expect("the times come last");
            format!("{} {}", path.display(), &data[..end])
        };
        self.tree.iter().map(plain).collect()
    }

    /// The mount points, in the order of the table.
    pub(crate) fn mount_points(&self) -> Vec<String> {
        let lines = self.mounts.lines();
        lines.filter_map(|line| line.split(' ').nth(4)).map(str::to_owned).collect()
    }
}

/// The mount table; names in it need not be UTF-8.
pub(crate) fn mount_table() -> String {
    let bytes = fs::read("/proc/self/mountinfo").expect("mountinfo");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The beginning of a text, for a message.
pub(crate) fn head(text: &[u8]) -> String {
    let end = text.len().min(400);
    format!("{:?}", String::from_utf8_lossy(&text[..end]))
}

/// Lists what is at and below `path`, with everything that a change would change: the times too.
fn walk(path: &Path, tree: &mut Vec<(PathBuf, String)>) {
    let data = fs::symlink_metadata(path).expect("lstat");
    let times = (data.mtime(), data.mtime_nsec(), data.ctime(), data.ctime_nsec());
    let (kind, size) = (data.mode(), data.size());
    let owner = (data.uid(), data.gid());
    let target = fs::read_link(path).unwrap_or_default();
    // A file was made and removed beside the profile: that is how it is found out that one can be.
    let times = if path == Path::new("/run/snapd/ns") { (0, 0, 0, 0) } else { times };
    let size = if data.is_dir() { 0 } else { size };
    tree.push((path.to_owned(), format!("{kind:o} {owner:?} {size} {target:?} {times:?}")));
    if data.is_dir() && !["/proc", "/dev"].iter().any(|skip| path == Path::new(skip)) {
        let mut names: Vec<_> = fs::read_dir(path).expect("list").map(|it| it.unwrap()).collect();
        names.sort_by_key(fs::DirEntry::file_name);
        for name in names {
            walk(&name.path(), tree);
        }
    }
}
