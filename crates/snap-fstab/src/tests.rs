extern crate std;
use std::string::String;
use std::vec::Vec;

use super::*;

impl Sink for Vec<u8> {
    type Error = core::convert::Infallible;

    fn put(&mut self, bytes: &[u8]) -> Result<(), Self::Error> {
        self.extend_from_slice(bytes);
        Ok(())
    }
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

/// The canonical text of what `text` holds, or the first error.
fn canonical(text: &str) -> Result<String, ParseError> {
    let mut bytes = text.as_bytes().to_vec();
    let mut out = Vec::new();
    for line in parse(&mut bytes, Rigour::Strict) {
        entry(&line?).write(&mut out).unwrap();
    }
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn entries_are_read_and_written() {
    for (text, want) in [
        ("", ""),
        ("\n\n# only\n  \t# comments\n   \n", ""),
        ("a b c", "a b c defaults 0 0\n"),
        ("a b c defaults 0 0\n", "a b c defaults 0 0\n"),
        ("\ta  b\t\tc   ro,rw 1 2  \nd e f", "a b c ro,rw 1 2\nd e f defaults 0 0\n"),
        ("a b c o 1", "a b c o 1 0\n"),
        ("a b c #o 1 2", "a b c defaults 0 0\n"),
        ("a b c o#x 1 # 2", "a b c o#x 1 0\n"),
        ("a\\040b c\\011\\012\\134 d", "a\\040b c\\011\\012\\134 d defaults 0 0\n"),
        ("a\\b c\\04 d\\", "a\\134b c\\13404 d\\134 defaults 0 0\n"),
        ("a b c d  e\tf 7 8", "a b c d\\040e\\040f 7 8\n"),
        ("a b c d e f g h 7 8 # x", "a b c d\\040e\\040f\\040g\\040h 7 8\n"),
        ("\\043a b c", "\\134043a b c defaults 0 0\n"),
    ] {
        assert_eq!(canonical(text).as_deref(), Ok(want), "{text:?}");
    }
}

#[test]
fn errors_say_where() {
    use ParseErrorKind::*;
    for (text, line, column, kind) in [
        ("a b\n", 1, 4, TooFewFields(2)),
        ("\n# x\na", 3, 2, TooFewFields(1)),
        ("a b # c", 1, 8, TooFewFields(2)),
        ("a b c d x 0", 1, 9, NotANumber),
        ("a b c d 0 -1", 1, 11, NotANumber),
        ("a b c d 0 4294967296", 1, 11, NotANumber),
        ("a b\0 c", 1, 4, ControlByte(0)),
        ("a b c\r\n", 1, 6, ControlByte(13)),
        ("a b c\n# \u{7f}\n", 2, 3, ControlByte(0x7f)),
    ] {
        assert_eq!(canonical(text), Err(ParseError { line, column, kind }), "{text:?}");
    }
}

#[test]
fn a_line_may_be_64_kib_long_and_no_longer() {
    let text = |len: usize| {
        let mut text = String::from("a b ");
        text.extend(std::iter::repeat_n('x', len - 4));
        text
    };
    assert!(canonical(&text(LINE_MAX)).is_ok());
    let error = canonical(&text(LINE_MAX + 1)).unwrap_err();
    assert_eq!(error.kind, ParseErrorKind::LineTooLong);
}

#[test]
fn columns_are_those_of_the_text() {
    let mut text = *b"  so\\040urce /mp\ttype  opt 0 0";
    let line = parse(&mut text, Rigour::Strict).next().unwrap().unwrap();
    assert_eq!(line.columns, Columns { source: 3, mount_point: 14, options: 24 });
    assert_eq!(line.number, 1);
}

#[test]
fn an_error_does_not_hide_the_lines_after_it() {
    let mut text = *b"x\na b c\n";
    let mut lines = parse(&mut text, Rigour::Strict);
    assert!(lines.next().unwrap().is_err());
    assert_eq!(entry(&lines.next().unwrap().unwrap()).source, b"a");
    assert!(lines.next().is_none());
}

#[test]
fn the_written_length_is_known() {
    for field in ["", "plain", " \t\n\\", "a b"] {
        let mut out = Vec::new();
        let entry = Entry { source: field.as_bytes(), ..Entry::default() };
        entry.write(&mut out).unwrap();
        let written = out.iter().position(|&b| b == b' ').unwrap();
        if !field.is_empty() {
            assert_eq!(escaped_len(field.as_bytes()), written);
        }
    }
}
