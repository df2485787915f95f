//! What the check finds, and what it lets pass.

use std::path::Path;

use super::code::{Parser, TODAY};
use super::*;
use crate::audit::sources::Source;

const FLAGS: Parser = Parser { file: "crates/o/flags.rs", function: "word", prefix: "" };
const MODEL: Parser = Parser { file: "crates/o/model.rs", function: "model", prefix: TODAY };
const KIND: Parser =
    Parser { file: "crates/o/model.rs", function: "kind", prefix: "x-snapd.kind=" };

const FLAGS_TEXT: &str = "fn word(name: &[u8]) -> u8 { match name { b\"ro\" => 1, _ => 0 } }";
const MODEL_TEXT: &str = "
        /// Not `b\"doc\"`.
        fn model() { match o { b\"kind\" => kind(), b\"mode\" | b\":\" => 2, _ => 3 } }
        fn kind() { Some(b\"file\") }
        const SHOWS: &[u8] = b\"x-snapd.mode=0,x-snapd.shows=\";
        #[cfg(test)] mod tests { const T: &[u8] = b\"x-snapd.test\"; }";

const DOCUMENT_TEXT: &str = "\
# Options

## Words

Parsed in `crates/o/flags.rs`.

| option | meaning | shown by | rule |
|---|---|---|---|
| `ro` | read-only | `flags` | mount(8), C6 |

## Model

Parsed in `crates/o/model.rs`.

| option | founding spelling | shown by | rule |
|---|---|---|---|
| `x-snapd.kind=file` | none | `kinds` | D7 |
| `x-snapd.mode=MODE` | `x-snap-mode:MODE` | `crates/a.rs::b`, `kinds` | C6 |
| `x-snapd.shows=SUM` | the type `x-snap-shows` | `crates/a.rs::b` | C6 |

| what | shown by |
|---|---|
| others | `flags` |

| unchecked |
|---|
| `any` |
";

fn source(path: &str, text: &str) -> Source {
    Source::rust(Path::new(path), text).unwrap()
}

fn all_known(flags: &str, model: &str) -> (Known, Vec<String>) {
    let sources = [source(FLAGS.file, flags), source(MODEL.file, model)];
    known(&[FLAGS, MODEL, KIND], &sources)
}

fn checked(document: &str) -> Vec<String> {
    checked_with(document, FLAGS_TEXT, MODEL_TEXT)
}

fn checked_with(document: &str, flags: &str, model: &str) -> Vec<String> {
    let (known, mut violations) = all_known(flags, model);
    let cases = [
        ("flags", "a /b none bind,ro 0 0\n"),
        ("kinds", "a /b none x-snapd.kind=file,x-snap-mode:1 0 0\n"),
    ];
    let cases = cases.map(|(name, text)| (name.to_owned(), of_profile(text))).into();
    violations.extend(check(document, &known, &cases, &row_ids("| C6 | x |\n| D7 | y |\n")));
    violations
}

/// What is found when `from` in the document is `to`.
fn with(from: &str, to: &str) -> Vec<String> {
    assert!(DOCUMENT_TEXT.contains(from));
    checked(&DOCUMENT_TEXT.replace(from, to))
}

#[test]
fn the_code_is_asked_for_its_options() {
    let (known, violations) = all_known(FLAGS_TEXT, MODEL_TEXT);
    assert_eq!(violations, [""; 0]);
    let all: Vec<_> = known.iter().map(|(name, files)| (name.as_str(), files.len())).collect();
    let want = [
        ("ro", 1),
        ("x-snapd.kind", 1),
        ("x-snapd.kind=file", 1),
        ("x-snapd.mode", 1),
        ("x-snapd.shows", 0),
    ];
    assert_eq!(all, want);
}

#[test]
fn a_parser_that_is_not_there() {
    let what = "docs/options.md: no function word with options in crates/o/flags.rs";
    for text in ["fn words() { b\"ro\" }", "fn word() {}", ""] {
        assert_eq!(all_known(text, MODEL_TEXT).1, [what], "{text}");
    }
}

#[test]
fn a_name_elsewhere_in_the_crate_of_the_model() {
    let file = "crates/snap-mount-options/src/flags.rs";
    let parser = Parser { file, ..FLAGS };
    let found = |more: &str| known(&[parser], &[source(file, &[FLAGS_TEXT, more].concat())]).1;
    let fine = "fn f() { (b\"ro\", b\"root\", b\"x-snap-symlink\", b\",\") }";
    assert_eq!(found(fine), [""; 0]);
    let what = ": \"rx\" is outside of the functions that are known to read options (options.rs)";
    assert_eq!(found("fn f() {\n b\"rx\" }"), [format!("{file}:2{what}")]);
    assert_eq!(found("#[cfg(test)] mod t { const X: &[u8] = b\"rx\"; }"), [""; 0]);
}

#[test]
fn what_agrees_is_fine() {
    assert_eq!(checked(DOCUMENT_TEXT), [""; 0]);
    assert_eq!(count(DOCUMENT_TEXT), (4, 2));
}

#[test]
fn a_row_is_removed() {
    let without = "docs/options.md: no row for ro, which crates/o/flags.rs knows";
    assert_eq!(with("| `ro` | read-only | `flags` | mount(8), C6 |\n", ""), [without]);
    let without = "docs/options.md: no row for x-snapd.shows, which the code knows";
    let row = "| `x-snapd.shows=SUM` | the type `x-snap-shows` | `crates/a.rs::b` | C6 |\n";
    assert_eq!(with(row, ""), [without]);
}

#[test]
fn an_option_is_added_to_the_code() {
    let flags = FLAGS_TEXT.replace("b\"ro\"", "b\"ro\" | b\"rx\"");
    let without = "docs/options.md: no row for rx, which crates/o/flags.rs knows";
    assert_eq!(checked_with(DOCUMENT_TEXT, &flags, MODEL_TEXT), [without]);
    let model = MODEL_TEXT.replace("b\"file\"", "(b\"file\", b\"pipe\")");
    let without = "docs/options.md: no row for x-snapd.kind=pipe, which crates/o/model.rs knows";
    assert_eq!(checked_with(DOCUMENT_TEXT, FLAGS_TEXT, &model), [without]);
}

#[test]
fn a_row_of_nothing() {
    let rows = "| `ro`, `rx` | read-only |";
    let what = [
        "docs/options.md:9: no code reads or writes rx",
        "docs/options.md:9: no case and no test shows rx",
    ];
    assert_eq!(with("| `ro` | read-only |", rows), what);
    let twice = "docs/options.md:9: a second row for ro";
    assert_eq!(with("| `ro` | read-only |", "| `ro`, `ro` | read-only |"), [twice]);
}

#[test]
fn a_file_that_the_section_does_not_name() {
    let what =
        "docs/options.md:9: ro is parsed in crates/o/flags.rs, which its section does not name";
    assert_eq!(with("`crates/o/flags.rs`", "`crates/o/model.rs`"), [what]);
}

#[test]
fn a_case_that_is_not_there() {
    let none = "there is no conformance case flag";
    let unseen = "no case and no test shows";
    let what = [format!("docs/options.md:9: {none}"), format!("docs/options.md:9: {unseen} ro")];
    assert_eq!(with("| read-only | `flags` |", "| read-only | `flag` |"), what);
    let what = format!("docs/options.md:18: {none}");
    assert_eq!(with("`crates/a.rs::b`, `kinds`", "`crates/a.rs::b`, `flag`"), [what]);
    // Where it is not about options, a case only has to be there.
    let what =
        [format!("docs/options.md:23: {none}"), format!("docs/options.md:23: {unseen} others")];
    assert_eq!(with("| others | `flags` |", "| others | `flag` |"), what[..1]);
    assert_eq!(with("| others | `flags` |", "| others | none |"), what[1..]);
}

#[test]
fn a_case_that_shows_something_else() {
    let other = "docs/options.md:9: the conformance case kinds has no `ro`";
    assert_eq!(with("| read-only | `flags` |", "| read-only | `flags`, `kinds` |"), [other]);
    let nothing = "docs/options.md:9: no case and no test shows ro";
    for shown in ["nothing", "`crates/a.rs`"] {
        assert_eq!(with("| read-only | `flags` |", &format!("| read-only | {shown} |")), [nothing]);
    }
    // Of two options each has to be shown, and of two values of one the very one.
    let (flags, model) = (FLAGS_TEXT.replace("b\"ro\"", "(b\"ro\", b\"rw\")"), MODEL_TEXT);
    let both = DOCUMENT_TEXT.replace("| `ro` |", "| `ro`, `rw` |");
    let nothing = "docs/options.md:9: no case and no test shows rw";
    assert_eq!(checked_with(&both, &flags, model), [nothing]);
    let model = model.replace("b\"file\"", "b\"pipe\"");
    let pipe = DOCUMENT_TEXT.replace("kind=file", "kind=pipe");
    let what = [
        "docs/options.md:17: the conformance case kinds has no `x-snapd.kind=pipe`",
        "docs/options.md:17: no case and no test shows x-snapd.kind=pipe",
    ];
    assert_eq!(checked_with(&pipe, FLAGS_TEXT, &model), what);
}

#[test]
fn another_founding_spelling() {
    for other in ["`x-snap-mod:MODE`", "`x-snapd.mode:MODE`", "`mode`"] {
        let name = other.trim_matches('`');
        let what = format!("docs/options.md:18: {name} is another option than that of the row");
        assert_eq!(with("`x-snap-mode:MODE`", other), [what]);
    }
}

#[test]
fn a_row_id_that_is_not_there() {
    let what = "docs/options.md:9: docs/compatibility.md has no row C61";
    assert_eq!(with("mount(8), C6 |", "CAP_CHOWN, C61 |"), [what]);
}

#[test]
fn a_row_without_a_cell() {
    let what = "docs/options.md:9: a row without all of its cells";
    assert_eq!(with("| read-only |", "| |"), [what]);
    assert!(with("| read-only |", "|").contains(&what.to_owned()));
}
