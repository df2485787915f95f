//! Users' mounts: homes and profiles that cannot be used.

use std::fs;
use std::os::unix::process::CommandExt;

use crate::check::{one_line, refused_for_user};
use crate::machine::{Machine, USERS, on_a_machine, unmount};
use crate::state::State;
use crate::truth::made_since;

const NEEDS_HOME: &str =
    "none $HOME/.local/x none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=$HOME 0 0\n";
const GOOD: &str = "/snap/hello/1/lib /run/user/0/good none bind 0 0\n";

#[test]
fn homes() {
    on_a_machine("user::homes", |machine| {
        machine.world.link("/home/link", "user").unwrap();
        machine.world.file("/home/file", "").unwrap();
        let bad = "$HOME is needed but SNAP_REAL_HOME is bad: ";
        let (is, open) = ("the home directory /", "cannot open the home directory /home/");
        let long = format!("/{}", "x".repeat(4095));
        let newline: &[u8] = b"/home/no\nsuch";
        let cases: [(Option<&[u8]>, [&str; 2]); 18] = [
            (None, ["$HOME is needed but SNAP_REAL_HOME is not set", ":1:"]),
            (Some(b""), ["$HOME is needed but SNAP_REAL_HOME is not set", ":1:"]),
            (Some(b"home/user"), [bad, "start with /: home/user"]),
            (Some(b"."), [bad, "start with /"]),
            (Some(b"$HOME"), [bad, "start with /"]),
            (Some(b"/home/../etc"), [bad, "must not contain ..: /home/../etc"]),
            (Some(b"/home/user/.."), [bad, "must not contain .."]),
            (Some(b"/home//user"), [bad, "must not contain //"]),
            (Some(b"/home/./user"), [bad, "must not contain //"]),
            (Some(b"/home/user/"), [bad, "end in /"]),
            (Some(b"//home/user"), [bad, "must not contain //"]),
            (Some(long.as_bytes()), [bad, "shorter than 4096"]),
            (Some(b"/home/link"), [is, "home/link (SNAP_REAL_HOME) is a symbolic link"]),
            (Some(b"/home/file"), [is, "home/file (SNAP_REAL_HOME) is no directory"]),
            (Some(b"/home/nobody"), [open, "nobody (SNAP_REAL_HOME): no such file or directory"]),
            (Some(b"/usr/odd/fifo"), [is, "usr/odd/fifo (SNAP_REAL_HOME) is no directory"]),
            (Some(newline), [open, "no\\u{a}such (SNAP_REAL_HOME): no such file"]),
            (Some(b"/home/\xff"), [open, " (SNAP_REAL_HOME): no such file"]),
        ];
        for (home, words) in cases {
            refused_for_user(machine, home, NEEDS_HOME.as_bytes(), &words);
            let before = [GOOD, NEEDS_HOME].concat();
            refused_for_user(
                machine,
                home,
                before.as_bytes(),
                &words.map(|it| match it {
                    ":1:" => ":2:",
                    other => other,
                }),
            );
            // Nobody needs it: it is no error.
            check_unneeded(machine, home);
        }
    });
}

/// A home that no entry needs is not looked at.
fn check_unneeded(machine: &Machine, home: Option<&[u8]>) {
    fs::write(USERS, "").unwrap();
    let before = State::now();
    let output = machine.user_command(home).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{home:?}: {output:?}");
    assert_eq!((output.stdout, output.stderr), (vec![], vec![]));
    before.check_unchanged("nothing to do for a user");
}

#[test]
fn a_home_that_cannot_be_written_to() {
    on_a_machine("user::a_home_that_cannot_be_written_to", |machine| {
        machine.world.read_only("/home").unwrap();
        fs::write(USERS, NEEDS_HOME).unwrap();
        let before = State::now();
        let output = machine.user_command(Some(b"/home/user")).output().unwrap();
        let notice = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{notice}");
        assert_eq!(output.stdout, b"");
        let words = "left out: directory /home/user/.local/x (snap.hello.user-fstab:1): ";
        assert!(notice.contains(words) && notice.contains("read-only"), "{notice}");
        assert_eq!(notice.lines().count(), 1, "{notice}");
        before.check_unchanged("a read-only home");
    });
}

#[test]
fn a_home_without_the_directory_that_must_exist() {
    on_a_machine("user::a_home_without_the_directory_that_must_exist", |machine| {
        machine.world.link("/home/user/link", "/home").unwrap();
        for (dir, words) in [
            ("$HOME/none", "does not exist"),
            ("$HOME/link", "symbolic link"),
            ("/home/other", "does not lie below directory /home/other"),
        ] {
            let at = if dir.starts_with('$') { dir } else { "$HOME" };
            let options = format!("x-snapd.kind=ensure-dir,x-snapd.must-exist-dir={dir}");
            let line = format!("none {at}/x none {options} 0 0\n");
            fs::write(USERS, line).unwrap();
            let before = State::now();
            let output = machine.user_command(Some(b"/home/user")).output().unwrap();
            let notice = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(0), "{notice}");
            assert!(notice.contains("user-fstab:1): ") && notice.contains(words), "{notice}");
            before.check_unchanged("a missing directory");
        }
    });
}

#[test]
fn profiles() {
    on_a_machine("user::profiles", |machine| {
        let home = Some(&b"/home/user"[..]);
        let name = "user's profile snap.hello.user-fstab:1:";
        let cases = [
            ("x y", "3: 2 field(s)"),
            ("$XDG_RUNTIME_DIRx /tmp/x none bind", "1: bad source: the path must start with /"),
            ("$HOME /tmp/x none bind", "1: bad source: the path must start with /"),
            ("/tmp $HOME/x none bind", "6: bad mount point: the path must start with /"),
            ("/tmp $XDG_RUNTIME_DIR/../1 none bind", "6: bad mount point: the path must not"),
            ("none $HOME/../x none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/home", "6: bad"),
            ("none $HOMER/x none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/home", "6: bad"),
            ("tmpfs / tmpfs x-snapd.origin=rootfs", "15: bad option: only snap-confine"),
            ("/tmp/\u{7} /tmp/x none bind", "6: control byte 0x07"),
        ];
        for (line, words) in cases {
            let words = match line {
                "x y" => words.replacen('3', "4", 1),
                _ => words.to_owned(),
            };
            let place = format!("{name}{words}");
            refused_for_user(machine, home, format!("{line}\n").as_bytes(), &[&place]);
            let second = format!("{GOOD}{line}\n");
            let place = place.replace(":1:", ":2:");
            refused_for_user(machine, home, second.as_bytes(), &[&place]);
        }
    });
}

#[test]
fn the_runtime_directory_is_made_from_the_uid() {
    on_a_machine("user::the_runtime_directory_is_made_from_the_uid", |machine| {
        machine.world.dir("/run/user/0/good").unwrap().dir("/run/user/1/good").unwrap();
        fs::write(USERS, "/snap/hello/1/lib $XDG_RUNTIME_DIR/good none bind 0 0\n").unwrap();
        for elsewhere in ["/run/user/1", "/nowhere", "..", ""] {
            let before = State::now();
            let mut command = machine.user_command(None);
            let output = command.env("XDG_RUNTIME_DIR", elsewhere).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{output:?}");
            let made: Vec<_> = made_since(&before).into_iter().collect();
            assert_eq!(made, [("/run/user/0/good".to_owned(), 1)], "{elsewhere}");
            unmount("/run/user/0/good");
        }
    });
}

#[test]
fn more_expanded_text_than_there_is_room_for() {
    on_a_machine("user::more_expanded_text_than_there_is_room_for", |machine| {
        let home = format!("/{}", "h/".repeat(2000)).trim_end_matches('/').to_owned();
        let text: String = (0..1000).map(|n| NEEDS_HOME.replace("/x", &format!("/{n}"))).collect();
        let words = "expanded variables and options need more than 10 MiB";
        refused_for_user(
            machine,
            Some(home.as_bytes()),
            text.as_bytes(),
            &["user's profile snap.hello.user-fstab:", words],
        );
    });
}

#[test]
fn a_caller_without_the_capabilities() {
    let name = "user::a_caller_without_the_capabilities";
    if !snap_ns_testbed::is_root_or_skips(name) {
        return;
    }
    on_a_machine(name, |machine| {
        fs::write(USERS, GOOD).unwrap();
        let before = State::now();
        for mut command in [machine.command(), machine.user_command(None)] {
            let output = command.uid(1000).gid(1000).output().unwrap();
            one_line(&output, &["need to run as root or with CAP_SYS_ADMIN"], "an ordinary user");
            before.check_unchanged("a call by an ordinary user");
        }
    });
}
