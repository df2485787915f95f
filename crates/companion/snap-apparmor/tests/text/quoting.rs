//! No byte of a path ends a rule, widens it, or begins another one.

use std::convert::Infallible;

use proptest::prelude::{
    ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, proptest,
};
use snap_apparmor::{Confined, Settings, policy};
use snap_fstab::{Entry, Sink};

use super::{ALL, made, rules};

/// A name in a path: whatever a file system takes.
fn name() -> impl Strategy<Value = Vec<u8>> {
    let byte = any::<u8>().prop_map(|byte| if byte == 0 || byte == b'/' { b'x' } else { byte });
    let wild = prop::sample::select(b"*?[]{}^\"\\@$,#()<>|&! \t\n\r.-a".to_vec());
    let name =
        prop::collection::vec(prop::strategy::Union::new([byte.boxed(), wild.boxed()]), 1..12);
    name.prop_filter("a name", |name| name != b"." && name != b"..")
}

struct Text(Vec<u8>);

impl Sink for Text {
    type Error = Infallible;

    fn put(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

fn line(source: &[u8], mount_point: &[u8], options: &[u8]) -> Vec<u8> {
    let entry = Entry { source, mount_point, fs_type: b"none", options, dump: 0, pass: 0 };
    let mut text = Text(Vec::new());
    let Ok(()) = entry.write(&mut text);
    text.0
}

/// The bytes that a quoted text stands for, wildcards aside; none if it is not one.
fn unquoted(text: &str) -> Option<Vec<u8>> {
    let mut rest = text.as_bytes();
    let mut bytes = Vec::new();
    while let Some((&first, after)) = rest.split_first() {
        match first {
            b'\\' => {
                let digits = std::str::from_utf8(after.get(..3)?).ok()?;
                bytes.push(u8::from_str_radix(digits, 8).ok()?);
                rest = after.get(3..)?;
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' | b'+' => {
                bytes.push(first);
                rest = after;
            }
            _ => return None,
        }
    }
    Some(bytes)
}

/// The same rules for the paths `/usr/share/S`, `/var/snap/hello/common/T`, with names for both.
fn expected(source: &[u8], target: &[u8], plain: &str) -> Option<String> {
    let mut quoted = plain.split('"');
    let mut text = quoted.next()?.to_owned();
    while let (Some(inside), Some(outside)) = (quoted.next(), quoted.next()) {
        let put = |piece: &str, name: &[u8]| {
            let escaped: String = name.iter().map(|byte| format!("\\{byte:03o}")).collect();
            inside.replace(piece, &escaped)
        };
        let inside =
            if inside.contains("SOURCE") { put("SOURCE", source) } else { put("TARGET", target) };
        text.push('"');
        text.push_str(&inside);
        text.push('"');
        text.push_str(outside);
    }
    Some(text)
}

/// With every byte of the names escaped, so that only the meaning is compared.
fn escaped(rule: &str) -> String {
    let mut pieces = rule.split('"');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    while let (Some(inside), Some(outside)) = (pieces.next(), pieces.next()) {
        let meaning = match unquoted(inside) {
            Some(bytes) => bytes.iter().map(|byte| format!("\\{byte:03o}")).collect(),
            None => inside.to_owned(),
        };
        text.push_str(&format!("\"{meaning}\"{outside}"));
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Any two names give just the rules that two plain ones give, with the names in their places.
    #[test]
    fn names_stay_in_their_places(source in name(), target in name()) {
        let entry = |source: &[u8], target: &[u8]| {
            let source = [b"/var/snap/hello/common/", source].concat();
            let target = [b"/usr/share/", target].concat();
            line(&source, &target, b"rbind,rw,x-snapd.origin=layout")
        };
        for (_, confined) in ALL {
            let settings = Settings { confined, ..Settings::default() };
            // What the program refuses, as control characters, has no policy either.
            let Ok(policy) = policy(b"hello", &entry(&source, &target), b"", &settings) else {
                continue;
            };
            let plain = rules(&made(&entry(b"SOURCE", b"TARGET"), b"", confined));
            let mut plain: Vec<_> =
                plain.iter().map(|rule| escaped(&expected(&source, &target, rule).unwrap())).collect();
            let mut odd: Vec<_> = rules(&policy).iter().map(|rule| escaped(rule)).collect();
            plain.sort();
            odd.sort();
            prop_assert_eq!(&odd, &plain);
            // Neither does a comment end early.
            let text = policy.to_string();
            let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with("  # "));
            // The two lines around the rules, and the version of the language.
            prop_assert_eq!(lines.count(), rules(&policy).len() + 3);
        }
    }

    /// Whatever a profile is, there is an error or a policy, and no byte in it but plain text.
    #[test]
    fn any_profile(text in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(policy) = policy(b"hello", &text, &text, &Settings::default()) {
            prop_assert!(policy.to_string().bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)));
        }
    }
}

#[test]
fn what_is_special_to_apparmor_is_escaped() {
    let entry = line(b"tmpfs", b"/opt/a*b{c}\"d\\@{HOME}^[e]?,", b"rbind");
    let entry = String::from_utf8(entry).unwrap().replace("tmpfs", "/x");
    let all = rules(&made(entry.as_bytes(), b"", Confined::FirstStarts));
    let path = r#""/opt/a\052b\173c\175\042d\134\100\173HOME\175\136\133e\135\077\054/""#;
    assert!(all.contains(&format!("umount {path},")), "{all:#?}");
}
