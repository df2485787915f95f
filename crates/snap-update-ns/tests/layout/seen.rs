//! What is at a path.

use std::fs;
use std::os::unix::fs::MetadataExt;

/// A path's type and mode, and its owner: `dir 0755 0:0`.
pub(crate) fn at(path: &str) -> String {
    let data = match fs::symlink_metadata(path) {
        Ok(data) => data,
        Err(error) => return error.kind().to_string(),
    };
    let kind = match data.mode() & 0o170_000 {
        0o040_000 => "dir",
        0o100_000 => "file",
        0o120_000 => return format!("link {}:{}", data.uid(), data.gid()),
        other => return format!("{other:o}"),
    };
    format!("{kind} {:04o} {}:{}", data.mode() & 0o7777, data.uid(), data.gid())
}

/// The file system's type of what is mounted at a path last, if anything is.
pub(crate) fn mounted(path: &str) -> Option<String> {
    let table = fs::read_to_string("/proc/self/mountinfo").expect("mountinfo");
    let mut lines = table.lines().filter(|line| line.split(' ').nth(4) == Some(path));
    let last = lines.next_back()?;
    Some(
        last.split_once(" - ")
            .expect("a separator")
            .1
            .split(' ')
            .next()
            .expect("a type")
            .to_owned(),
    )
}

#[track_caller]
pub(crate) fn has_text(path: &str, text: &str) {
    assert_eq!(fs::read_to_string(path).ok().as_deref(), Some(text), "{path}");
}

/// That something can be made in a directory, or that it is read-only.
#[track_caller]
pub(crate) fn is_writable(dir: &str, expected: Writable) {
    let probe = format!("{dir}/.probe");
    let found = match fs::write(&probe, "") {
        Ok(()) => {
            fs::remove_file(&probe).expect("remove");
            Writable::Yes
        }
        Err(error) if error.raw_os_error() == Some(libc::EROFS) => Writable::No,
        Err(error) => panic!("{dir}: {error}"),
    };
    assert_eq!(found, expected, "{dir}");
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writable {
    Yes,
    No,
}
