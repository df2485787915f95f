//! The source files of a crate, told apart into code and tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::tokens::Tokens;

/// A file of a privileged crate.
#[derive(Debug)]
pub(crate) struct Source {
    /// Relative to the workspace.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    /// Empty for a file that is not Rust.
    pub(crate) tokens: Tokens,
    /// Reached only by `cargo test`.
    pub(crate) test: bool,
}

impl Source {
    /// A Rust file, taken as code.
    pub(crate) fn rust(path: &Path, text: &str) -> Result<Self> {
        let tokens = Tokens::parse(text).with_context(|| path.display().to_string())?;
        Ok(Self { path: path.to_owned(), text: text.to_owned(), tokens, test: false })
    }

    /// `FILE:LINE`, for messages.
    pub(crate) fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }
}

/// Everything that is compiled or assembled from `crate_dir` (relative to `root`): Rust and
/// assembly files, the build script included.
pub(crate) fn load(root: &Path, crate_dir: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for path in files_below(&root.join(crate_dir))? {
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let relative = path.strip_prefix(root)?;
        match path.extension().and_then(|e| e.to_str()) {
            Some("rs") => sources.push(Source::rust(relative, &text)?),
            Some("s" | "S") => sources.push(Source {
                path: relative.to_owned(),
                text,
                tokens: Tokens::default(),
                test: false,
            }),
            _ => {}
        }
    }
    mark_tests(crate_dir, &mut sources);
    Ok(sources)
}

/// A file is a test when cargo takes it for one, or when a module declaration under
/// `#[cfg(test)]` leads to it. The name alone (`tests.rs`) does not make it one.
pub(crate) fn mark_tests(crate_dir: &Path, sources: &mut [Source]) {
    let mut roots: BTreeSet<PathBuf> =
        ["tests", "benches", "examples"].iter().map(|dir| crate_dir.join(dir)).collect();
    for source in sources.iter() {
        let modules = module_dir(&source.path);
        for name in &source.tokens.test_modules {
            roots.insert(modules.join(format!("{name}.rs")));
            roots.insert(modules.join(name));
        }
    }
    for source in sources {
        source.test = source.path.ancestors().any(|above| roots.contains(above));
    }
}

/// The folder in which the modules that `file` declares are looked for.
fn module_dir(file: &Path) -> PathBuf {
    let parent = file.parent().unwrap_or(Path::new(""));
    match file.file_stem().and_then(|s| s.to_str()) {
        Some("lib" | "main" | "mod") | None => parent.to_owned(),
        Some(stem) => parent.join(stem),
    }
}

/// All files below `dir`, sorted, without build output.
pub(crate) fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = fs::read_dir(dir).with_context(|| dir.display().to_string())?;
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            if entry.file_name() != "target" {
                found.extend(files_below(&entry.path())?);
            }
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_declaration_makes_a_file_a_test() {
        let file = |path: &str, text: &str| Source::rust(Path::new(path), text).unwrap();
        let mut sources = [
            file("c/src/lib.rs", "mod a; #[cfg(test)] mod model;"),
            file("c/src/a.rs", "#[cfg(test)] mod tests;"),
            file("c/src/a/tests.rs", ""),
            file("c/src/model.rs", ""),
            file("c/src/model/parts.rs", ""),
            file("c/tests/whole.rs", ""),
            file("c/src/b/tests.rs", ""),
            file("c/build.rs", ""),
        ];
        mark_tests(Path::new("c"), &mut sources);
        let code: Vec<_> = sources.iter().filter(|s| !s.test).collect();
        let code: Vec<_> = code.iter().map(|s| s.path.to_str().unwrap()).collect();
        assert_eq!(code, ["c/src/lib.rs", "c/src/a.rs", "c/src/b/tests.rs", "c/build.rs"]);
    }
}
