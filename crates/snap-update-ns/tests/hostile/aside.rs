//! `/tmp/.snap`, made by somebody else before a first start: `/tmp` is anybody's, and the stock policy
//! knows no other place.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, lchown, symlink};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::check::{GOOD, one_line};
use crate::machine::{DESIRED, Machine, chmod, mount, on_a_machine, unmount};
use crate::same_user::{THREE, USER, as_root_with, command};
use crate::state::State;
use crate::truth::{check_truth, made_since};

const ASIDE: &str = "/tmp/.snap";

/// Another user than the one who starts the snap.
const OTHER: u32 = 1001;

type Call = fn(&Machine) -> Command;

/// snap-confine's calls: as root, as root within what the stock policy grants (2.57, 2.68), and as a user with
/// three capabilities (2.77).
const CALLERS: [(&str, Call); 3] = [
    ("root", Machine::command),
    ("confined root", |m| as_root_with(m, &THREE)),
    ("a user", command),
];

/// Gives all of it to `uid`.
fn give(path: &Path, uid: u32) {
    lchown(path, Some(uid), Some(uid)).unwrap();
    if !path.is_symlink() && path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path(), uid);
        }
    }
}

fn names(dir: &str) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Each caller starts the snap although `prepare` was there first, and what it made is still there.
#[track_caller]
fn starts(machine: &Machine, what: &str, owner: u32, mode: u32, prepare: impl Fn()) {
    for (caller, command) in CALLERS {
        let what = format!("{what}, {owner}, {mode:o}: {caller}");
        prepare();
        give(Path::new(ASIDE), owner);
        chmod(ASIDE, mode);
        let (inode, before) = (fs::metadata(ASIDE).unwrap().ino(), names(ASIDE));
        fs::write(DESIRED, GOOD.concat()).unwrap();
        let output = command(machine).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{what}: {output:?}");
        assert_eq!((&output.stdout[..], &output.stderr[..]), (&b""[..], &b""[..]), "{what}");
        assert_eq!(fs::read_to_string("/usr/share/good/text").unwrap(), "snap\n", "{what}");
        if let Ok(now) = fs::metadata(ASIDE) {
            assert_eq!(
                (now.ino(), now.uid(), now.gid(), now.mode()),
                (inode, 0, 0, 0o40755),
                "{what}"
            );
            let renamed =
                |name: &String| if name == "usr" { "in-the-way".to_owned() } else { name.clone() };
            let left: Vec<_> = names(ASIDE)
                .iter()
                .filter(|name| *name != "usr")
                .map(|name| name.split('.').next().unwrap().to_owned())
                .collect();
            let mut expected: Vec<_> = before.iter().map(renamed).collect();
            expected.sort();
            assert_eq!(left, expected, "{what}: nothing is removed");
        } else {
            assert!(before.is_empty(), "{what}: {before:?} is gone");
        }
        machine.undo();
        let _ = fs::remove_dir_all(ASIDE);
    }
}

#[test]
fn made_by_somebody_else() {
    let name = "aside::made_by_somebody_else";
    if !snap_ns_testbed::is_root_or_skips(name) {
        return;
    }
    on_a_machine(name, |machine| {
        for mode in [0o755, 0o777, 0o700, 0o7777] {
            for owner in [OTHER, USER] {
                starts(machine, "empty", owner, mode, || fs::create_dir(ASIDE).unwrap());
            }
        }
        starts(machine, "empty", 0, 0o777, || fs::create_dir(ASIDE).unwrap());
        starts(machine, "deep", OTHER, 0o777, || {
            fs::create_dir_all(format!("{ASIDE}{}", "/d".repeat(1_000))).unwrap();
        });
        let in_the_way: [fn(); 5] = [
            || fs::write("/tmp/.snap/usr", "").unwrap(),
            || symlink("/home/user", "/tmp/.snap/usr").unwrap(),
            || fs::create_dir_all("/tmp/.snap/usr/share").unwrap(),
            || {
                fs::create_dir_all("/tmp/.snap/usr").unwrap();
                symlink("/home/user", "/tmp/.snap/usr/share").unwrap();
            },
            || drop(std::os::unix::net::UnixListener::bind("/tmp/.snap/usr").unwrap()),
        ];
        for (number, prepare) in in_the_way.into_iter().enumerate() {
            starts(machine, &format!("in the way {number}"), OTHER, 0o777, || {
                fs::create_dir(ASIDE).unwrap();
                prepare();
            });
        }
        assert_eq!(fs::read_dir("/home/user").unwrap().count(), 0);
    });
}

#[test]
fn with_100000_entries() {
    let name = "aside::with_100000_entries";
    if !snap_ns_testbed::is_root_or_skips(name) {
        return;
    }
    on_a_machine(name, |machine| {
        fs::create_dir("/tmp/much").unwrap();
        for number in 0..100_000 {
            fs::create_dir(format!("/tmp/much/{number}")).unwrap();
        }
        give(Path::new("/tmp/much"), OTHER);
        for (caller, command) in CALLERS {
            fs::rename("/tmp/much", ASIDE).unwrap();
            lchown(ASIDE, Some(OTHER), Some(OTHER)).unwrap();
            fs::write(DESIRED, GOOD.concat()).unwrap();
            let listed = fs::metadata(ASIDE).unwrap().atime_nsec();
            let output = command(machine).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{caller}: {output:?}");
            let there = fs::metadata(ASIDE).unwrap();
            assert_eq!((there.uid(), there.nlink()), (0, 100_002), "{caller}: nothing is removed");
            assert_eq!(there.atime_nsec(), listed, "{caller}: nothing is listed");
            machine.undo();
            fs::rename(ASIDE, "/tmp/much").unwrap();
        }
    });
}

/// Lets the other thread end, also when something is not as expected.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Somebody makes it, renames it and makes it anew all the time.
#[test]
fn while_somebody_is_at_it() {
    let name = "aside::while_somebody_is_at_it";
    if !snap_ns_testbed::is_root_or_skips(name) {
        return;
    }
    on_a_machine(name, |machine| {
        let (over, made) = (AtomicBool::new(false), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let id = libc::c_long::from(OTHER);
                // SAFETY: one system call with numbers; it is for this thread alone.
                assert_eq!(unsafe { libc::syscall(libc::SYS_setresuid, id, id, id) }, 0);
                while !over.load(Ordering::Relaxed) {
                    if fs::create_dir(ASIDE).is_ok() {
                        made.fetch_add(1, Ordering::Relaxed);
                    }
                    let _ = fs::rename(ASIDE, "/tmp/was");
                    let _ = fs::remove_dir("/tmp/was");
                }
            });
            let _ends = Ends(&over);
            for round in 0..30 {
                for (caller, command) in CALLERS {
                    fs::write(DESIRED, GOOD.concat()).unwrap();
                    let output = command(machine).output().unwrap();
                    assert_eq!(output.status.code(), Some(0), "{round}, {caller}: {output:?}");
                    assert_eq!(fs::read_to_string("/usr/share/good/text").unwrap(), "snap\n");
                    machine.undo();
                    let _ = fs::remove_dir_all(ASIDE);
                }
            }
        });
        assert!(made.into_inner() > 90, "somebody was at it");
    });
}

/// What cannot be taken over is an error that says whose it is, and nothing is changed.
#[test]
fn that_cannot_be_taken_over() {
    let name = "aside::that_cannot_be_taken_over";
    if !snap_ns_testbed::is_root_or_skips(name) {
        return;
    }
    on_a_machine(name, |machine| {
        let refused = |what: &str, mut command: Command| {
            let before = State::now();
            fs::write(DESIRED, GOOD[0]).unwrap();
            let place = "layout /usr/share/good (snap.hello.fstab:1): /tmp/.snap: ";
            one_line(&command.output().unwrap(), &[place, "user 1001", "remove it"], what);
            check_truth(&before, what);
            assert_eq!(made_since(&before), std::collections::BTreeMap::new(), "{what}");
        };
        fs::create_dir(ASIDE).unwrap();
        lchown(ASIDE, Some(OTHER), Some(OTHER)).unwrap();
        // CAP_SYS_ADMIN and CAP_DAC_OVERRIDE.
        refused("root who may give nothing away", as_root_with(machine, &[1, 21]));
        mount(Some("theirs"), ASIDE, Some("tmpfs"), 0, Some("uid=1001"));
        refused("a mount", machine.command());
        unmount(ASIDE);
        fs::remove_dir(ASIDE).unwrap();
        // There may be another name of a file: it is not given away, and in /tmp only its owner renames it.
        fs::write("/home/user/precious", "").unwrap();
        fs::hard_link("/home/user/precious", ASIDE).unwrap();
        lchown(ASIDE, Some(OTHER), Some(OTHER)).unwrap();
        refused("a file, for a user", command(machine));
        let output = as_root_with(machine, &THREE).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "root's /tmp: {output:?}");
        assert_eq!(fs::metadata("/home/user/precious").unwrap().uid(), OTHER);
        machine.undo();
    });
}
