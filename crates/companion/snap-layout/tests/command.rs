//! The command: what goes where, and how it ends.
#![allow(clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut command = Command::new(env!("CARGO_BIN_EXE_snap-layout"));
    command.current_dir(corpus).args(arguments).output().expect("run")
}

/// Exit status, a part of standard output (nothing for none), and a part of standard error.
const CASES: &[(&[&str], i32, &str, &str)] = &[
    (
        &["good/elements-all.yaml", "--revision", "42"],
        0,
        "/snap/elements/42/dir /usr/share/elements/dir none rbind,rw,x-snapd.origin=layout 0 0\n",
        "",
    ),
    (
        &["good/base-below.yaml", "--revision", "x1", "--base", "good/base/fonts.yaml"],
        0,
        "/var/snap/based/x1/fonts /etc/fonts none",
        "",
    ),
    (
        &["good/parallel-two.yaml", "--revision", "3", "--instance", "two"],
        0,
        "/snap/pair_two /snap/pair none rbind,x-snapd.origin=overname 0 0\n",
        "",
    ),
    (
        &["good/elements-all.yaml", "--revision", "4", "--content", "/snap/a/1=$SNAP/a"],
        0,
        "/snap/a/1 /snap/elements/4/a none bind,ro 0 0\n",
        "",
    ),
    (
        &["good/yaml-unknown-key.yaml", "--revision", "4"],
        0,
        "/opt/a",
        "good/yaml-unknown-key.yaml:11:27: unknown-key: ",
    ),
    (
        &["broken/off-limits-dev.yaml", "--revision", "7"],
        1,
        "",
        "broken/off-limits-dev.yaml:6:3: off-limits: ",
    ),
    (&["none.yaml", "--revision", "7"], 1, "", "snap-layout: none.yaml: "),
    (&["good", "--revision", "7"], 1, "", "snap-layout: good: "),
    (&["good/modes.yaml", "--revision", "0"], 1, "", "a revision is a number above 0"),
    (&["good/modes.yaml", "--revision", "07"], 1, "", "a revision is a number above 0"),
    (&["good/modes.yaml", "--revision", "../x"], 1, "", "a revision is a number above 0"),
    (&["good/modes.yaml", "--revision", "7", "--instance", "A"], 1, "", "an instance key has"),
    (&["good/modes.yaml", "--revision", "7", "--instance", ""], 1, "", "an instance key has"),
    (&["good/modes.yaml"], 2, "", "--revision"),
];

#[test]
fn the_command_ends_as_it_should() {
    for (arguments, status, out, err) in CASES {
        let output = run(arguments);
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(*status), "{arguments:?}: {stderr}");
        for (text, part) in [(&stdout, out), (&stderr, err)] {
            assert!(text.contains(part), "{arguments:?}: {part:?} is missing in {text:?}");
            assert_eq!(text.is_empty(), part.is_empty(), "{arguments:?}: {text:?}");
        }
    }
}
