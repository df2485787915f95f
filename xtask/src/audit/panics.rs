//! What could end the program in the middle, and every lint that was switched off.

use super::sources::Source;
use super::tokens::Tokens;
use super::unsafety;

/// Calls that panic.
const METHODS: &[&str] = &["unwrap", "expect", "unwrap_err", "expect_err"];

/// Macros that panic. `assert` is allowed in `const _: () = assert!(...)` and `const { ... }`:
/// there it is the compiler that stops.
const MACROS: &[&str] =
    &["panic", "unreachable", "todo", "unimplemented", "assert", "assert_eq", "assert_ne"];

/// Lints that stand for a possible panic: no reason is good enough to switch them off.
const PANIC_LINTS: &[&str] = &[
    "unwrap_used",
    "expect_used",
    "panic",
    "unreachable",
    "todo",
    "unimplemented",
    "indexing_slicing",
    "string_slice",
    "get_unwrap",
    "panicking_unwrap",
    "unwrap_in_result",
    "panic_in_result_fn",
];

/// A lint switched off in the code.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) place: String,
    pub(crate) lints: Vec<String>,
    pub(crate) reason: Option<String>,
}

/// Panicking calls and macros outside tests.
pub(crate) fn check_calls(source: &Source) -> Vec<String> {
    let tokens = &source.tokens;
    let mut violations = Vec::new();
    for (at, token) in tokens.list.iter().enumerate() {
        let before = at.checked_sub(1).map_or("", |i| tokens.text(i));
        let text = token.text.as_str();
        let method = METHODS.contains(&text) && before == "." && tokens.text(at + 1) == "(";
        let by_macro =
            MACROS.contains(&text) && tokens.text(at + 1) == "!" && !at_compile_time(tokens, at);
        if method || by_macro {
            violations.push(format!(
                "{}: `{text}` can end the program in the middle: return an error instead",
                source.at(token.first)
            ));
        }
    }
    violations
}

/// Is the macro at `at` the value of `const _: () =`, or inside a `const` block?
fn at_compile_time(tokens: &Tokens, at: usize) -> bool {
    let constant = ["const", "_", ":", "(", ")", "="];
    let value = tokens.find(&constant).any(|c| c + constant.len() == at);
    let block = |c: usize| c < at && at < tokens.behind(c + 1);
    value || tokens.find(&["const", "{"]).any(block)
}

/// Every `allow(...)` and `expect(...)` attribute outside tests.
pub(crate) fn allowances(source: &Source) -> Vec<Allowance> {
    let tokens = &source.tokens;
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.list.len() {
        let open = match (tokens.text(at), tokens.text(at + 1), tokens.text(at + 2)) {
            ("#", "[", _) => at + 1,
            ("#", "!", "[") => at + 2,
            _ => {
                at += 1;
                continue;
            }
        };
        let end = tokens.behind(open);
        for i in open..end {
            if ["allow", "expect"].contains(&tokens.text(i)) && tokens.text(i + 1) == "(" {
                found.push(allowance(source, i));
            }
        }
        at = end;
    }
    found
}

fn allowance(source: &Source, at: usize) -> Allowance {
    let tokens = &source.tokens;
    let inside: Vec<&str> = (at + 2..tokens.behind(at + 1) - 1).map(|i| tokens.text(i)).collect();
    let mut lints = Vec::new();
    let mut reason = None;
    for argument in inside.split(|text| *text == ",") {
        match argument {
            [] => {}
            ["reason", "=", text] => reason = Some(text.trim_matches('"').to_owned()),
            lint => lints.push(lint.concat()),
        }
    }
    Allowance { place: source.at(tokens.list[at].first), lints, reason }
}

/// An allowance needs a reason, and some lints are never allowed.
pub(crate) fn check_allowances(name: &str, allowances: &[Allowance]) -> Vec<String> {
    let mut violations = Vec::new();
    for Allowance { place, lints, reason } in allowances {
        for lint in lints {
            let plain = lint.rsplit("::").next().unwrap_or(lint);
            if PANIC_LINTS.contains(&plain) {
                violations.push(format!(
                    "{place}: allows {lint}: rewrite the code so that it cannot panic"
                ));
            }
            if plain == "unsafe_code" && !unsafety::may_allow(name) {
                violations.push(format!(
                    "{place}: allows {lint}: only {} may",
                    unsafety::CRATES.join(" and ")
                ));
            }
        }
        // What unsafe code is allowed for stands in its SAFETY comment, which has its own check.
        if lints.iter().all(|lint| lint == "unsafe_code") {
            continue;
        }
        if reason.as_ref().is_none_or(String::is_empty) {
            violations.push(format!(
                "{place}: allows {} without saying why: add `reason = \"...\"`",
                lints.join(", ")
            ));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn source(text: &str) -> Source {
        Source::rust(Path::new("c/src/a.rs"), text).unwrap()
    }

    #[test]
    fn calls_that_panic_are_reported() {
        for text in [
            "fn f() { a.unwrap(); }",
            "fn f() { a.expect(\"b\"); }",
            "fn f() { panic!(); }",
            "fn f() { unreachable!() }",
            "fn f() { todo!() }",
            "fn f() { assert!(a); }",
            "fn f() { write!(g, \"{}\", a.unwrap()); }",
            "const A: usize = 1; fn f() { assert_eq!(A, 1); }",
        ] {
            assert_eq!(check_calls(&source(text)).len(), 1, "{text}");
        }
        for text in [
            "fn f() { a.unwrap_or(1); a.unwrap_or_default(); }",
            "// a.unwrap()\n/// panic!\nfn f() { debug_assert!(a); }",
            "const _: () = assert!(A < B);",
            "fn f() { const { assert!(N > 0) } }",
            "#[cfg(test)]\nmod tests { fn f() { a.unwrap(); panic!() } }",
            "#[expect(unused, reason = \"b\")] fn f() {}",
        ] {
            assert_eq!(check_calls(&source(text)), [""; 0], "{text}");
        }
    }

    #[test]
    fn allowances_need_a_reason() {
        let verdict = |text: &str| check_allowances("snap-path", &allowances(&source(text)));
        assert_eq!(verdict("#[allow(clippy::x, reason = \"b\")] fn f() {}"), [""; 0]);
        assert_eq!(verdict("#[expect(clippy::x, reason = \"b\",)] fn f() {}"), [""; 0]);
        for text in [
            "#[allow(clippy::x)] fn f() {}",
            "#![allow(clippy::x)]",
            "#[cfg_attr(a, allow(clippy::x))] fn f() {}",
            "#[expect(dead_code)] fn f() {}",
            "#[allow(dead_code, reason = \"\")] fn f() {}",
            "#[allow(clippy::indexing_slicing, reason = \"b\")] fn f() {}",
            "#[allow(clippy::unwrap_used, reason = \"b\")] fn f() {}",
            "#[allow(unsafe_code, reason = \"b\")] fn f() {}",
        ] {
            assert_eq!(verdict(text).len(), 1, "{text}");
        }
    }

    #[test]
    fn unsafe_code_is_explained_where_it_is_used() {
        let found = allowances(&source("#[allow(unsafe_code)] fn f() {}"));
        assert_eq!(check_allowances(unsafety::CRATES[0], &found), [""; 0]);
        assert_eq!(check_allowances("snap-session", &found).len(), 1);
        let more = allowances(&source("#[allow(unsafe_code, clippy::x)] fn f() {}"));
        assert_eq!(check_allowances(unsafety::CRATES[0], &more).len(), 1);
    }

    #[test]
    fn allowances_are_listed_with_their_lints() {
        let found =
            allowances(&source("fn a() {}\n#[allow(clippy::b, c, reason = \"why\")]\nfn f() {}"));
        let want = Allowance {
            place: "c/src/a.rs:2".to_owned(),
            lints: vec!["clippy::b".to_owned(), "c".to_owned()],
            reason: Some("why".to_owned()),
        };
        assert_eq!(found, [want]);
    }
}
