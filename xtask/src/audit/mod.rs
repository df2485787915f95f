//! `cargo xtask audit`: the promises of docs/architecture.md that a machine can check.
//!
//! Each check is a function from data to violations, so that its tests can show it a workspace
//! that breaks the rule; this file collects the data and prints the report.

mod circles;
mod closed;
mod layers;
mod lines;
mod options;
mod panics;
mod references;
mod roots;
mod sources;
mod tokens;
mod unsafety;
mod workspace;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::conformance;
use crate::peer::workspace_root;
use sources::Source;
use workspace::Member;

/// Prints the report; an error when a rule is broken.
pub(crate) fn run() -> Result<()> {
    let root = workspace_root()?;
    let metadata = workspace::metadata(&root)?;
    let members = workspace::privileged(&metadata)?;
    ensure!(!members.is_empty(), "no crates below crates/");
    let mut violations = dependencies(&root, &members)?;
    violations.extend(closed::check_features(&workspace::foreign_features(&metadata)?));
    violations.extend(code(&root, &members)?);
    violations.extend(lines::check_files(&file_lengths(&root)?));
    violations.extend(documents(&root)?);
    violations.extend(option_tables(&root, &members)?);
    if violations.is_empty() {
        println!("\naudit: all rules hold");
        return Ok(());
    }
    println!("\nVIOLATIONS");
    for violation in &violations {
        println!("  {violation}");
    }
    bail!("audit: {} violations", violations.len());
}

fn dependencies(root: &Path, members: &[Member]) -> Result<Vec<String>> {
    let crates: Vec<_> = members.iter().map(|m| &m.krate).collect();
    println!("LAYERS (a crate uses lower ones only; dev-dependencies are free)");
    for line in layers::describe(&crates) {
        println!("  {line}");
    }
    let mut violations = layers::check(layers::LAYERS, &crates);
    let own: Vec<&str> = crates.iter().map(|c| c.name.as_str()).collect();
    println!("\nLINKED INTO THE BINARY ({})", closed::TARGET);
    for (build, features) in [("default", &[][..]), ("hosted", &["hosted"])] {
        match workspace::resolved(root, features) {
            Ok(names) => {
                let foreign = names.iter().filter(|n| !own.contains(&n.as_str()));
                let foreign: Vec<&str> = foreign.map(String::as_str).collect();
                println!("  {build:10}{}", foreign.join(" "));
                violations.extend(closed::check(build, &own, &names));
            }
            Err(e) => violations.push(format!("the {build} build cannot be resolved: {e:#}")),
        }
    }
    Ok(violations)
}

fn code(root: &Path, members: &[Member]) -> Result<Vec<String>> {
    let mut violations = roots::check_workspace_lints(&manifest(root, Path::new(""))?);
    let mut all_uses = Vec::new();
    let mut allowances = Vec::new();
    let mut sum = lines::Size::default();
    println!("\nCODE (tests aside)");
    println!("  {:20}{:>8}{:>8}{:>8}", "crate", "lines", "raw", "unsafe");
    for Member { krate, dir } in members {
        let name = krate.name.as_str();
        let sources = sources::load(root, dir)?;
        violations.extend(roots::check_crate_lints(name, &manifest(root, dir)?));
        if !sources.iter().any(|s| roots::root_kind(s).is_some()) {
            violations.push(format!("{name} has neither src/lib.rs nor src/main.rs: add one"));
        }
        let shipped: Vec<&Source> = sources.iter().filter(|s| !s.test).collect();
        violations.extend(circles::check(dir, &shipped));
        let mut uses = Vec::new();
        for source in shipped {
            if let Some(kind) = roots::root_kind(source) {
                violations.extend(roots::check_root(name, kind, source));
            }
            violations.extend(roots::check_heap(name, source));
            violations.extend(panics::check_calls(source));
            let found = panics::allowances(source);
            violations.extend(panics::check_allowances(name, &found));
            allowances.extend(found);
            uses.extend(unsafety::uses(source));
        }
        let size = lines::size(&sources);
        println!("  {name:20}{:>8}{:>8}{:>8}", size.code, size.raw, uses.len());
        violations.extend(lines::check_crate(name, size.code));
        sum.code += size.code;
        sum.raw += size.raw;
        all_uses.push((krate.name.clone(), uses));
    }
    let unsafe_sum: usize = all_uses.iter().map(|(_, uses)| uses.len()).sum();
    println!("  {:20}{:>8}{:>8}{:>8}", "sum", sum.code, sum.raw, unsafe_sum);
    println!("  {:20}{:>8}{:>8}{:>8}", "at most", lines::BAR, "", unsafety::BAR);
    print_allowances(&allowances);
    violations.extend(unsafety::check(&all_uses));
    violations.extend(lines::check(sum.code));
    Ok(violations)
}

/// What the documents say of code and tests.
fn documents(root: &Path) -> Result<Vec<String>> {
    let mut violations = Vec::new();
    println!("\nDOCUMENTS (files and tests that they name)");
    for (name, table) in references::DOCUMENTS {
        let text = fs::read_to_string(root.join(name)).with_context(|| name.to_owned())?;
        let found = references::find(&text);
        let tests = found.iter().filter(|it| it.test.is_some()).count();
        println!("  {name:24}{:>4} files{tests:>6} tests", found.len() - tests);
        let read = |file: &str| (file.to_owned(), fs::read_to_string(root.join(file)).ok());
        let files = found.iter().map(|it| read(it.file)).collect();
        violations.extend(references::check(name, table, &text, &files));
    }
    Ok(violations)
}

/// What docs/options.md says of the options that the code knows.
fn option_tables(root: &Path, members: &[Member]) -> Result<Vec<String>> {
    let mut all_sources = Vec::new();
    for member in members {
        all_sources.extend(sources::load(root, &member.dir)?);
    }
    let (known, mut violations) = options::known(&options::PARSERS, &all_sources);
    let cases = conformance::cases()?.into_iter().map(|case| {
        let options = case.profiles().flat_map(options::of_profile).collect();
        (case.name.clone(), options)
    });
    let read = |name: &str| fs::read_to_string(root.join(name)).with_context(|| name.to_owned());
    let (document, page) = (read(options::DOCUMENT)?, read("docs/compatibility.md")?);
    let ids = options::row_ids(&page);
    violations.extend(options::check(&document, &known, &cases.collect(), &ids));
    let (count, cases) = options::count(&document);
    println!("  {:24}{count:>4} options{cases:>4} conformance cases", options::DOCUMENT);
    Ok(violations)
}

fn print_allowances(allowances: &[panics::Allowance]) {
    println!("\nLINTS SWITCHED OFF: {}", allowances.len());
    for panics::Allowance { place, lints, reason } in allowances {
        let lints = lints.join(", ");
        let reason = match reason.as_deref() {
            Some(reason) => reason,
            None if lints == "unsafe_code" => "see the SAFETY comments",
            None => "(no reason)",
        };
        println!("  {place}: {lints}: {reason}");
    }
}

fn manifest(root: &Path, dir: &Path) -> Result<toml::Table> {
    let path = root.join(dir).join("Cargo.toml");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    text.parse().with_context(|| path.display().to_string())
}

/// Every source file below `crates/`, companions and tests included, with its number of lines.
fn file_lengths(root: &Path) -> Result<Vec<(PathBuf, usize)>> {
    let mut lengths = Vec::new();
    for path in sources::files_below(&root.join("crates"))? {
        if lines::is_source(&path) {
            let count = fs::read_to_string(&path)?.lines().count();
            lengths.push((path.strip_prefix(root)?.to_owned(), count));
        }
    }
    Ok(lengths)
}
