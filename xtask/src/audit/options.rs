//! docs/options.md: its tables of options against the code that reads and writes options, the
//! conformance cases, and the rows of docs/compatibility.md. (The files and tests that it names are
//! checked as those of other documents: references.rs.)

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::sources::Source;
use super::tokens::Tokens;

/// The document.
pub(crate) const DOCUMENT: &str = "docs/options.md";

/// The crate that reads options: nowhere else in it is a name of one.
const MODEL_CRATE: &str = "crates/snap-mount-options/src";

/// What is written in that crate as names are, and is none: users.
const NO_NAMES: [&str; 2] = ["root", "nobody"];

/// The prefix of the model's options, and that of the founding design.
const TODAY: &str = "x-snapd.";
const FOUNDING: &str = "x-snap-";

/// The head of the first column of a table of options, and those of the columns that are checked.
const OPTION: &str = "option";
const FOUNDING_SPELLING: &str = "founding spelling";
const SHOWN_BY: &str = "shown by";
const RULE: &str = "rule";

/// A function that knows options by their names: the byte strings in it that begin with a letter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parser {
    pub(crate) file: &'static str,
    pub(crate) function: &'static str,
    /// What stands before such a name in a profile: the model's prefix, or an option whose values they
    /// are.
    pub(crate) prefix: &'static str,
}

/// The functions that do.
pub(crate) const PARSERS: [Parser; 7] = [
    Parser { file: "crates/snap-mount-options/src/flags.rs", function: "word", prefix: "" },
    Parser { file: "crates/snap-mount-options/src/model.rs", function: "model", prefix: TODAY },
    Parser {
        file: "crates/snap-mount-options/src/model.rs",
        function: "finish",
        prefix: "x-snapd.kind=",
    },
    Parser {
        file: "crates/snap-mount-options/src/model.rs",
        function: "origin",
        prefix: "x-snapd.origin=",
    },
    Parser {
        file: "crates/snap-mount-options/src/unfinished.rs",
        function: "parse",
        prefix: "x-snapd.unfinished=",
    },
    Parser {
        file: "crates/snap-ns-forecast/src/listing.rs",
        function: "tmpfs_attributes",
        prefix: "",
    },
    Parser { file: "crates/snap-fstab/src/lines.rs", function: "parse_line", prefix: "" },
];

/// The options that the code knows, each with the files of the functions that read it (none: it is
/// only written, or looked for as text).
pub(crate) type Known = BTreeMap<String, BTreeSet<String>>;

/// The conformance cases by name, with the options that are in their profiles.
pub(crate) type Cases = BTreeMap<String, BTreeSet<String>>;

/// Everything that the code of the privileged crates knows of options; and what is wrong with where it
/// does.
pub(crate) fn known(parsers: &[Parser], sources: &[Source]) -> (Known, Vec<String>) {
    let (mut known, mut violations) = (Known::new(), Vec::new());
    let mut of_file: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for &Parser { file, function, prefix } in parsers {
        let source = sources.iter().find(|source| source.path == Path::new(file));
        let names = source.and_then(|source| names_in(&source.tokens, function));
        let Some(names) = names.filter(|names| !names.is_empty()) else {
            violations.push(format!("{DOCUMENT}: no function {function} with options in {file}"));
            continue;
        };
        for name in names {
            known.entry(format!("{prefix}{name}")).or_default().insert(file.to_owned());
            of_file.entry(file).or_default().insert(name);
        }
    }
    for source in sources.iter().filter(|source| !source.test) {
        for token in &source.tokens.list {
            let Some(text) = byte_string(&token.text) else { continue };
            for name in model_options(text) {
                known.entry(name).or_default();
            }
            let path = source.path.to_str().unwrap_or_default();
            let Some(name) = name(text).filter(|_| path.starts_with(MODEL_CRATE)) else { continue };
            let read = of_file.get(path).is_some_and(|names| names.contains(name));
            if !(read || name.starts_with("x-snap") || NO_NAMES.contains(&name)) {
                violations.push(format!(
                    "{}: {name:?} is outside of the functions that are known to read options (options.rs)",
                    source.at(token.first)
                ));
            }
        }
    }
    (known, violations)
}

/// The names in the function of `tokens`; nothing if there is none.
fn names_in(tokens: &Tokens, function: &str) -> Option<BTreeSet<String>> {
    let start = tokens.find(&["fn", function]).next()?;
    let body = (start..tokens.list.len()).find(|&at| tokens.text(at) == "{")?;
    let body = tokens.list.get(body..tokens.behind(body))?;
    let texts = body.iter().filter_map(|token| byte_string(&token.text));
    Some(texts.filter_map(name).map(str::to_owned).collect())
}

/// What is in a byte string.
fn byte_string(token: &str) -> Option<&str> {
    token.strip_prefix("b\"")?.strip_suffix('"')
}

/// The name of an option or a value that is `text`: `mode`, also if `=` stands behind it.
fn name(text: &str) -> Option<&str> {
    text.starts_with(|c: char| c.is_ascii_lowercase()).then(|| text.trim_end_matches('='))
}

/// The options of the model in a text that is written or looked for.
fn model_options(text: &str) -> impl Iterator<Item = String> {
    let options = text.split(',').filter(|option| option.len() > TODAY.len());
    options.filter(|option| option.starts_with(TODAY)).flat_map(forms)
}

/// An option in the ways in which it can be known: its name alone, and with its value if that is a word
/// (`x-snapd.kind=file`; `x-snapd.unfinished=undo:ID` is the word `undo`). In today's spelling.
fn forms(option: &str) -> Vec<String> {
    let founding = option.strip_prefix(FOUNDING).filter(|_| !option.starts_with(TODAY));
    let option = match founding {
        Some(rest) => format!("{TODAY}{}", rest.replacen(':', "=", 1)),
        None => option.to_owned(),
    };
    let Some((name, value)) = option.split_once('=') else { return vec![option] };
    let end = value.find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(value.len());
    let word = value.get(..end).filter(|word| !word.is_empty());
    let word = word.map(|word| format!("{name}={word}"));
    [Some(name.to_owned()), word].into_iter().flatten().collect()
}

/// The options in the text of a profile.
pub(crate) fn of_profile(text: &str) -> BTreeSet<String> {
    let fields = text.lines().filter_map(|line| line.split_whitespace().nth(3));
    fields.flat_map(|field| field.split(',')).flat_map(forms).collect()
}

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
