//! Layout declarations to a desired mount profile.
//!
//! *For*: those who write a `snap.yaml` or `snapcraft.yaml` and want to know what its `layout`
//! section comes to, and what is wrong with it; and for tests that need real profiles.
//! *Terms*: a *layout* is one element of the section: a mount point and what shall be there; the
//! *element* is a bind of a directory or of a file, a symbolic link, or a tmpfs; a *rule* is what a
//! declaration has to keep; a *diagnostic* is a rule that was not kept, and where; a *note* is a
//! diagnostic that stops nothing.
//! *Guarantees*: all problems of the files are found in one run, each with its line and column.
//! A profile comes out when there is none, always the same bytes for the same input; it reads back
//! in `snap-fstab` and `snap-mount-options`. No panic on any input.
//! *Does not*: look at any file system, or know what a snap contains.
//!
//! The rules, and how they compare with what snapd accepts: docs/layouts.md.
#![forbid(unsafe_code)]

mod compile;
mod content;
mod diagnostic;
mod document;
mod fights;
mod layout;
mod merge;
mod place;
mod profile;
mod rule;
mod rules;
mod snap;
mod yaml;

pub use compile::{Compiled, Request, compile};
pub use diagnostic::{Diagnostic, Diagnostics};
pub use place::{Place, Source};
pub use rule::{Rule, Severity};
pub use snap::{Setting, SettingError};
