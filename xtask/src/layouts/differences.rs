//! The table of what only one of the two refuses, and why.

use std::fs;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::peer::workspace_root;

/// Who refuses alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Side {
    Ours,
    Snap,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    refuses: Side,
    /// A part of what the one that refuses says: our rule's name, or words of snap.
    says: String,
    /// A part of the file's name or text.
    about: String,
    /// The suites, if not all.
    #[serde(default)]
    suites: Vec<String>,
    why: String,
    #[serde(skip)]
    used: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Differences {
    difference: Vec<Row>,
}

impl Differences {
    pub(crate) fn load() -> Result<Self> {
        let path = workspace_root()?.join("xtask/layouts.toml");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        toml::from_str(&text).with_context(|| path.display().to_string())
    }

    /// Why that is so, if a row says it.
    pub(crate) fn explain(
        &mut self,
        side: Side,
        suite: &str,
        text: &str,
        said: &str,
    ) -> Option<&str> {
        let row = self.difference.iter_mut().find(|row| {
            row.refuses == side
                && (row.suites.is_empty() || row.suites.iter().any(|it| it == suite))
                && said.contains(&row.says)
                && text.contains(&row.about)
        })?;
        row.used = true;
        Some(&row.why)
    }

    /// Rows that explained nothing.
    pub(crate) fn unused(&self) -> Vec<String> {
        let unused = self.difference.iter().filter(|row| !row.used);
        unused.map(|row| format!("{}: {}", row.says, row.about)).collect()
    }
}
