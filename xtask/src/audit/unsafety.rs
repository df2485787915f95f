//! Where the compiler has to take our word for it.

use super::sources::Source;

/// The only crates that may.
pub(crate) const CRATES: [&str; 2] = ["snap-start", "snap-syscalls"];

/// The one attribute outside them: `#[unsafe(no_mangle)]` on the function that the start code calls.
const ENTRY: (&str, &str) = ("snap-update-ns", "attribute");

/// May the crate `name` switch the lint `unsafe_code` off?
pub(crate) fn may_allow(name: &str) -> bool {
    CRATES.contains(&name) || name == ENTRY.0
}

/// At most this many in all.
pub(crate) const BAR: usize = 15;

/// One use of `unsafe` outside tests.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Use {
    /// `FILE:LINE`.
    pub(crate) place: String,
    /// `block`, `fn`, `impl`, `attribute`, `global_asm!` ...
    pub(crate) what: &'static str,
    /// A `SAFETY` comment (or `# Safety` section) stands above it.
    pub(crate) explained: bool,
}

/// Every `unsafe` keyword, inside macros too, and every `global_asm!`, which needs no keyword.
pub(crate) fn uses(source: &Source) -> Vec<Use> {
    let tokens = &source.tokens;
    let lines: Vec<&str> = source.text.lines().collect();
    let mut found = Vec::new();
    for (at, token) in tokens.list.iter().enumerate() {
        let what = match (token.text.as_str(), tokens.text(at + 1)) {
            ("unsafe", "{") => "block",
            ("unsafe", "fn") => "fn",
            ("unsafe", "impl") => "impl",
            ("unsafe", "trait") => "trait",
            ("unsafe", "extern") => "extern",
            ("unsafe", "(") => "attribute",
            ("unsafe", _) => "other",
            ("global_asm", "!") => "global_asm!",
            _ => continue,
        };
        found.push(Use {
            place: source.at(token.first),
            what,
            explained: explained(&lines, token.first),
        });
    }
    found
}

/// Is there a `SAFETY` comment right above `line` (from 1), or above the statement or the
/// attributes that it belongs to?
fn explained(lines: &[&str], line: usize) -> bool {
    let mut above = lines.iter().take(line.saturating_sub(1)).rev().map(|l| l.trim());
    let mut commented = false;
    above
        .by_ref()
        .take_while(|text| {
            let comment = text.starts_with("//");
            let starts_something_else = text.is_empty() || text.ends_with([';', ',', '{', '}']);
            let go_on = if commented { comment } else { comment || !starts_something_else };
            commented |= comment;
            go_on
        })
        .any(|text| {
            text.starts_with("//") && (text.contains("SAFETY:") || text.contains("# Safety"))
        })
}

/// Applies the rule to the uses of every privileged crate.
pub(crate) fn check(crates: &[(String, Vec<Use>)]) -> Vec<String> {
    let mut violations = Vec::new();
    let mut sum = 0;
    for (name, uses) in crates {
        sum += uses.len();
        let entry = |u: &Use| (name.as_str(), u.what) == ENTRY;
        let mut entries_left = 1;
        for used in uses {
            let Use { place, what, explained } = used;
            let its_entry = entry(used) && entries_left > 0;
            entries_left -= usize::from(its_entry);
            if !CRATES.contains(&name.as_str()) && !its_entry {
                violations.push(format!(
                    "{place}: unsafe {what} in {name}: only {} may have that, use a safe call of rustix",
                    CRATES.join(" and ")
                ));
            }
            if !explained {
                violations.push(format!(
                    "{place}: unsafe {what} without a SAFETY comment: write down why it is sound, right above it"
                ));
            }
        }
    }
    if sum > BAR {
        violations
            .push(format!("{sum} uses of unsafe, more than {BAR}: replace some by safe code"));
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn found(text: &str) -> Vec<Use> {
        uses(&Source::rust(Path::new("c/src/lib.rs"), text).unwrap())
    }

    fn verdict(name: &str, text: &str) -> Vec<String> {
        check(&[(name.to_owned(), found(text))])
    }

    #[test]
    fn each_kind_is_found() {
        for (text, what) in [
            ("fn f() { unsafe { g() } }", "block"),
            ("pub unsafe fn f() {}", "fn"),
            ("unsafe impl Sync for A {}", "impl"),
            ("unsafe trait A {}", "trait"),
            ("unsafe extern \"C\" { fn g(); }", "extern"),
            ("#[unsafe(no_mangle)] fn f() {}", "attribute"),
            ("#[cfg_attr(x, unsafe(no_mangle))] fn f() {}", "attribute"),
            ("core::arch::global_asm!(\"nop\");", "global_asm!"),
            ("macro_rules! m { () => { unsafe { g() } } }", "block"),
        ] {
            let uses = found(text);
            assert_eq!(uses.len(), 1, "{text}: {uses:?}");
            assert_eq!(uses[0].what, what, "{text}");
            assert!(!uses[0].explained, "{text}");
        }
        let words = "// unsafe { }\nconst A: &str = \"unsafe {}\";\n#[cfg(test)]\nmod tests { fn f() { unsafe {} } }";
        assert_eq!(found(words), []);
    }

    #[test]
    fn it_must_be_in_its_crate_and_explained() {
        let good = "fn f() {\n    // SAFETY: nothing else has it,\n    // see above.\n    let a =\n        unsafe { g() };\n}\n";
        assert_eq!(verdict(CRATES[0], good), [""; 0]);
        assert!(verdict("snap-path", good)[0].contains("only snap-start"));
        for bad in [
            "fn f() {\n    let a = unsafe { g() };\n}\n",
            "fn f() {\n    // Quick.\n    unsafe { g() };\n}\n",
            "// SAFETY: of f.\nfn f() {\n    unsafe { g() };\n}\n",
            "fn f() {\n    // SAFETY: of the first.\n    unsafe { g() };\n    unsafe { g() };\n}\n",
            "fn f() {\n    match a {\n        // SAFETY: of the first.\n        1 => unsafe { g() },\n        _ => unsafe { g() },\n    }\n}\n",
            "fn f() {\n    // SAFETY: far away.\n\n    unsafe { g() };\n}\n",
            "const A: &str = \"\n// SAFETY: no comment.\n\";\nunsafe fn f() {}\n",
        ] {
            assert!(!verdict(CRATES[0], bad).is_empty(), "{bad}");
        }
    }

    #[test]
    fn the_entry_point_is_the_one_exception() {
        let entry = "// SAFETY: unique.\n#[unsafe(no_mangle)]\nfn program() {}\n";
        assert_eq!(verdict("snap-update-ns", entry), [""; 0]);
        assert_eq!(verdict("snap-update-ns", &entry.repeat(2)).len(), 1);
        assert_eq!(verdict("snap-session", entry).len(), 1);
        let block = "fn f() {\n    // SAFETY: fine.\n    unsafe { g() }\n}\n";
        assert_eq!(verdict("snap-update-ns", block).len(), 1);
    }

    #[test]
    fn there_is_an_upper_bound() {
        let many = "// SAFETY: yes.\nunsafe fn f() {}\n".repeat(BAR + 1);
        assert!(verdict(CRATES[0], &many)[0].contains("more than 15"));
    }
}
