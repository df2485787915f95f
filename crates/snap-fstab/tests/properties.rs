//! What holds for every entry and every text, by examples that a machine makes up.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use std::convert::Infallible;

use proptest::collection::vec;
use proptest::prelude::*;
use snap_fstab::{Entry, Line, Rigour, Sink, escaped_len, parse};

struct Text(Vec<u8>);

impl Sink for Text {
    type Error = Infallible;

    fn put(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

fn written(entry: &Entry<'_>) -> Vec<u8> {
    let mut text = Text(Vec::new());
    let Ok(()) = entry.write(&mut text);
    text.0
}

fn entry<'a>(line: &'a Line<'_>) -> Entry<'a> {
    Entry {
        source: line.source,
        mount_point: line.mount_point,
        fs_type: line.fs_type,
        options: line.options,
        dump: line.dump,
        pass: line.pass,
    }
}

/// A byte that a field can have: no control byte but the two that have an escape. What the format
/// itself uses comes up often.
fn byte() -> impl Strategy<Value = u8> {
    let special = prop::sample::select(b" \t\n\\#,=01234".to_vec());
    let any = any::<u8>().prop_filter("a control byte", |b| *b >= b' ' && *b != 0x7f);
    prop_oneof![special, any]
}

/// A field that is not empty and no comment.
fn field() -> impl Strategy<Value = Vec<u8>> {
    vec(byte(), 1..40).prop_filter("a comment", |field| field[0] != b'#')
}

fn options() -> impl Strategy<Value = Vec<u8>> {
    let some = field().prop_filter("means none", |field| field != b"defaults");
    prop_oneof![1 => Just(Vec::new()), 4 => some]
}

proptest! {
    // What fails is printed; no file is left in the source tree.
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_written_reads_back(
        source in field(),
        mount_point in field(),
        fs_type in field(),
        options in options(),
        dump: u32,
        pass: u32,
    ) {
        let want = Entry {
            source: &source,
            mount_point: &mount_point,
            fs_type: &fs_type,
            options: &options,
            dump,
            pass,
        };
        let mut text = written(&want);
        let mut lines = parse(&mut text, Rigour::Strict);
        let line = lines.next().unwrap().unwrap();
        prop_assert_eq!(entry(&line), want);
        prop_assert!(lines.next().is_none());
    }

    #[test]
    fn the_length_is_foretold(field in field()) {
        let entry = Entry { source: &field, ..Entry::default() };
        let empty = written(&Entry { source: b"?", ..Entry::default() });
        prop_assert_eq!(written(&entry).len(), empty.len() - 1 + escaped_len(&field));
    }

    #[test]
    fn any_text_is_read_and_what_was_an_entry_stays_one(text in any_text()) {
        for line in parse(&mut text.clone(), Rigour::Strict) {
            let Ok(line) = line else { continue };
            let mut text = written(&entry(&line));
            let mut lines = parse(&mut text, Rigour::Strict);
            let again = lines.next().unwrap().unwrap();
            prop_assert_eq!(entry(&again), entry(&line));
            prop_assert!(lines.next().is_none());
        }
    }
}

/// Lines that are mostly entries, with bytes of all kinds in them.
fn any_text() -> impl Strategy<Value = Vec<u8>> {
    let often = prop::sample::select(b"a/  \t\t\n\\014#".to_vec());
    vec(prop_oneof![20 => often, 1 => any::<u8>()], 0..200)
}
