//! Histories of a namespace as pure data: a world, and the profiles that were desired in turn.
//!
//! A seed determines a history ([`generate`]); a failing one is made smaller ([`shrink`]). No I/O
//! is here: the properties of the planner use it on the model, `cargo xtask conformance --refresh`
//! on the real kernel.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "numbers are small, and places come from the lists that they are used on"
)]

mod generate;
mod paths;
mod profiles;
mod shrink;

#[cfg(test)]
mod tests;

use std::fmt;

pub use generate::generate;
pub use shrink::shrink;

/// What is there, and what is asked for, one profile after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The instance name of the snap: `hello`, or `hello_foo` with its overname entries.
    pub instance: &'static str,
    /// Sorted by path, so parents come first. All paths are different.
    pub world: Vec<WorldLine>,
    /// In a few, an entry is there twice, or has the mount point of another one.
    pub profiles: Vec<Vec<Entry>>,
}

/// One object that is there before anything is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldLine {
    /// Where.
    pub path: String,
    /// What.
    pub object: Object,
    /// Mode and owner (both user and group), when they are not 0755 or 0644 and root.
    pub attributes: Option<(u32, u32)>,
}

/// What kind of object; a file contains its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// With its target.
    Link(String),
}

/// One line of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The first field.
    pub source: String,
    /// The second.
    pub mount_point: String,
    /// The third.
    pub file_system: &'static str,
    /// In their order; never empty.
    pub options: Vec<String>,
}

impl fmt::Display for WorldLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.object {
            Object::Directory => write!(f, "dir {path}")?,
            Object::File => write!(f, "file {path}")?,
            Object::Link(target) => return write!(f, "link {path} -> {target}"),
        }
        if let Some((mode, owner)) = self.attributes {
            write!(f, " {mode:04o} {owner}:{owner}")?;
        }
        if self.object == Object::File { write!(f, " = {path}") } else { Ok(()) }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, mount_point, file_system, options } = self;
        write!(f, "{source} {mount_point} {file_system} {} 0 0", options.join(","))
    }
}

/// One line for each, as in a file.
pub fn lines<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(|item| format!("{item}\n")).collect()
}
