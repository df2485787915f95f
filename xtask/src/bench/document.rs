//! Puts the tables between the markers of docs/performance.md.

use std::fs;

use anyhow::{Context, Result};

use crate::peer;

const BEGIN: &str = "<!-- bench: begin (written by `cargo xtask bench --write`) -->";
const END: &str = "<!-- bench: end -->";

/// Replaces what stands between the markers by `tables`.
pub(crate) fn write(tables: &str) -> Result<()> {
    let path = peer::workspace_root()?.join("docs/performance.md");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let new = between(&text, tables).context("docs/performance.md has lost its bench markers")?;
    fs::write(&path, new).with_context(|| path.display().to_string())
}

fn between(text: &str, tables: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", tables.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let text = format!("a\n{BEGIN}\nold\n{END}\nz\n");
        let new = between(&text, "new\n\n").unwrap();
        assert_eq!(new, format!("a\n{BEGIN}\n\nnew\n\n{END}\nz\n"));
        assert_eq!(between(&new, "new"), Some(new.clone()));
        assert_eq!(between("no markers", "new"), None);
    }
}
