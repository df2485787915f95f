//! The rows of `docs/compatibility.md`: every deliberate difference must have one, and every case
//! that a row names must exist.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, ensure};

use super::case::Case;
use crate::peer::workspace_root;

/// Checks the page and the cases against each other.
pub(super) fn check(cases: &[Case]) -> Result<()> {
    let path = workspace_root()?.join("docs/compatibility.md");
    let page = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    agree(&page, cases).with_context(|| path.display().to_string())
}

fn agree(page: &str, cases: &[Case]) -> Result<()> {
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    let mut ids = BTreeSet::new();
    for (id, named) in page.lines().filter_map(row) {
        ensure!(ids.insert(id), "row {id} is there twice");
        for name in named {
            ensure!(names.contains(name), "row {id}: there is no case {name}");
        }
    }
    for case in cases {
        for difference in case.steps.iter().flat_map(|step| &step.differs) {
            let row = &difference.row;
            ensure!(ids.contains(row.as_str()), "case {}: there is no row {row}", case.name);
        }
    }
    Ok(())
}

/// The id of a line that is a row, `C7` or `D7`, and the cases that its last cell names.
fn row(line: &str) -> Option<(&str, Vec<&str>)> {
    let cells: Vec<&str> = line.strip_prefix('|')?.strip_suffix('|')?.split('|').collect();
    let (id, last) = (cells.first()?.trim(), cells.last()?);
    id.strip_prefix(['C', 'D'])?.parse::<u32>().ok()?;
    Some((id, last.split('`').skip(1).step_by(2).collect()))
}

#[cfg(test)]
mod tests {
    use super::{agree, row};

    #[test]
    fn a_row_has_an_id_and_names_cases() {
        assert_eq!(row("| C9 | `x` | y | `a`, `b` |"), Some(("C9", vec!["a", "b"])));
        assert_eq!(row("| id | the original | ours | cases |"), None);
        assert_eq!(row("C9 `a`"), None);
    }

    #[test]
    fn an_unknown_case_and_a_double_row_are_errors() {
        assert!(agree("| C1 | x | y | |", &[]).is_ok());
        assert!(agree("| C1 | x | y | `nobody` |", &[]).is_err());
        assert!(agree("| C1 | x | y | |\n| C1 | x | y | |", &[]).is_err());
    }
}
