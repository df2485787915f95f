//! docs/options.md: its tables of options against the code that reads and writes options, the
//! conformance cases, and the rows of docs/compatibility.md. (The files and tests that it names are
//! checked as those of other documents: references.rs.)

use std::collections::{BTreeMap, BTreeSet};

mod code;

use code::{FOUNDING, forms};
pub(crate) use code::{Known, PARSERS, known, of_profile};

/// The document.
pub(crate) const DOCUMENT: &str = "docs/options.md";

/// The conformance cases by name, with the options that are in their profiles.
pub(crate) type Cases = BTreeMap<String, BTreeSet<String>>;

/// The head of the first column of a table of options, and those of the columns that are checked.
const OPTION: &str = "option";
const FOUNDING_SPELLING: &str = "founding spelling";
const SHOWN_BY: &str = "shown by";
const RULE: &str = "rule";

/// The ids of the rows in the tables of docs/compatibility.md.
pub(crate) fn row_ids(page: &str) -> BTreeSet<&str> {
    page.lines().filter_map(cells).filter_map(|cells| cells.first().copied()).collect()
}

/// A row of a table that has a column [`SHOWN_BY`].
#[derive(Debug)]
struct Row<'d> {
    line: usize,
    /// The text from the last heading to the next.
    section: &'d str,
    /// The head of the first column.
    of: &'d str,
    /// The first cell.
    first: &'d str,
    cells: BTreeMap<&'d str, &'d str>,
}

impl<'d> Row<'d> {
    fn spans(&self, column: &str) -> Vec<&'d str> {
        self.cells.get(column).map_or(Vec::new(), |cell| spans(cell).collect())
    }

    /// The options that the row is about.
    fn options(&self) -> impl Iterator<Item = &'d str> {
        spans(self.first).filter(|_| self.of == OPTION)
    }
}

/// The document against what the code knows, the cases that there are, and the rows of
/// docs/compatibility.md.
pub(crate) fn check(
    document: &str,
    known: &Known,
    cases: &Cases,
    row_ids: &BTreeSet<&str>,
) -> Vec<String> {
    let (rows, mut violations) = rows(document);
    let (mut listed, mut listed_forms) = (BTreeSet::new(), BTreeSet::new());
    for row in &rows {
        let at = format!("{DOCUMENT}:{}", row.line);
        let mut forms_of_row = BTreeSet::new();
        for option in row.options() {
            if !listed.insert(option) {
                violations.push(format!("{at}: a second row for {option}"));
            }
            for form in forms(option) {
                match known.get(&form) {
                    None => violations.push(format!("{at}: no code reads or writes {form}")),
                    Some(files) => violations.extend(not_named(&at, &form, row, files)),
                }
                forms_of_row.insert(form);
            }
        }
        violations.extend(check_founding(&at, row, &forms_of_row));
        violations.extend(check_shown_by(&at, row, cases));
        let rule = row.cells.get(RULE).copied().unwrap_or_default();
        for id in rule.split([' ', ',']).filter(|word| is_row_id(word)) {
            if !row_ids.contains(id) {
                violations.push(format!("{at}: docs/compatibility.md has no row {id}"));
            }
        }
        listed_forms.append(&mut forms_of_row);
    }
    for (option, files) in known {
        if !listed_forms.contains(option) {
            let files: Vec<&str> = files.iter().map(String::as_str).collect();
            let files = if files.is_empty() { "the code".to_owned() } else { files.join(", ") };
            violations.push(format!("{DOCUMENT}: no row for {option}, which {files} knows"));
        }
    }
    violations
}

/// How many options and cases the document names.
pub(crate) fn count(document: &str) -> (usize, usize) {
    let rows = rows(document).0;
    let cases = rows.iter().flat_map(|row| row.spans(SHOWN_BY)).filter(|span| is_case(span));
    let cases: BTreeSet<&str> = cases.collect();
    (rows.iter().flat_map(Row::options).count(), cases.len())
}

/// The section says in which files its options are read.
fn not_named(at: &str, option: &str, row: &Row<'_>, files: &BTreeSet<String>) -> Vec<String> {
    let named = |file: &&String| spans(row.section).any(|span| span == file.as_str());
    let missing = files.iter().filter(|file| !named(file));
    missing
        .map(|file| format!("{at}: {option} is parsed in {file}, which its section does not name"))
        .collect()
}

/// What is written as the founding design did is the same option, or the type that stood for one.
fn check_founding(at: &str, row: &Row<'_>, options: &BTreeSet<String>) -> Vec<String> {
    let spans = row.spans(FOUNDING_SPELLING).into_iter();
    let other = spans.filter(|span| {
        let Some((_, value)) = span.split_once(':') else { return !span.starts_with(FOUNDING) };
        value.is_empty() || !forms(span).iter().all(|form| options.contains(form))
    });
    other.map(|span| format!("{at}: {span} is another option than that of the row")).collect()
}

/// Something shows each of the options, and each case is there, and has one of them.
fn check_shown_by(at: &str, row: &Row<'_>, cases: &Cases) -> Vec<String> {
    let mut violations = Vec::new();
    // `x-snapd.kind=file` is not shown by another kind.
    let options: Vec<String> = row.options().filter_map(|option| forms(option).pop()).collect();
    let (mut shown, mut tested) = (BTreeSet::new(), false);
    for span in row.spans(SHOWN_BY).into_iter().filter(|span| !is_code(span)) {
        // Of a test, and of a row that is about something else, nobody can tell.
        tested |= !is_case(span) || row.of != OPTION;
        if !is_case(span) {
            continue;
        }
        let Some(has) = cases.get(span) else {
            violations.push(format!("{at}: there is no conformance case {span}"));
            continue;
        };
        let had: Vec<&String> = options.iter().filter(|option| has.contains(*option)).collect();
        if had.is_empty() && row.of == OPTION {
            violations.push(format!("{at}: the conformance case {span} has no {}", row.first));
        }
        shown.extend(had);
    }
    let unseen = options.iter().filter(|option| !shown.contains(option) && !tested);
    violations.extend(unseen.map(|option| format!("{at}: no case and no test shows {option}")));
    if row.of != OPTION && !tested {
        violations.push(format!("{at}: no case and no test shows {}", row.first));
    }
    violations
}

/// A file of code, which shows nothing.
fn is_code(span: &str) -> bool {
    span.ends_with(".rs")
}

/// What is no code and no test is a case.
fn is_case(span: &str) -> bool {
    !is_code(span) && !span.contains(".rs::")
}

/// `C7` or `D7`.
fn is_row_id(word: &str) -> bool {
    let number = word.strip_prefix(['C', 'D']).unwrap_or_default();
    number.starts_with(|c: char| c.is_ascii_digit()) && number.parse::<u32>().is_ok()
}

/// All rows, and what is wrong with their form.
fn rows(document: &str) -> (Vec<Row<'_>>, Vec<String>) {
    let (mut rows, mut violations) = (Vec::new(), Vec::new());
    let mut first_line = 1;
    for section in sections(document) {
        let mut head: Option<Vec<&str>> = None;
        for (line, text) in (first_line..).zip(section.lines()) {
            let Some(cells) = cells(text) else {
                head = None;
                continue;
            };
            let Some(head) = &head else {
                head = Some(cells);
                continue;
            };
            if !head.contains(&SHOWN_BY) || cells.iter().all(|cell| *cell == "---") {
                continue;
            }
            if cells.len() != head.len() || cells.contains(&"") {
                violations.push(format!("{DOCUMENT}:{line}: a row without all of its cells"));
            }
            rows.push(Row {
                line,
                section,
                of: head.first().copied().unwrap_or_default(),
                first: cells.first().copied().unwrap_or_default(),
                cells: head.iter().copied().zip(cells).collect(),
            });
        }
        first_line += section.lines().count();
    }
    (rows, violations)
}

/// The parts of the document, cut before each heading of the second level.
fn sections(document: &str) -> impl Iterator<Item = &str> {
    let starts = document.match_indices("\n## ").map(|(at, _)| at + 1);
    let starts: Vec<usize> = std::iter::once(0).chain(starts).collect();
    let ends: Vec<usize> = starts.iter().copied().skip(1).chain([document.len()]).collect();
    starts.into_iter().zip(ends).filter_map(|(start, end)| document.get(start..end))
}

/// The cells of a line that is a row of a table.
fn cells(line: &str) -> Option<Vec<&str>> {
    let row = line.strip_prefix('|')?.strip_suffix('|')?;
    Some(row.split('|').map(str::trim).collect())
}

/// Every second part between backticks.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests;
