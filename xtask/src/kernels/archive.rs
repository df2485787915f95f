//! An initramfs: the `newc` format of cpio(5), as the kernel unpacks it.

use std::collections::BTreeSet;
use std::path::Path;

const DIRECTORY: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;

/// An archive that grows.
#[derive(Default)]
pub(crate) struct Archive {
    bytes: Vec<u8>,
    dirs: BTreeSet<String>,
}

impl Archive {
    /// Adds a file that everybody may execute, and the directories that it is in.
    pub(crate) fn add(&mut self, path: &str, contents: &[u8]) {
        let parents = Path::new(path).ancestors().skip(1).filter_map(Path::to_str);
        let mut missing: Vec<_> = parents.filter(|dir| !["", "/"].contains(dir)).collect();
        missing.reverse();
        for dir in missing {
            if self.dirs.insert(dir.to_owned()) {
                self.entry(dir, DIRECTORY, &[]);
            }
        }
        self.entry(path, PROGRAM, contents);
    }

    /// The whole archive.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.entry("/TRAILER!!!", 0, &[]);
        self.bytes
    }

    fn entry(&mut self, path: &str, mode: u32, contents: &[u8]) {
        let name = path.trim_start_matches('/');
        // Number, mode, owner, group, links, time, size, four of devices, length of the name, sum.
        let number = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        let (size, length) = (contents.len(), name.len() + 1);
        let header = format!(
            "070701{number:08x}{mode:08x}{:08x}{:08x}{:08x}{:08x}{size:08x}{:032x}{length:08x}{:08x}",
            0, 0, 1, 0, 0, 0
        );
        self.bytes.extend(header.as_bytes());
        self.bytes.extend(name.as_bytes());
        self.bytes.push(0);
        self.align();
        self.bytes.extend(contents);
        self.align();
    }

    fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::Archive;

    #[test]
    fn a_file_comes_after_its_directories() {
        let mut archive = Archive::default();
        archive.add("/a/b/f", b"12345");
        archive.add("/a/g", b"");
        let bytes = archive.finish();
        let text = String::from_utf8_lossy(&bytes);
        let names: Vec<_> = text.split("070701").skip(1).map(|entry| &entry[104..]).collect();
        assert_eq!(names.len(), 5);
        for (name, begin) in names.iter().zip(["a\0", "a/b\0", "a/b/f\0", "a/g\0", "TRAILER!!!\0"])
        {
            assert!(name.starts_with(begin), "{name:?}");
        }
        assert_eq!(bytes.len() % 4, 0);
    }
}
