//! Rules that belong together.

use std::fmt::{self, Display, Formatter};

use crate::pattern::Pattern;
use crate::rule::Rule;

/// The rules for one purpose, with a comment that says which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    title: String,
    rules: Vec<Rule>,
}

impl Group {
    /// Rules that are the same for every snap, one a line.
    pub(crate) fn fixed(title: &str, lines: &str) -> Self {
        let rules = lines.lines().map(str::trim_ascii).filter(|line| !line.is_empty());
        Self::new(title.to_owned(), rules.map(Rule::fixed).collect())
    }

    /// `rules`, each once.
    pub(crate) fn new(title: String, mut rules: Vec<Rule>) -> Self {
        rules.sort();
        rules.dedup();
        Self { title, rules }
    }

    /// What the group is for.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The rules, each once.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

impl Display for Group {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "  # {}", self.title)?;
        self.rules.iter().try_for_each(|rule| writeln!(f, "  {rule}"))
    }
}

/// A path for a comment: what could end the line is not in it.
pub(crate) fn named(path: &Pattern) -> String {
    path.to_string().trim_matches('"').to_owned()
}
