//! Histories of a namespace as pure data: a world, and the profiles that were desired in turn.
//!
//! A seed determines a history. Two kinds are made: [`generate`] tangles a few paths until everything
//! stands in the way of everything; [`generate_realistic`] writes what snapd writes for snaps as they
//! are published. What the real one wrote is one, too ([`recorded`]). A failing one is made smaller ([`shrink`]). No I/O is here: the properties of the planner use it on the model, `cargo xtask conformance --refresh`
//! on the real kernel.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "numbers are small, and places come from the lists that they are used on"
)]

mod generate;
mod paths;
mod profiles;
mod realistic;
mod recorded;
mod shrink;

#[cfg(test)]
mod tests;

use std::fmt;

pub use generate::generate;
pub use realistic::generate as generate_realistic;
pub use recorded::{RECORDED, recorded};
pub use shrink::shrink;

/// What is there, and what is asked for, one profile after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The instance name of the snap: of generated ones `hello`, or `hello_foo` with its overname
    /// entries.
    pub instance: &'static str,
    /// What snap-confine makes of `/`.
    pub root: Root,
    /// Sorted by path, so parents come first. All paths are different.
    pub world: Vec<WorldLine>,
    /// In their order; in the profiles of a few, an entry is there twice, or has the mount
    /// point of another one.
    pub steps: Vec<Step>,
}

/// The root directory of the snap's namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// A tmpfs of its own, which the current profile records (snap-confine 2.68 and later).
    Recorded,
    /// Read-only, and not recorded.
    ReadOnly,
}

/// A profile becomes the desired one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Why.
    pub kind: Kind,
    /// What others did since the last step; a file that is there is written over.
    pub before: Vec<WorldLine>,
    /// What is desired then.
    pub profile: Vec<Entry>,
}

/// Why a profile is another one than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// No reason is known.
    Tangled,
    /// The real snapd wrote it.
    Recorded,
    /// There was none.
    Install,
    /// Another revision of the snap, with the same layouts.
    Refresh,
    /// Another revision of the snap, with other layouts.
    NewLayouts,
    /// The revision that was there before.
    Revert,
    /// Another revision of a snap that gives content.
    ProviderRefresh,
    /// An interface more.
    Connect,
    /// An interface less.
    Disconnect,
}

impl Kind {
    /// All that realistic histories have.
    pub const REALISTIC: [Self; 7] = [
        Self::Install,
        Self::Refresh,
        Self::NewLayouts,
        Self::Revert,
        Self::ProviderRefresh,
        Self::Connect,
        Self::Disconnect,
    ];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tangled => "tangled",
            Self::Recorded => "recorded",
            Self::Install => "install",
            Self::Refresh => "refresh",
            Self::NewLayouts => "refresh with other layouts",
            Self::Revert => "revert",
            Self::ProviderRefresh => "refresh of a provider",
            Self::Connect => "connect",
            Self::Disconnect => "disconnect",
        }
    }
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
    /// A file system of its own, which is read-only once the world is there: a revision of a snap.
    Image,
    /// Nothing any more.
    Removed,
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
            Object::Image => return write!(f, "tmpfs {path}"),
            Object::Removed => return write!(f, "rm {path}"),
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

impl History {
    /// The world as lines that can be performed one after the other.
    #[must_use]
    pub fn world_text(&self) -> String {
        let images = self.world.iter().filter(|line| line.object == Object::Image);
        images
            .fold(lines(&self.world), |text, image| text + &format!("remount {} ro\n", image.path))
    }
}

/// One line for each, as in a file.
pub fn lines<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(|item| format!("{item}\n")).collect()
}
