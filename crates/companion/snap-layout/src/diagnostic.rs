//! What is wrong, where, and what to do about it.

use std::fmt;

use crate::place::{Place, one_line};
use crate::rule::{Rule, Severity};

/// A rule that was not kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// Where.
    pub place: Place,
    /// Which.
    pub rule: Rule,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it, in one line.
    pub suggestion: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, rule, message, suggestion } = self;
        write!(f, "{place}: {rule}: {message}; {suggestion}")
    }
}

/// All that was found so far.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    pub(crate) fn report(
        &mut self,
        place: &Place,
        rule: Rule,
        message: impl Into<String>,
        suggestion: impl Into<String>,
    ) {
        let (message, suggestion) = (one_line(&message.into()), one_line(&suggestion.into()));
        self.0.push(Diagnostic { place: place.clone(), rule, message, suggestion });
    }

    /// In the order of their places; a text that was reached in two ways is reported once.
    pub(crate) fn sort(&mut self) {
        self.0.sort();
        self.0.dedup();
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }

    /// Whether one of them is more than a note.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|found| found.rule.severity() == Severity::Error)
    }
}
