//! Reading the topic files.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, ensure};

use super::case::{Aspect, Case, Topic};
use crate::peer::workspace_root;

/// All cases, topic by topic.
pub(crate) fn cases() -> Result<Vec<Case>> {
    let dir = workspace_root()?.join("xtask/conformance");
    let mut files: Vec<_> = fs::read_dir(&dir)
        .with_context(|| dir.display().to_string())?
        .map(|file| file.map(|file| file.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file)?;
        let topic: Topic = toml::from_str(&text).with_context(|| file.display().to_string())?;
        cases.extend(topic.cases);
    }
    let mut names = BTreeSet::new();
    for case in &cases {
        ensure!(names.insert(&case.name), "two cases named {}", case.name);
        ensure!(!case.steps.is_empty(), "case {} has no step", case.name);
        for listed in case.steps.iter().flat_map(|step| &step.differs) {
            let whole = matches!(listed.aspect, Aspect::Exit | Aspect::Stdout);
            ensure!(
                whole == listed.lines.is_empty(),
                "case {}: {}: lines are named for everything but exit and stdout",
                case.name,
                listed.aspect.name()
            );
        }
    }
    Ok(cases)
}
