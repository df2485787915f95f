//! fstab(5) text to entries, and back.
//!
//! *For*: reading the desired and the current mount profile and writing the current one.
//! *Terms*: a *profile* is the text of a file; an *entry* is one line of it: source, mount point,
//! type, options, dump, pass.
//! *Guarantees*: no I/O, no allocation, no panic on any input. Parsing happens in place: unescaping
//! never lengthens a field, so an entry is a set of slices of the buffer it was read into.
//! What [`Entry::write`] writes parses back to the same entry.
//! *Does not*: give any meaning to paths or options; see `snap-path` and `snap-mount-options`.
#![no_std]
#![forbid(unsafe_code)]

mod entry;
mod error;
mod fields;
mod lines;
mod scan;

pub use entry::{Entry, Sink, escaped_len};
pub use error::{ParseError, ParseErrorKind};
pub use lines::{Columns, LINE_MAX, Line, Lines, Rigour, parse};

#[cfg(test)]
mod tests;
