//! No circles of imports between the files of a crate: each can be read after those that it names.
//!
//! A file imports another one when it names it: in a `use`, or in a path that begins with `crate`,
//! `self`, `super`, or a module that it declares. A method is called without a name of its file,
//! so the `impl` blocks of one type may call each other across files.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use super::sources::Source;
use super::tokens::Tokens;

/// A module that is a file: the names on the way from the crate's root, which is the empty one.
type Module = Vec<String>;

/// The code of the crate in `crate_dir`: for each file that is in a circle, a shortest one.
pub(crate) fn check(crate_dir: &Path, sources: &[&Source]) -> Vec<String> {
    let files: BTreeMap<Module, &Source> =
        sources.iter().filter_map(|it| Some((module(crate_dir, &it.path)?, *it))).collect();
    let imports: BTreeMap<&Module, BTreeSet<&Module>> =
        files.iter().map(|(of, source)| (of, imports(of, &source.tokens, &files))).collect();
    let mut circles = BTreeSet::new();
    for start in files.keys() {
        circles.extend(circle(start, &imports));
    }
    let name = |it: &&Module| {
        let path = files[*it].path.strip_prefix(crate_dir.join("src"));
        path.unwrap_or(&files[*it].path).display().to_string()
    };
    let describe = |circle: Vec<&Module>| {
        let names: Vec<String> = circle.iter().chain(circle.first()).map(name).collect();
        format!(
            "{}: files import each other in a circle, {}: put what the lower ones need into a file of its own",
            crate_dir.display(),
            names.join(" -> ")
        )
    };
    circles.into_iter().map(describe).collect()
}

/// Where the file at `path` is in the tree of modules; nothing for what is no part of it (the build
/// script).
fn module(crate_dir: &Path, path: &Path) -> Option<Module> {
    let inside = path.strip_prefix(crate_dir.join("src")).ok()?.with_extension("");
    let mut names: Module =
        inside.iter().map(|it| it.to_str().map(str::to_owned)).collect::<Option<_>>()?;
    let last = names.last()?.as_str();
    if last == "mod" || names.len() == 1 && last == "lib" {
        names.pop();
    }
    Some(names)
}

/// The files that the file of `of` names.
fn imports<'f>(
    of: &Module,
    tokens: &Tokens,
    files: &'f BTreeMap<Module, &Source>,
) -> BTreeSet<&'f Module> {
    let mut found = BTreeSet::new();
    for at in 0..tokens.list.len() {
        let goes_on = at > 0 && tokens.text(at - 1) == ":";
        if goes_on || !is_separator(tokens, at + 1) {
            continue;
        }
        let start = match tokens.text(at) {
            "crate" => Module::new(),
            "self" => of.clone(),
            "super" => of[..of.len().saturating_sub(1)].to_vec(),
            name => {
                let child = [of.as_slice(), &[name.to_owned()]].concat();
                if !files.contains_key(&child) {
                    continue;
                }
                child
            }
        };
        follow(tokens, at + 3, start, files, &mut found);
    }
    found.remove(of);
    found
}

fn is_separator(tokens: &Tokens, at: usize) -> bool {
    tokens.text(at) == ":" && tokens.text(at + 1) == ":"
}

/// Follows the rest of a path, which begins at `at`, from the module `inside` as far as there are
/// files, and does so for each of the paths in braces. The position behind.
fn follow<'f>(
    tokens: &Tokens,
    mut at: usize,
    mut inside: Module,
    files: &'f BTreeMap<Module, &Source>,
    found: &mut BTreeSet<&'f Module>,
) -> usize {
    loop {
        if tokens.text(at) == "{" {
            let behind = tokens.behind(at);
            at += 1;
            while at + 1 < behind {
                at = follow(tokens, at, inside.clone(), files, found);
                // The comma, or what a name is given with `as`.
                while at + 1 < behind && tokens.text(at) != "," {
                    at += 1;
                }
                at += 1;
            }
            return behind;
        }
        let mut next = inside.clone();
        match tokens.text(at) {
            "super" => _ = next.pop(),
            "self" => {}
            name => next.push(name.to_owned()),
        }
        let is_file = files.contains_key(&next);
        if is_file {
            inside = next;
        }
        if !is_file || !is_separator(tokens, at + 1) {
            found.extend(files.get_key_value(&inside).map(|(module, _)| module));
            return at + 1;
        }
        at += 3;
    }
}

/// A shortest way from `start` along the imports back to it, beginning with its first file.
fn circle<'f>(
    start: &'f Module,
    imports: &BTreeMap<&'f Module, BTreeSet<&'f Module>>,
) -> Option<Vec<&'f Module>> {
    let mut came_from = BTreeMap::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(from) = waiting.pop_front() {
        for &to in &imports[from] {
            if came_from.contains_key(to) {
                continue;
            }
            came_from.insert(to, from);
            waiting.push_back(to);
        }
    }
    let mut circle = vec![start];
    let mut at = *came_from.get(start)?;
    while at != start {
        circle.push(at);
        at = came_from[at];
    }
    circle.reverse();
    let first = circle.iter().enumerate().min_by_key(|(_, module)| **module)?.0;
    circle.rotate_left(first);
    Some(circle)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The circles of a crate made of `files`, without the words around them.
    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let source = |(name, text): &(&str, &str)| {
            Source::rust(&Path::new("c/src").join(name), text).unwrap()
        };
        let sources: Vec<Source> = files.iter().map(source).collect();
        let violations = check(Path::new("c"), &sources.iter().collect::<Vec<_>>());
        let circle = |it: &String| it.split([',', ':']).nth(2).unwrap().trim().to_owned();
        violations.iter().map(circle).collect()
    }

    #[test]
    fn files_in_layers_pass() {
        let files = [
            ("lib.rs", "mod a; mod b; pub use a::A; use b::B;"),
            ("a.rs", "use crate::b::B; mod inner; pub(crate) struct A;"),
            ("a/inner.rs", "use crate::b::{B, C};"),
            ("b.rs", "use std::fmt; impl crate::c::C { fn a(&self) { a::b(); self.a } }"),
            ("c.rs", "// crate::b::B\n#[cfg(test)] mod tests { use crate::b::B; }"),
        ];
        assert_eq!(circles(&files), [""; 0]);
    }

    #[test]
    fn whatever_names_a_file_imports_it() {
        for text in [
            "use crate::a::A;",
            "pub(crate) use crate::a;",
            "use crate::{c::C, a::{self, A as D}};",
            "use crate::{c::{C as D, E}, a};",
            "use super::a::A;",
            "fn f() { crate::a::f() }",
            "fn f(_: &super::a::A) {}",
            "macro_rules! m { () => { $crate::a::f() } }",
        ] {
            let files =
                [("lib.rs", ""), ("a.rs", "use crate::b::B;"), ("b.rs", text), ("c.rs", "")];
            assert_eq!(circles(&files), ["a.rs -> b.rs -> a.rs"], "{text}");
        }
    }

    #[test]
    fn the_root_is_a_file_as_well() {
        let files = [("lib.rs", "mod a; pub use a::A;"), ("a.rs", "use crate::B;")];
        assert_eq!(circles(&files), ["lib.rs -> a.rs -> lib.rs"]);
        let files = [("lib.rs", "mod a; fn f() { a::f() }"), ("a.rs", "fn f() { super::g() }")];
        assert_eq!(circles(&files), ["lib.rs -> a.rs -> lib.rs"]);
        let files = [("lib.rs", "mod a; use self::a::A;"), ("a/mod.rs", "use crate::f;")];
        assert_eq!(circles(&files), ["lib.rs -> a/mod.rs -> lib.rs"]);
    }

    #[test]
    fn each_file_of_a_tangle_is_named() {
        let files = [
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "use crate::c::C;"),
            ("c.rs", "use crate::a::A; use crate::d::D;"),
            ("d.rs", "use crate::c::C; use crate::e::E;"),
            ("e.rs", ""),
            ("f.rs", "use crate::a::A;"),
        ];
        assert_eq!(circles(&files), ["a.rs -> b.rs -> c.rs -> a.rs", "c.rs -> d.rs -> c.rs"]);
    }
}
