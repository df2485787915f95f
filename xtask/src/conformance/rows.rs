//! The rows of `docs/compatibility.md`: every deliberate difference must have one.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, ensure};

use super::case::Case;
use crate::peer::workspace_root;

/// The ids of the page's tables: the first cell of each row that looks like `C7` or `D7`.
fn ids() -> Result<BTreeSet<String>> {
    let path = workspace_root()?.join("docs/compatibility.md");
    let page = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let cells = page.lines().filter_map(|line| {
        let cell = line.strip_prefix('|')?.split('|').next()?.trim();
        let number = cell.strip_prefix(['C', 'D'])?;
        number.parse::<u32>().is_ok().then(|| cell.to_owned())
    });
    let mut ids = BTreeSet::new();
    for cell in cells {
        ensure!(
            ids.insert(cell.clone()),
            "{}: row {cell} twice",
            path.display()
        );
    }
    Ok(ids)
}

/// Checks that every row that a case names exists.
pub(super) fn check(cases: &[Case]) -> Result<()> {
    let ids = ids()?;
    for case in cases {
        for difference in case.steps.iter().flat_map(|step| &step.differs) {
            ensure!(
                ids.contains(&difference.row),
                "case {}: docs/compatibility.md has no row {}",
                case.name,
                difference.row
            );
        }
    }
    Ok(())
}
