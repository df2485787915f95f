//! What holds for all options, by examples that a machine makes up.
#![allow(clippy::arithmetic_side_effects, clippy::expect_used, clippy::indexing_slicing)]

use proptest::collection::vec;
use proptest::prelude::*;
use snap_mount_options::{Kind, Options, founding};

/// One option: made of the pieces that mean something, or of anything at all.
fn token() -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(
        &["bind", "rbind", "ro", "rw", "remount", "move", "nosuid", "rslave", "size=1"][..],
    );
    let prefix = prop::sample::select(&["x-snapd.", "x-snap-", "x-snap"][..]);
    let name = prop::sample::select(
        &[
            "kind",
            "symlink",
            "must-exist-dir",
            "origin",
            "needed-by",
            "id",
            "mode",
            "uid",
            "group",
            "synthetic",
            "detach",
            "ignore-missing",
            "novel",
            "",
        ][..],
    );
    let separator = prop::sample::select(&["=", ":", ""][..]);
    let value = prop::sample::select(
        &["file", "symlink", "ensure-dir", "layout", "rootfs", "/t", "0755", "9", "root", "=:", ""]
            [..],
    );
    prop_oneof![
        3 => word.prop_map(|word| word.as_bytes().to_vec()),
        6 => (prefix, name, separator, value)
            .prop_map(|(prefix, name, separator, value)| [prefix, name, separator, value].concat().into()),
        1 => vec(any::<u8>(), 0..12),
    ]
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    vec(token(), 0..6).prop_map(|tokens| tokens.join(&b','))
}

fn fs_type() -> impl Strategy<Value = &'static [u8]> {
    prop::sample::select(vec![&b"none"[..], b"tmpfs", founding::SYMLINK_TYPE])
}

/// The type and options in today's dialect.
fn translated(fs_type: &'static [u8], text: &[u8]) -> (&'static [u8], Vec<u8>) {
    let mut out = vec![0; text.len() * 3 + 64];
    let (written, _) = founding::translate(fs_type, text, &mut out).expect("there is room");
    let fs_type = if fs_type == founding::SYMLINK_TYPE { b"none" } else { fs_type };
    (fs_type, written.to_vec())
}

proptest! {
    // What fails is printed; no file is left in the source tree.
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_text_is_read(fs_type in fs_type(), text in vec(any::<u8>(), 0..200)) {
        if let Err(error) = Options::parse(fs_type, &text) {
            prop_assert!(text.get(error.start..error.start + error.len).is_some());
        }
    }

    #[test]
    fn an_error_names_an_option(fs_type in fs_type(), text in text()) {
        if let Err(error) = Options::parse(fs_type, &text) && error.len > 0 {
            let culprit = &text[error.start..error.start + error.len];
            prop_assert!(text.split(|&b| b == b',').any(|token| token == culprit));
        }
    }

    #[test]
    fn a_translation_is_final(fs_type in fs_type(), text in text()) {
        let once = translated(fs_type, &text);
        prop_assert!(!founding::is_used(once.0, &once.1));
        prop_assert_eq!(&translated(once.0, &once.1), &once);
    }

    /// Legal options mean the same in today's dialect. Left out: names with `=` in them, which the
    /// founding dialect does not know and today's reads as a value (`x-snap-mode=1777`).
    #[test]
    fn a_translation_keeps_the_meaning(fs_type in fs_type(), text in text()) {
        let Ok(before) = Options::parse(fs_type, &text) else { return Ok(()) };
        if fs_type != founding::SYMLINK_TYPE || matches!(before.kind, Kind::Symlink(_)) {
            let (new_type, new_text) = translated(fs_type, &text);
            prop_assert_eq!(Options::parse(new_type, &new_text), Ok(before));
        }
    }

    /// The translation gets by with what its documentation says it needs.
    #[test]
    fn a_translation_needs_no_more_room_than_said(fs_type in fs_type(), text in text()) {
        let options = text.split(|&b| b == b',').filter(|token| !token.is_empty()).count();
        let mut out = vec![0; text.len() + 9 * options + 21];
        prop_assert!(founding::translate(fs_type, &text, &mut out).is_some());
    }
}
