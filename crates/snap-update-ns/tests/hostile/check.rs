//! What is expected of a run, whatever is wrong.

use std::fs;
use std::process::Output;

use crate::machine::{DESIRED, Machine, ROOTFS, USERS};
use crate::state::{State, head};

/// A line of a profile that cannot be used.
pub(crate) struct Case {
    pub(crate) line: Vec<u8>,
    pub(crate) place: Place,
    /// Words of the one line.
    pub(crate) words: &'static str,
}

/// How the one line names the place.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// By line and column: where this text starts.
    At(&'static str),
    /// By line and the column behind the last byte.
    End,
    /// By the entry: who asked, its mount point, its line.
    Entry(&'static str),
}

/// A case whose line is text.
pub(crate) fn case(line: &str, place: Place, words: &'static str) -> Case {
    Case { line: line.as_bytes().to_vec(), place, words }
}

/// Valid layouts: one that needs a writable copy of a directory, one that does not.
pub(crate) const GOOD: [&str; 2] = [
    "/snap/hello/1/lib /usr/share/good none rbind,rw,x-snapd.origin=layout 0 0\n",
    "/var/snap/hello/common/data /srv/good none rbind,rw,x-snapd.origin=layout 0 0\n",
];

impl Case {
    /// How the place is named when the case is in line `number` of `file`.
    pub(crate) fn place_text(&self, file: &str, number: usize) -> String {
        let at = match self.place {
            Place::Entry(name) => return format!("{name} ({file}:{number}): "),
            Place::End => self.line.len(),
            Place::At(text) => {
                let mut windows = self.line.windows(text.len());
                windows.position(|window| window == text.as_bytes()).expect("a part of the line")
            }
        };
        format!("profile {file}:{number}:{}: ", at + 1)
    }
}

/// One line on standard output that has all of `words`, and status 1; standard error is empty.
#[track_caller]
pub(crate) fn one_line(output: &Output, words: &[&str], what: &str) {
    let text = String::from_utf8(output.stdout.clone()).expect("UTF-8");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{what}: {:?} {text} {errors}", output.status);
    let line = text.strip_suffix('\n').unwrap_or_default();
    assert!(line.starts_with("cannot update snap namespace: "), "{what}: {text:?}");
    assert!(!line.contains(char::is_control), "{what}: more than one line: {text:?}");
    for word in words {
        assert!(line.contains(word), "{what}: {word:?} is missing in {line:?}");
    }
    assert_eq!(errors, "", "{what}: standard error");
}

/// With this desired profile the run is refused, and nothing is changed.
#[track_caller]
pub(crate) fn refused(machine: &Machine, desired: &[u8], words: &[&str]) {
    fs::write(DESIRED, desired).expect("write");
    let before = State::now();
    let output = machine.run();
    let what = head(desired);
    one_line(&output, words, &what);
    before.check_unchanged(&what);
}

/// Each case alone, before valid lines, behind them and between them, with the same result.
#[track_caller]
pub(crate) fn all_refused(machine: &Machine, cases: &[Case]) {
    for case in cases {
        let [one, two] = GOOD.map(str::as_bytes);
        let line = [&case.line[..], b"\n"].concat();
        let texts: [(usize, &[&[u8]]); 4] = [
            (1, &[&line]),
            (1, &[&line, one, two]),
            (3, &[one, two, &line]),
            (4, &[b"# a comment\n\n", one, &line, two]),
        ];
        for (number, text) in texts {
            let place = case.place_text("snap.hello.fstab", number);
            refused(machine, &text.concat(), &[&place, case.words]);
        }
    }
    eprintln!("{} cases, each in 4 profiles", cases.len());
}

/// The same for a user's profile.
#[track_caller]
pub(crate) fn refused_for_user(
    machine: &Machine,
    home: Option<&[u8]>,
    desired: &[u8],
    words: &[&str],
) {
    fs::write(USERS, desired).expect("write");
    let before = State::now();
    let output = machine.user_command(home).output().expect("run");
    let what = format!("{} with home {:?}", head(desired), home.map(head));
    one_line(&output, words, &what);
    before.check_unchanged(&what);
}

/// Without an origin the same entry is left out with one notice, and the others are made.
#[track_caller]
pub(crate) fn left_out(machine: &Machine, desired: &[u8], words: &[&str]) {
    fs::write(DESIRED, desired).expect("write");
    let before = State::now();
    let output = machine.run();
    let what = head(desired);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{what}: {output:?}");
    assert_eq!(output.stdout, b"", "{what}");
    assert_eq!(errors.matches('\n').count(), 1, "{what}: {errors}");
    assert!(errors.starts_with("snap-update-ns: left out: "), "{what}: {errors}");
    for word in words {
        assert!(errors.contains(word), "{what}: {word:?} is missing in {errors:?}");
    }
    let saved = fs::read_to_string(crate::machine::CURRENT).expect("saved");
    for good in GOOD {
        assert!(saved.contains(good), "{what}: {saved}");
    }
    assert_eq!(fs::read_to_string("/usr/share/good/text").expect("made"), "snap\n", "{what}");
    machine.undo();
    let after = State::now();
    assert_eq!(before.mount_points(), after.mount_points(), "undone after {what}");
    assert!(saved.starts_with(ROOTFS), "{what}: {saved}");
}
