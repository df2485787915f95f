//! What is there after a step: the saved profile, the mount table, the tree.

mod mounts;
mod tree;

pub(crate) use mounts::table as mounts;
pub(crate) use tree::{Seen, walk as tree};

/// Bytes as text for people that loses nothing.
pub(crate) fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => bytes.escape_ascii().to_string(),
    }
}

/// The lines of a file, shown.
pub(crate) fn lines(bytes: &[u8]) -> Vec<String> {
    let mut lines: Vec<String> = bytes.split(|byte| *byte == b'\n').map(shown).collect();
    if lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}
