//! What the planner may ask about the file system.

use crate::fault::{Fault, Role};
use crate::node::{Attributes, Ground, Look, NodeKind};
use crate::route::Buffer;

/// A read-only view of the tree. No component of a path that is asked for may be a symbolic link:
/// a link is an answer, never followed.
pub trait FsView {
    /// What is at `path`; `role` is what a fault will be about.
    ///
    /// # Errors
    ///
    /// The tree could not be looked at.
    fn look(&mut self, path: &[u8], role: Role) -> Result<Look, Fault>;

    /// What matters of the directory `dir` for creating something in it.
    ///
    /// # Errors
    ///
    /// As for [`look`](Self::look).
    fn ground(&mut self, dir: &[u8]) -> Result<Ground, Fault>;

    /// Whether the directories `a` and `b` are on the same file system.
    ///
    /// # Errors
    ///
    /// As for [`look`](Self::look).
    fn same_fs(&mut self, a: &[u8], b: &[u8]) -> Result<bool, Fault>;

    /// Whether the symbolic link `path` has just this `target`.
    ///
    /// # Errors
    ///
    /// As for [`look`](Self::look).
    fn leads_to(&mut self, path: &[u8], target: &[u8]) -> Result<bool, Fault>;

    /// Reads where the symbolic link `path` leads into `target`, which is empty; tells whether it is
    /// root's, and nobody else can change it or the way to it.
    ///
    /// # Errors
    ///
    /// As for [`look`](Self::look).
    fn read_link(&mut self, path: &[u8], target: &mut Buffer) -> Result<bool, Fault>;

    /// Whether nothing is in `path`: an empty directory, or an empty file.
    ///
    /// # Errors
    ///
    /// As for [`look`](Self::look).
    fn is_vacant(&mut self, path: &[u8]) -> Result<bool, Fault>;

    /// Mode and owner of the directory `path`.
    ///
    /// # Errors
    ///
    /// As for [`look`](Self::look).
    fn attributes(&mut self, path: &[u8]) -> Result<Attributes, Fault>;

    /// The ID of the mount at just `path` (statx(2)); 0 if nothing is mounted there, or nobody knows.
    fn mount_id_at(&mut self, path: &[u8]) -> u64 {
        let _ = path;
        0
    }

    /// Tells `each` the name and kind of everything in the directory `path`, until it answers with
    /// a fault.
    ///
    /// # Errors
    ///
    /// As for [`look`](Self::look), or what `each` answered.
    fn list(&mut self, path: &[u8], each: &mut Each<'_>) -> Result<(), Fault>;

    /// Whether the flags of a recursive bind can be those of all its mounts.
    fn has_tree_flags(&mut self) -> bool;
}

/// Takes the name and kind of one thing in a directory.
pub type Each<'e> = dyn FnMut(&[u8], NodeKind) -> Result<(), Fault> + 'e;
