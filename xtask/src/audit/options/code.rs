//! The options that the code of the privileged crates knows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::DOCUMENT;
use crate::audit::sources::Source;
use crate::audit::tokens::Tokens;

/// The crate that reads options: nowhere else in it is a name of one.
const MODEL_CRATE: &str = "crates/snap-mount-options/src";

/// What is written in that crate as names are, and is none: users.
const NO_NAMES: [&str; 2] = ["root", "nobody"];

/// The prefix of the model's options, and that of the founding design.
pub(crate) const TODAY: &str = "x-snapd.";
pub(crate) const FOUNDING: &str = "x-snap-";

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
pub(crate) fn forms(option: &str) -> Vec<String> {
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
