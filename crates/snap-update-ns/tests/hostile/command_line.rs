//! Command lines and environments.

use std::fs;
use std::os::unix::process::CommandExt;

use crate::check::{GOOD, one_line};
use crate::machine::{CURRENT, DESIRED, on_a_machine};
use crate::state::{State, head};

const LENGTH: &str = "a snap name has 2 to 40 characters";
const CHARACTERS: &str = "a snap name has lower-case letters, digits and single inner dashes only";
const LETTER: &str = "a snap name has at least one letter";
const KEY_LENGTH: &str = "an instance key has 1 to 10 characters";
const KEY: &str = "an instance key has lower-case letters and digits only";

const LONG: &[u8] = b"a1234567890123456789012345678901234567890";

/// What is no instance name, and why.
const NAMES: [(&[u8], &str); 30] = [
    (b"", LENGTH),
    (b"a", LENGTH),
    (LONG, LENGTH),
    (b"_", LENGTH),
    (b"_key", LENGTH),
    (b"..", CHARACTERS),
    (b"./", CHARACTERS),
    (b"../hello", CHARACTERS),
    (b"/hello", CHARACTERS),
    (b"hello/", CHARACTERS),
    (b"hello/../other", CHARACTERS),
    (b"hello.world", CHARACTERS),
    (b"Hello", CHARACTERS),
    (b"hello world", CHARACTERS),
    (b"hello\n", CHARACTERS),
    (b"hello\x1b[2J", CHARACTERS),
    (b"hel\xfflo", CHARACTERS),
    (b"h\xc3\xa9llo", CHARACTERS),
    (b"hello-", CHARACTERS),
    (b"hel--lo", CHARACTERS),
    (b"h*", CHARACTERS),
    (b"12", LETTER),
    (b"1-2-3", LETTER),
    (b"hello_", KEY_LENGTH),
    (b"hello_12345678901", KEY_LENGTH),
    (b"hello_A", KEY),
    (b"hello_a_b", KEY),
    (b"hello_a-b", KEY),
    (b"hello_/", KEY),
    (b"hello_.fstab", KEY),
];

/// Command lines that are none, with words of the line that says so.
const LINES: [(&[&[u8]], &str); 27] = [
    (&[], "missing the snap's instance name"),
    (&[b"--from-snap-confine"], "missing the snap's instance name"),
    (&[b"--user-mounts"], "missing the snap's instance name"),
    (&[b"--from-snap-confine", b"--user-mounts"], "missing the snap's instance name"),
    (&[b"hello", b"hello"], "more than one instance name: hello"),
    (&[b"--from-snap-confine", b"hello", b"other"], "more than one instance name: other"),
    (&[b"hello", b""], "more than one instance name: "),
    (&[b"--help"], "unknown option --help"),
    (&[b"-h", b"hello"], "unknown option -h"),
    (&[b"hello", b"--version"], "unknown option --version"),
    (&[b"--", b"hello"], "unknown option --"),
    (&[b"-", b"hello"], "unknown option -"),
    (&[b"-hello"], "unknown option -hello"),
    (&[b"--from-snap-confine=1", b"hello"], "unknown option --from-snap-confine=1"),
    (&[b"-from-snap-confine", b"hello"], "unknown option -from-snap-confine"),
    (&[b"--user-mount", b"hello"], "unknown option --user-mount"),
    (&[b"--\x1b[31m\xff", b"hello"], "unknown option --\\u{1b}[31m\\xff"),
    (&[b"hello", b"-u"], "option -u needs a user number"),
    (&[b"-u"], "option -u needs a user number"),
    (&[b"-u", b"", b"hello"], "bad user number "),
    (&[b"-u", b"-1", b"hello"], "bad user number -1"),
    (&[b"-u", b"+1", b"hello"], "bad user number +1"),
    (&[b"-u", b" 1", b"hello"], "bad user number  1"),
    (&[b"-u", b"4294967296", b"hello"], "bad user number 4294967296"),
    (&[b"-u1000", b"hello"], "unknown option -u1000"),
    (&[b"-u", b"1000", b"hello"], "option -u is not supported"),
    (&[b"-u", b"0", b"--from-snap-confine", b"hello"], "option -u is not supported"),
];

#[test]
fn instance_names() {
    on_a_machine("command_line::instance_names", |machine| {
        fs::write(DESIRED, GOOD.concat()).unwrap();
        let before = State::now();
        for (name, words) in NAMES {
            for options in [&[&b"--from-snap-confine"[..]][..], &[], &[b"--user-mounts"]] {
                let arguments = [options, &[name]].concat();
                let output = machine.with_arguments(&arguments).output().unwrap();
                one_line(&output, &["bad instance name", words], &head(name));
            }
            before.check_unchanged(&head(name));
        }
    });
}

#[test]
fn command_lines() {
    on_a_machine("command_line::command_lines", |machine| {
        fs::write(DESIRED, GOOD.concat()).unwrap();
        let before = State::now();
        for (arguments, words) in LINES {
            let what = format!("{arguments:?}");
            let output = machine.with_arguments(arguments).output().unwrap();
            one_line(&output, &[words], &what);
            before.check_unchanged(&what);
        }
        let long = vec![b'x'; 100 << 10];
        let output = machine.with_arguments(&[&long]).output().unwrap();
        one_line(&output, &["bad instance name xxxx", LENGTH], "a name of 100 KiB");
        let many: Vec<&[u8]> = std::iter::repeat_n(&b"--user-mounts"[..], 10_000).collect();
        let output = machine.with_arguments(&many).output().unwrap();
        one_line(&output, &["missing the snap's instance name"], "10,000 options");
        before.check_unchanged("long command lines");
    });
}

#[test]
fn an_empty_argument_vector() {
    on_a_machine("command_line::an_empty_argument_vector", |machine| {
        fs::write(DESIRED, GOOD.concat()).unwrap();
        let before = State::now();
        let mut command = machine.command();
        // SAFETY: runs in the forked child; execve(2) reads constant strings, and comes back only
        // when it failed.
        unsafe {
            command.pre_exec(|| {
                let nothing = [std::ptr::null()];
                libc::execve(c"/program".as_ptr(), nothing.as_ptr(), nothing.as_ptr());
                Err(std::io::Error::last_os_error())
            });
        }
        let what = "an empty argument vector";
        one_line(&command.output().unwrap(), &["missing the snap's instance name"], what);
        before.check_unchanged(what);
    });
}

#[test]
fn a_name_that_is_empty_or_long() {
    on_a_machine("command_line::a_name_that_is_empty_or_long", |machine| {
        for name in ["", "x", "/../../etc/passwd", &"n".repeat(100 << 10)] {
            fs::write(DESIRED, GOOD.concat()).unwrap();
            let output = machine.command().arg0(name).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{output:?}");
            assert_eq!((output.stdout, output.stderr), (vec![], vec![]));
            machine.undo();
        }
    });
}

#[test]
fn a_mebibyte_of_environment() {
    on_a_machine("command_line::a_mebibyte_of_environment", |machine| {
        let run = |desired: &str| {
            fs::write(DESIRED, desired).unwrap();
            let mut command = machine.command();
            for number in 0..16 {
                command.env(format!("VARIABLE_{number}"), "x".repeat(64 << 10));
            }
            command.env("SNAP_REAL_HOME", "/".repeat(64 << 10));
            command.output().unwrap()
        };
        let before = State::now();
        one_line(&run("/srv/bad\n"), &["1 field(s)"], "a bad profile");
        fs::write(DESIRED, "").unwrap();
        let output = run(&GOOD.concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!((output.stdout, output.stderr), (vec![], vec![]));
        assert!(fs::read_to_string(CURRENT).unwrap().contains(GOOD[0]));
        machine.undo();
        assert_eq!(before.mount_points(), State::now().mount_points());
    });
}

#[test]
fn an_environment_of_nonsense() {
    on_a_machine("command_line::an_environment_of_nonsense", |machine| {
        for value in ["", "2", "yes", "11", "0", "1 ", "\u{1b}[31m"] {
            fs::write(DESIRED, GOOD.concat()).unwrap();
            let mut command = machine.command();
            command.env("SNAPD_DEBUG", value).env("", "x");
            if cfg!(freestanding) {
                // A loader would complain.
                command.env("LD_PRELOAD", "/nowhere.so");
            }
            let output = command.output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{value}: {output:?}");
            assert_eq!((output.stdout, output.stderr), (vec![], vec![]), "{value}");
            machine.undo();
        }
    });
}
