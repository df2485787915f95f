//! Where something stands.

use std::fmt;
use std::sync::Arc;

/// A file that was read.
#[derive(Clone, Copy, Debug)]
pub struct Source<'s> {
    /// How diagnostics name it.
    pub name: &'s str,
    /// What is in it; to be UTF-8, which is checked.
    pub bytes: &'s [u8],
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// How the file is named.
    pub file: Arc<str>,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
}

impl Place {
    /// The first character of a file.
    pub(crate) fn start(file: &Arc<str>) -> Self {
        Self { file: Arc::clone(file), line: 1, column: 1 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", one_line(&self.file), self.line, self.column)
    }
}

/// A text from elsewhere, so that it can neither end the line nor talk to a terminal.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// A text of a file, and where it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) place: Place,
}
