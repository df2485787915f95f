//! `cargo xtask layouts`: what snap-layout accepts, and what the packaged `snap` accepts.
//!
//! Every file of the two corpora, and every layout of the broken ones alone, is given to both. Each
//! disagreement has to be a row of `xtask/layouts.toml` with its reason, and each row is needed.

mod differences;
mod packaged;
mod question;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::peer::{SUITES, workspace_root};
use differences::{Differences, Side};
use packaged::Snap;
use question::Question;

#[derive(Args)]
pub(crate) struct Options {
    /// Only this Debian suite: sid, trixie or bookworm.
    #[arg(long, value_parser = SUITES)]
    suite: Option<String>,
    /// Print every disagreement.
    #[arg(long)]
    verbose: bool,
}

/// Asks, compares, and prints figures; an error when something is not listed, or not needed.
pub(crate) fn run(options: &Options) -> Result<()> {
    let corpora = workspace_root()?.join("crates/companion/snap-layout/corpus");
    let questions = questions(&corpora)?;
    let mut differences = Differences::load()?;
    let mut unlisted = Vec::new();
    for suite in SUITES {
        if options.suite.as_ref().is_none_or(|only| only == suite) {
            let snap = Snap::of(suite)?;
            unlisted.extend(compare(&snap, suite, &questions, &mut differences, options.verbose)?);
        }
    }
    unlisted.iter().for_each(|line| println!("UNLISTED  {line}"));
    let unused = if options.suite.is_none() { differences.unused() } else { Vec::new() };
    unused.iter().for_each(|line| println!("NOT NEEDED  {line}"));
    ensure!(
        unlisted.is_empty() && unused.is_empty(),
        "layouts: {} unlisted differences, {} rows that nothing needs",
        unlisted.len(),
        unused.len()
    );
    println!("layouts: every difference is a row of xtask/layouts.toml");
    Ok(())
}

fn questions(corpora: &Path) -> Result<Vec<Question>> {
    let mut all = Vec::new();
    for corpus in ["good", "broken"] {
        let dir = corpora.join(corpus);
        let mut files: Vec<_> = fs::read_dir(&dir)
            .with_context(|| dir.display().to_string())?
            .map(|file| file.map(|file| file.path()))
            .collect::<Result<_, _>>()?;
        files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
        files.sort();
        for file in files {
            let name = file.strip_prefix(corpora)?.display().to_string();
            all.extend(Question::of(&name, fs::read(&file)?));
        }
    }
    ensure!(all.len() >= 120, "the corpora have shrunk");
    Ok(all)
}

/// Compares one suite; what no row explains.
fn compare(
    snap: &Snap,
    suite: &str,
    questions: &[Question],
    differences: &mut Differences,
    verbose: bool,
) -> Result<Vec<String>> {
    let mut unlisted = Vec::new();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for question in questions {
        let theirs = snap.ask(question)?;
        let ours = question.ours();
        let (kind, side) = match (&ours, &theirs) {
            (Ok(()), Ok(())) => ("both accept", None),
            (Err(_), Err(_)) => ("both refuse", None),
            (Ok(()), Err(_)) => ("only snap refuses", Some(Side::Snap)),
            (Err(_), Ok(())) => ("only snap-layout refuses", Some(Side::Ours)),
        };
        *count.entry(kind).or_default() += 1;
        let Some(side) = side else { continue };
        let said = [ours, theirs].into_iter().filter_map(Result::err).collect::<String>();
        let listed = differences.explain(side, suite, &question.text(), &said);
        let line = format!("{suite} {}: {kind}: {}", question.name(), said.trim_end());
        match listed {
            Some(why) if verbose => println!("{line}\n    {why}"),
            Some(_) => {}
            None => unlisted.push(line),
        }
    }
    let counts: Vec<String> = count.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    println!(
        "{suite:9}snap {}, {} questions: {}",
        snap.version(),
        questions.len(),
        counts.join(", ")
    );
    Ok(unlisted)
}
