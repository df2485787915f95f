//! Mount points, sources and other paths that cannot be used.

use std::sync::LazyLock;

use crate::check::{Case, GOOD, Place, all_refused, case, left_out, refused};
use crate::machine::on_a_machine;

const START: &str = "the path must start with /";
const DOT_DOT: &str = "the path must not contain ..";
const LONG: &str = "the path must be shorter than 4096 bytes";

/// 4096 bytes: one too many.
static TOO_LONG: LazyLock<&'static str> = LazyLock::new(|| {
    let path: &'static str = format!("/{}", "abcdefgh/".repeat(455)).leak();
    assert_eq!(path.len(), 4096);
    path.trim_end_matches('/')
});

fn text(line: String, at: &'static str, words: &'static str) -> Case {
    case(&line, Place::At(at), words)
}

#[test]
fn mount_points() {
    on_a_machine("paths::mount_points", |machine| {
        let cases = [
            ("srv/bad", START),
            ("none", START),
            ("./srv/bad", START),
            ("$HOME/bad", START),
            ("\\040/bad", START),
            ("/srv/../etc/bad", DOT_DOT),
            ("/..", DOT_DOT),
            ("/srv/..", DOT_DOT),
            ("/../srv", DOT_DOT),
            ("/srv//..//bad", DOT_DOT),
            ("/srv/./../bad", DOT_DOT),
            ("/", "bad mount point: / cannot be mounted over"),
            ("//", "bad mount point: / cannot be mounted over"),
            ("/././", "bad mount point: / cannot be mounted over"),
        ];
        let line = |at: &str| format!("S {at} tmpfs x-snapd.origin=layout 0 0");
        let mut cases: Vec<_> =
            cases.iter().map(|&(at, words)| text(line(at), at, words)).collect();
        let long: &'static str = format!("{}/xxxxxxxx", *TOO_LONG).leak();
        cases.push(text(line(long), long, LONG));
        // What counts is the length after cleaning.
        let squeezed: &'static str = format!("{}//xxxxxxxx/.", *TOO_LONG).leak();
        cases.push(text(line(squeezed), squeezed, LONG));
        all_refused(machine, &cases);
    });
}

#[test]
fn sources_of_binds() {
    on_a_machine("paths::sources_of_binds", |machine| {
        let bad = [
            ("snap/hello", START),
            ("none", START),
            ("/snap/hello/../x", DOT_DOT),
            ("/snap/..", DOT_DOT),
            ("../snap", START),
            ("/snap/./..", DOT_DOT),
        ];
        let mut cases = Vec::new();
        for (at, words) in bad {
            for how in ["bind", "rbind", "bind,x-snapd.kind=file", "move"] {
                let line = format!("{at} /srv/bad other {how},x-snapd.origin=layout 0 0");
                cases.push(text(line, at, words));
            }
        }
        let long: &'static str = format!("{}/xxxxxxxx", *TOO_LONG).leak();
        let line = format!("{long} /srv/bad none bind,x-snapd.origin=layout 0 0");
        cases.push(text(line, long, LONG));
        all_refused(machine, &cases);
    });
}

#[test]
fn directories_that_must_exist() {
    on_a_machine("paths::directories_that_must_exist", |machine| {
        let bad = [("home", START), ("$HOME", START), ("/home/..", DOT_DOT), ("/../home", DOT_DOT)];
        let cases = bad.map(|(dir, words)| {
            let options = format!("x-snapd.kind=ensure-dir,x-snapd.must-exist-dir={dir}");
            text(format!("none /home/user/bad none {options} 0 0"), "x-snapd.kind", words)
        });
        all_refused(machine, &cases);
    });
}

#[test]
fn two_entries_for_one_mount_point() {
    on_a_machine("paths::two_entries_for_one_mount_point", |machine| {
        let one = "/snap/hello/1/lib /srv/same none bind,x-snapd.origin=layout 0 0\n";
        let others = [
            "tmpfs /srv/same tmpfs x-snapd.origin=layout 0 0\n",
            "/snap/hello/1/lib /srv/same none bind,x-snapd.origin=overname 0 0\n",
        ];
        for other in others {
            let desired = format!("{one}# between\n{other}{}", crate::check::GOOD[0]);
            let both = "snap.hello.fstab:1 and snap.hello.fstab:3 both have the mount point";
            refused(machine, desired.as_bytes(), &[both, "/srv/same"]);
        }
        // Content gives way, with a notice; what is the same is one.
        let others = [
            ("/snap/hello/1/lib /srv/same none bind 0 0\n", 1),
            ("none /srv/same none x-snapd.kind=symlink,x-snapd.symlink=/a 0 0\n", 1),
            ("/snap/hello/1/lib /srv//same/. none bind,x-snapd.origin=layout 0 0\n", 0),
            (one, 0),
        ];
        for (other, notices) in others {
            for desired in [format!("{one}{other}"), format!("{other}{one}")] {
                std::fs::write(crate::machine::DESIRED, &desired).unwrap();
                let output = machine.run();
                let told = String::from_utf8(output.stderr).unwrap();
                assert_eq!(output.status.code(), Some(0), "{desired}{told}");
                assert_eq!(told.lines().count(), notices, "{desired}{told}");
                assert!(notices == 0 || told.contains("has the same mount point"), "{told}");
                let text = std::fs::read_to_string("/srv/same/text").unwrap();
                assert_eq!(text, "snap\n", "{desired}");
                machine.undo();
            }
        }
    });
}

#[test]
fn names_that_would_break_the_line() {
    on_a_machine("paths::names_that_would_break_the_line", |machine| {
        // Escapes that the profile may have; the message shows them as escapes again.
        let entry = "/usr/odd/fifo /opt/there\\012and\\011here none bind,x-snapd.kind=file";
        let shown = "/opt/there\\u{a}and\\u{9}here (snap.hello.fstab:1): source /usr/odd/fifo is";
        refused(machine, format!("{entry},x-snapd.origin=layout\n").as_bytes(), &[shown]);
        left_out(machine, format!("{entry}\n{}", GOOD.concat()).as_bytes(), &[shown]);
        let bytes = b"\xff\xfe/\xc3( /srv/bad none bind,x-snapd.origin=layout 0 0\n";
        let words = ["snap.hello.fstab:1:1: bad source", "\\xff\\xfe/\\xc3("];
        refused(machine, bytes, &words);
    });
}
