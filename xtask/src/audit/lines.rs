//! How much there is to review.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::sources::Source;

/// At most this many lines of code in all privileged crates together, tests aside.
pub(crate) const BAR: usize = 11_600;

/// At most this many lines of code in one of them: what one audit reads.
pub(crate) const CRATE_BAR: usize = 2_350;

/// At most this many lines in a file, comments and tests included.
pub(crate) const FILE_BAR: usize = 400;

/// The size of a crate, tests aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// Lines that hold code.
    pub(crate) code: usize,
    /// All lines of the files that are not tests, the comments, blank lines and test modules in
    /// them included.
    pub(crate) raw: usize,
}

/// The size of a crate made of `sources`.
pub(crate) fn size(sources: &[Source]) -> Size {
    let mut size = Size::default();
    for source in sources.iter().filter(|s| !s.test) {
        size.raw += source.text.lines().count();
        size.code += match source.path.extension().and_then(|e| e.to_str()) {
            Some("rs") => rust_lines(source),
            _ => assembly_lines(&source.text),
        };
    }
    size
}

/// Lines on which a token lies. A string counts with every line it spans, so that assembly inside
/// `global_asm!` counts too.
fn rust_lines(source: &Source) -> usize {
    let lines: BTreeSet<usize> = source.tokens.list.iter().flat_map(|t| t.first..=t.last).collect();
    lines.len()
}

fn assembly_lines(text: &str) -> usize {
    let comment = |line: &str| line.is_empty() || line.starts_with("//") || line.starts_with('#');
    text.lines().filter(|line| !comment(line.trim())).count()
}

/// The sum against the bar.
pub(crate) fn check(sum: usize) -> Vec<String> {
    if sum > BAR {
        return vec![format!(
            "the privileged crates have {sum} lines of code, more than {BAR}: simplify, or move what needs no privilege to crates/companion"
        )];
    }
    Vec::new()
}

/// One crate against its bar.
pub(crate) fn check_crate(name: &str, code: usize) -> Vec<String> {
    if code > CRATE_BAR {
        return vec![format!(
            "{name} has {code} lines of code, more than {CRATE_BAR}: simplify, or split it"
        )];
    }
    Vec::new()
}

/// Files that are too long to be read in one go.
pub(crate) fn check_files(files: &[(PathBuf, usize)]) -> Vec<String> {
    let long = |(path, lines): &(PathBuf, usize)| {
        (*lines > FILE_BAR).then(|| {
            format!("{} has {lines} lines, more than {FILE_BAR}: split it by topic", path.display())
        })
    };
    files.iter().filter_map(long).collect()
}

/// Is this a file whose length matters?
pub(crate) fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "rs" || e == "s" || e == "S")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::rust(Path::new("c/src/lib.rs"), text).unwrap()
    }

    #[test]
    fn comments_blank_lines_and_tests_do_not_count() {
        let text = "//! Docs.\n\n/// More.\nfn f() {\n    // why\n    g();\n}\n\n#[cfg(test)]\nmod tests {\n    fn h() {}\n}\n";
        assert_eq!(size(&[source(text)]), Size { code: 3, raw: 12 });
    }

    #[test]
    fn attributes_and_assembly_in_strings_count() {
        let text = "#[inline]\nfn f() {}\nglobal_asm!(\"\n  nop\n  ret\n\");\n";
        assert_eq!(size(&[source(text)]).code, 6);
    }

    #[test]
    fn assembly_files_count() {
        let mut file = source("");
        file.path = "c/src/start.s".into();
        file.text = "// why\n\n_start:\n  nop\n# why\n".to_owned();
        assert_eq!(size(&[file]), Size { code: 2, raw: 5 });
    }

    #[test]
    fn test_files_do_not_count() {
        let mut file = source("fn f() {}");
        file.test = true;
        assert_eq!(size(&[file]), Size::default());
    }

    #[test]
    fn too_much_is_reported() {
        assert_eq!(check(BAR), [""; 0]);
        assert_eq!(check(BAR + 1).len(), 1);
        assert_eq!(check_crate("a", CRATE_BAR), [""; 0]);
        assert_eq!(check_crate("a", CRATE_BAR + 1).len(), 1);
        assert_eq!(check_files(&[("a.rs".into(), FILE_BAR)]), [""; 0]);
        assert_eq!(check_files(&[("a.rs".into(), FILE_BAR + 1)]).len(), 1);
    }
}
