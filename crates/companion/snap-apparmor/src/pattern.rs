//! Paths as AppArmor takes them.

use std::fmt::{self, Display, Formatter, Write};

/// A path, or a family of paths, that a rule is about. What comes from a profile is always literal:
/// no byte of it can end the pattern or widen it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pattern(String);

impl Pattern {
    /// Just this path.
    pub(crate) fn literal(path: &[u8]) -> Self {
        Self::default().then_literal(path)
    }

    /// Goes on with bytes that stand for themselves.
    pub(crate) fn then_literal(mut self, bytes: &[u8]) -> Self {
        for &byte in bytes {
            if byte.is_ascii_alphanumeric() || b"/._-+".contains(&byte) {
                self.0.push(char::from(byte));
            } else {
                // Within quotes, three octal digits are that byte and nothing else, also where it
                // would be a wildcard, a variable or the closing quote (apparmor.d(5)).
                let _ = write!(self.0, "\\{byte:03o}");
            }
        }
        self
    }

    /// Goes on with wildcards of apparmor.d(5).
    pub(crate) fn then(mut self, wildcards: &'static str) -> Self {
        self.0.push_str(wildcards);
        self
    }
}

impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}
