//! Any input gives diagnostics or a profile that snap-update-ns reads, never a panic.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use snap_fstab::Rigour;
use snap_layout::{Compiled, Request, Setting, Source, compile};
use snap_mount_options::{Kind, Options};

fn compiled(yaml: &[u8], base: Option<&[u8]>) -> Compiled {
    compile(&Request {
        application: Source { name: "snap.yaml", bytes: yaml },
        base: base.map(|bytes| Source { name: "base.yaml", bytes }),
        content: &["/snap/other/1/data=$SNAP/data".to_owned()],
        setting: Setting::new("7", Some("two")).expect("a setting"),
    })
}

/// A profile, or an error with a place, and lines that are lines.
fn check(yaml: &[u8], base: Option<&[u8]>) {
    let compiled = compiled(yaml, base);
    assert_eq!(compiled.profile.is_none(), compiled.diagnostics.has_errors());
    for found in compiled.diagnostics.iter() {
        assert!(found.place.line > 0 && found.place.column > 0, "{found}");
        assert!(!found.to_string().contains(char::is_control), "{found}");
    }
    if let Some(mut profile) = compiled.profile {
        let lines = profile.split(|&byte| byte == b'\n').count() - 1;
        assert_eq!(reads_back(&mut profile), lines);
    }
}

/// How many entries the profile has, all of which are as the program wants them.
fn reads_back(profile: &mut [u8]) -> usize {
    let entries = snap_fstab::parse(profile, Rigour::Strict).map(|line| {
        let line = line.expect("a line");
        for path in [&*line.mount_point, &*line.source] {
            assert!(path == b"tmpfs" || snap_path::check(path).is_ok(), "{line:?}");
        }
        let options = Options::parse(line.fs_type, line.options).expect("options");
        if let Kind::Symlink(target) = options.kind {
            assert_eq!(target, &*line.source);
        }
        assert_eq!(Options::data(line.options).count(), 0, "{line:?}");
    });
    entries.count()
}

/// Both corpora, to be spoilt.
fn corpus() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let files = ["good", "broken"].map(|dir| fs::read_dir(root.join(dir)).expect("a corpus"));
    let paths = files.into_iter().flatten().map(|file| file.expect("a file").path());
    let yaml = paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    yaml.map(|path| fs::read(path).expect("a file")).collect()
}

#[test]
fn profiles_of_the_corpus_read_back() {
    for yaml in corpus() {
        check(&yaml, None);
        check(&yaml, Some(&yaml));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes(yaml in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&yaml, None);
    }

    #[test]
    fn yaml_like(yaml in r#"(name: ab\n)?(layout:\n)?([ \t]{0,4}[-?:,\[\]{}&*!|>'"%@`#~$/a-c.0-9\n]{1,12}(: ?)?){0,20}"#) {
        check(yaml.as_bytes(), Some(yaml.as_bytes()));
    }

    #[test]
    fn paths(mount_point in "[/$.a-cSNAP*\u{1}\t\n ,#é]{0,20}", source in "\\$SNAP[/$.a-c_\\\\\r\n ,#]{0,20}") {
        let key = ["bind", "bind-file", "symlink"][mount_point.len() % 3];
        let yaml = format!("name: hello\nlayout:\n  {}: {{{key}: {}}}\n", quoted(&format!("/opt/{mount_point}")), quoted(&source));
        check(yaml.as_bytes(), None);
    }

    #[test]
    fn spoilt_files(file in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), bytes in "[ \t\n:{}\\[\\]&*'\"$/-]{1,3}", cut in 0_usize..4) {
        let all = corpus();
        let mut yaml = all[file.index(all.len())].clone();
        let at = at.index(yaml.len() + 1);
        let end = (at + cut).min(yaml.len());
        yaml.splice(at..end, bytes.into_bytes());
        check(&yaml, None);
    }
}

/// The text as YAML's double quotes have it.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| format!("\\U{:08X}", u32::from(c)));
    format!("\"{}\"", escaped.collect::<String>())
}
