//! Rust source as a flat list of tokens, without comments and without tests.
//!
//! Working on tokens, not on text, makes every count exact: a word in a comment or a string is not
//! code, and what a macro hides from a syntax tree is still there.

use std::str::FromStr;

use anyhow::{Result, anyhow};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// One token: an identifier, a literal, a single punctuation character or one half of a bracket
/// pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    /// First and last line, from 1: a string may span several.
    pub(crate) first: usize,
    pub(crate) last: usize,
}

/// What a file consists of, tests left out.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    pub(crate) list: Vec<Token>,
    /// Names of the modules that are declared here as `#[cfg(test)] mod NAME;`.
    pub(crate) test_modules: Vec<String>,
}

impl Tokens {
    /// Splits `text`.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let stream = TokenStream::from_str(text)
            .map_err(|e| anyhow!("line {}: {e}", e.span().start().line))?;
        let mut tokens = Self::default();
        tokens.add(stream);
        Ok(tokens)
    }

    /// The positions at which the texts of `pattern` follow each other.
    pub(crate) fn find<'a>(&'a self, pattern: &'a [&str]) -> impl Iterator<Item = usize> + 'a {
        self.list
            .windows(pattern.len())
            .enumerate()
            .filter(move |(_, window)| window.iter().zip(pattern).all(|(t, p)| t.text == *p))
            .map(|(at, _)| at)
    }

    /// The text of the token at `at`, or nothing past the end.
    pub(crate) fn text(&self, at: usize) -> &str {
        self.list.get(at).map_or("", |t| t.text.as_str())
    }

    /// The position behind the bracket that closes the one at `open`.
    pub(crate) fn behind(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for (at, token) in self.list.iter().enumerate().skip(open) {
            match token.text.as_str() {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return at + 1;
            }
        }
        self.list.len()
    }

    fn add(&mut self, stream: TokenStream) {
        let trees: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        while let Some(tree) = trees.get(at) {
            let Some((attribute, next)) = attribute(&trees, at) else {
                self.push(tree);
                at += 1;
                continue;
            };
            if is_doc(&attribute) {
                at = next;
            } else if is_cfg_test(&attribute)
                && let Some(end) = item_end(&trees, next)
            {
                self.test_modules.extend(module_name(&trees[next..end]));
                at = end;
            } else {
                trees[at..next].iter().for_each(|tree| self.push(tree));
                at = next;
            }
        }
    }

    fn push(&mut self, tree: &TokenTree) {
        if let TokenTree::Group(group) = tree {
            let (open, close) = match group.delimiter() {
                Delimiter::Parenthesis => ("(", ")"),
                Delimiter::Brace => ("{", "}"),
                Delimiter::Bracket => ("[", "]"),
                Delimiter::None => return self.add(group.stream()),
            };
            self.push_text(open, group.span_open());
            self.add(group.stream());
            self.push_text(close, group.span_close());
        } else {
            self.push_text(&tree.to_string(), tree.span());
        }
    }

    fn push_text(&mut self, text: &str, span: proc_macro2::Span) {
        self.list.push(Token {
            text: text.to_owned(),
            first: span.start().line,
            last: span.end().line,
        });
    }
}

/// The attribute that starts at `at` and the position behind it.
fn attribute(trees: &[TokenTree], at: usize) -> Option<(Group, usize)> {
    let mut next = at;
    if !is_punct(trees.get(next)?, '#') {
        return None;
    }
    next += 1;
    if is_punct(trees.get(next)?, '!') {
        next += 1;
    }
    let TokenTree::Group(group) = trees.get(next)? else {
        return None;
    };
    (group.delimiter() == Delimiter::Bracket).then(|| (group.clone(), next + 1))
}

fn is_punct(tree: &TokenTree, c: char) -> bool {
    matches!(tree, TokenTree::Punct(p) if p.as_char() == c)
}

fn is_doc(attribute: &Group) -> bool {
    let mut trees = attribute.stream().into_iter();
    trees.next().is_some_and(|t| t.to_string() == "doc")
        && trees.next().is_some_and(|t| is_punct(&t, '='))
}

/// `cfg(test)` and `cfg(all(test, ...))`: never compiled into a program.
fn is_cfg_test(attribute: &Group) -> bool {
    let text = attribute.stream().to_string().replace(' ', "");
    text == "cfg(test)" || text.starts_with("cfg(all(test,")
}

/// Where the item at `at` ends; nothing when it is no item that is known here, which then counts
/// as code.
fn item_end(trees: &[TokenTree], mut at: usize) -> Option<usize> {
    while let Some((_, next)) = attribute(trees, at) {
        at = next;
    }
    let words: Vec<String> = trees[at..]
        .iter()
        .take(5)
        .filter(|t| !matches!(t, TokenTree::Group(_)))
        .map(ToString::to_string)
        .filter(|word| word != "pub")
        .collect();
    let word = |n: usize| words.get(n).map_or("", String::as_str);
    let to_semicolon = match word(0) {
        "use" | "static" | "type" => true,
        "const" => !["fn", "unsafe", "extern", "async"].contains(&word(1)),
        "extern" => word(1) == "crate",
        "mod" | "fn" | "impl" | "struct" | "enum" | "trait" | "unsafe" | "async"
        | "macro_rules" => false,
        _ => return None,
    };
    let ends = |tree: &TokenTree| {
        let body = matches!(tree, TokenTree::Group(g) if g.delimiter() == Delimiter::Brace);
        is_punct(tree, ';') || body && !to_semicolon
    };
    Some(at + trees[at..].iter().position(ends)? + 1)
}

/// `NAME` of `mod NAME;`.
fn module_name(item: &[TokenTree]) -> Option<String> {
    match item {
        [.., keyword, name, end] if keyword.to_string() == "mod" && is_punct(end, ';') => {
            Some(name.to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<String> {
        let tokens = Tokens::parse(source).unwrap();
        tokens.list.into_iter().map(|t| t.text).collect()
    }

    #[test]
    fn comments_and_tests_are_not_code() {
        let code = ["fn", "f", "(", ")", "{", "}"];
        for source in [
            "fn f() {} // unsafe",
            "/* unsafe */ fn f() {}",
            "/// unsafe\nfn f() {}",
            "//! unsafe\nfn f() {}",
            "fn f() {}\n#[cfg(test)]\nmod tests { fn g() { unsafe {} } }",
            "#[cfg(test)] #[allow(x)] pub(crate) fn g<A, B>() { x.unwrap(); } fn f() {}",
            "#[cfg(test)] use a::{b, c}; fn f() {}",
            "#[cfg(all(test, unix))] const A: B = B { c: 1 }; fn f() {}",
            "#[cfg(test)] const fn g() {} fn f() {}",
        ] {
            assert_eq!(texts(source), code, "{source}");
        }
    }

    #[test]
    fn what_is_only_sometimes_a_test_is_code() {
        for source in [
            "#[cfg(any(test, unix))] fn g() { unsafe {} }",
            "#[cfg(not(test))] fn g() { unsafe {} }",
            "fn g() { match 1 { #[cfg(test)] 1 => unsafe {}, _ => {} } }",
            "macro_rules! m { () => { unsafe {} } }",
        ] {
            assert!(texts(source).contains(&"unsafe".to_owned()), "{source}");
        }
    }

    #[test]
    fn test_modules_in_files_of_their_own_are_named() {
        let tokens = Tokens::parse("#[cfg(test)]\nmod model;\nmod code;").unwrap();
        assert_eq!(tokens.test_modules, ["model"]);
    }
}
