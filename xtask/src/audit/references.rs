//! What docs/threat-model.md, docs/confinement.md, docs/apparmor.md and docs/options.md say of code and
//! tests.
//!
//! A test is named in one way only, in backticks: `FILE.rs::FUNCTION`, FILE from the workspace's
//! root. Code is named `FILE.rs`, in the same way.

use std::collections::BTreeMap;

/// The documents that are checked, and whether they have the table of entry points.
pub(crate) const DOCUMENTS: [(&str, Table); 4] = [
    ("docs/threat-model.md", Table::EntryPoints),
    ("docs/confinement.md", Table::None),
    ("docs/apparmor.md", Table::None),
    (super::options::DOCUMENT, Table::None),
];

/// The section whose table says what can reach the program.
const SECTION: &str = "## Entry points";

/// What each row of that table begins with; each has to name a test.
const ENTRY_POINTS: [&str; 11] = [
    "argv",
    "environment",
    "descriptors",
    "cwd",
    "rlimits",
    "signals",
    "desired profile",
    "current profile",
    "file tree",
    "cgroups",
    "time",
];

/// Whether a document has the table of entry points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    EntryPoints,
    None,
}

/// A place in the code that a document names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reference<'d> {
    pub(crate) line: usize,
    pub(crate) file: &'d str,
    /// The test's function.
    pub(crate) test: Option<&'d str>,
}

/// All places that `document` names.
pub(crate) fn find(document: &str) -> Vec<Reference<'_>> {
    let lines = (1..).zip(document.lines());
    lines.flat_map(|(line, text)| in_line(text).map(move |it| Reference { line, ..it })).collect()
}

/// Every second part between backticks is code.
fn in_line(text: &str) -> impl Iterator<Item = Reference<'_>> {
    text.split('`').skip(1).step_by(2).filter_map(|span| {
        let (file, test) = match span.split_once("::") {
            Some((file, test)) => (file, Some(test)),
            None => (span, None),
        };
        file.ends_with(".rs").then_some(Reference { line: 0, file, test })
    })
}

/// The references of `document`, called `name`, against the texts of the files that they name (none:
/// there is no such file).
pub(crate) fn check(
    name: &str,
    table: Table,
    document: &str,
    files: &BTreeMap<String, Option<String>>,
) -> Vec<String> {
    let mut violations = Vec::new();
    for Reference { line, file, test } in find(document) {
        let at = format!("{name}:{line}");
        match (files.get(file).and_then(Option::as_deref), test) {
            (None, _) => violations.push(format!("{at}: there is no file {file}")),
            (Some(text), Some(test)) if !has_test(text, test) => {
                violations.push(format!("{at}: there is no test {test} in {file}"));
            }
            (Some(_), _) => {}
        }
    }
    if table == Table::EntryPoints {
        violations.extend(check_rows(name, document));
    }
    violations
}

/// Whether the Rust source `text` has a function `test` that cargo runs as a test. (The executor's
/// tests on the kernel are listed for a macro, `on_all!`, that makes several of each.)
fn has_test(text: &str, test: &str) -> bool {
    let header = format!("fn {test}(");
    let mut listed = text.split("on_all!").skip(1).map(|rest| rest.split(')').next());
    let listed = listed.any(|list| {
        let mut words = list.unwrap_or_default().split([' ', '\n', '(', ';']);
        words.any(|word| word == test)
    });
    let mut marked = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with(&header) {
            return marked || listed;
        }
        // Other attributes and comments may stand between the two.
        marked = line == "#[test]" || marked && (line.starts_with('#') || line.starts_with("//"));
    }
    false
}

/// Each entry point has its row, and each row a test.
fn check_rows(name: &str, document: &str) -> Vec<String> {
    let lines = document.lines().skip_while(|line| *line != SECTION).skip(1);
    let section = lines.take_while(|line| !line.starts_with("## "));
    // The first two lines are the table's head.
    let rows: Vec<_> = section.filter(|line| line.starts_with('|')).skip(2).collect();
    let first = |row: &str| row.trim_matches(['|', ' ']).split(" |").next().map(str::to_owned);
    let mut violations = Vec::new();
    for point in ENTRY_POINTS {
        if !rows.iter().any(|row| first(row).as_deref() == Some(point)) {
            violations.push(format!("{name}: no row \"{point}\" in the table of {SECTION:?}"));
        }
    }
    for row in rows {
        if !in_line(row).any(|it| it.test.is_some()) {
            let row = first(row).unwrap_or_default();
            violations.push(format!("{name}: the row \"{row}\" of {SECTION:?} names no test"));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
#[test]
fn one() {}

#[test]
#[cfg_attr(not(freestanding), ignore)]
fn two() {
}
fn helper() {}
on_all!(three
    four; root five);
fn four() {}
fn five() {}
fn root() {}
";

    fn files() -> BTreeMap<String, Option<String>> {
        [("crates/a.rs", Some(FILE)), ("crates/gone.rs", None)]
            .map(|(path, text)| (path.to_owned(), text.map(str::to_owned)))
            .into()
    }

    fn plain(document: &str) -> Vec<String> {
        check("d.md", Table::None, document, &files())
    }

    /// A document with a row for each entry point.
    fn with_rows(row: impl Fn(&str) -> String) -> String {
        let rows: String = ENTRY_POINTS.map(row).concat();
        format!("# T\n\n{SECTION}\n\n| what | test |\n|---|---|\n{rows}\n## Next\n| x | y |\n")
    }

    #[test]
    fn what_exists_is_fine() {
        let text =
            "See `crates/a.rs`, `crates/a.rs::one` and\n`crates/a.rs::two`; `fn x::y`, `a`.\n";
        assert_eq!(plain(text), [""; 0]);
        assert_eq!(find(text).len(), 3);
        assert_eq!(plain("`crates/a.rs::four`, `crates/a.rs::five`"), [""; 0]);
    }

    #[test]
    fn a_file_that_is_not_there() {
        let gone = "d.md:2: there is no file crates/gone.rs";
        assert_eq!(plain("\n`crates/gone.rs`\n"), [gone]);
        assert_eq!(plain("\n`crates/gone.rs::one`\n"), [gone]);
        // Neither is one that is named from somewhere else.
        assert_eq!(plain("`a.rs::one`"), ["d.md:1: there is no file a.rs"]);
    }

    #[test]
    fn a_test_that_is_not_there() {
        for name in ["three", "on", "ones", "helper", "", "one()", "mod::one"] {
            let what = format!("d.md:1: there is no test {name} in crates/a.rs");
            assert_eq!(plain(&format!("`crates/a.rs::{name}`")), [what]);
        }
    }

    #[test]
    fn a_row_for_each_entry_point_with_a_test() {
        let good = |point: &str| format!("| {point} | `crates/a.rs::one` |\n");
        let check = |text: &str| check("d.md", Table::EntryPoints, text, &files());
        assert_eq!(check(&with_rows(good)), [""; 0]);
        let without_test = |point: &str| match point {
            "cwd" => "| cwd | `crates/a.rs` |\n".to_owned(),
            other => good(other),
        };
        let what = "d.md: the row \"cwd\" of \"## Entry points\" names no test";
        assert_eq!(check(&with_rows(without_test)), [what]);
        let without_row = |point: &str| match point {
            "time" => String::new(),
            other => good(other),
        };
        let what = "d.md: no row \"time\" in the table of \"## Entry points\"";
        assert_eq!(check(&with_rows(without_row)), [what]);
        assert_eq!(check("# T\n").len(), ENTRY_POINTS.len());
    }
}
