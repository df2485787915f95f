//! What is wrong with /run: no room, no right to write, a bad record, no lock.

use std::fs;

use crate::check::{GOOD, refused};
use crate::machine::{CURRENT, FREEZER, Machine, ROOTFS, mount, on_a_machine, unmount};
use crate::state::State;

const NS: &str = "/run/snapd/ns";

/// Valid lines are refused too, and nothing is left behind.
#[track_caller]
fn all_is_refused(machine: &Machine, words: &[&str]) {
    for desired in [GOOD[0].to_owned(), GOOD[1].to_owned(), GOOD.concat()] {
        refused(machine, desired.as_bytes(), words);
    }
    assert!(!fs::exists("/run/snapd/ns/snap.hello.fstab.new").unwrap());
}

#[test]
fn full() {
    on_a_machine("run_directory::full", |machine| {
        // By bytes: nothing is left, or less than the profile needs.
        for free in [0, 4096] {
            mount(Some("run"), NS, Some("tmpfs"), 0, Some("size=32k,mode=755"));
            fs::write(CURRENT, ROOTFS).unwrap();
            fs::write("/run/snapd/ns/filler", vec![0; (32 << 10) - 4096 - free]).unwrap();
            let long = "x".repeat(8192);
            let line = format!("tmpfs /srv/l tmpfs x-snapd.future={long},x-snapd.origin=layout\n");
            let desired = [GOOD[0], &line].concat();
            let words = "cannot make room for the current mount profile of hello in /run/snapd/ns: no space left";
            refused(machine, desired.as_bytes(), &[words]);
            if free == 0 {
                all_is_refused(machine, &[words]);
            }
            unmount(NS);
        }
        // By inodes: the root, the profile and the filler are all that can be.
        mount(Some("run"), NS, Some("tmpfs"), 0, Some("nr_inodes=3,mode=755"));
        fs::write(CURRENT, ROOTFS).unwrap();
        fs::write("/run/snapd/ns/filler", "").unwrap();
        let words = "cannot create the current mount profile of hello in /run/snapd/ns: no space left on device";
        all_is_refused(machine, &[words]);
        unmount(NS);
        // And with room again it works.
        fs::write(crate::machine::DESIRED, GOOD.concat()).unwrap();
        assert_eq!(machine.run().status.code(), Some(0));
        machine.undo();
    });
}

#[test]
fn full_while_something_is_undone() {
    on_a_machine("run_directory::full_while_something_is_undone", |machine| {
        mount(Some("run"), NS, Some("tmpfs"), 0, Some("size=32k,mode=755"));
        fs::write(CURRENT, ROOTFS).unwrap();
        fs::write(crate::machine::DESIRED, GOOD.concat()).unwrap();
        assert_eq!(machine.run().status.code(), Some(0));
        fs::write("/run/snapd/ns/filler", vec![0; (32 << 10) - 4096]).unwrap();
        let words = [
            "cannot make room for the current mount profile of hello in /run/snapd/ns: no space left",
        ];
        refused(machine, b"", &words);
        // While it looks beneath what is mounted, the snap's processes are frozen; not afterwards.
        fs::write(crate::machine::DESIRED, GOOD[0]).unwrap();
        assert_eq!(machine.run().status.code(), Some(1));
        assert_eq!(fs::read_to_string(FREEZER).unwrap(), "THAWED");
        fs::remove_file(FREEZER).unwrap();
        refused(machine, GOOD[0].as_bytes(), &words);
        // Nothing to change needs no room.
        fs::write(crate::machine::DESIRED, GOOD.concat()).unwrap();
        let before = State::now();
        assert_eq!(machine.run().status.code(), Some(0));
        before.check_unchanged("nothing to do");
        fs::remove_file("/run/snapd/ns/filler").unwrap();
        machine.undo();
    });
}

#[test]
fn read_only() {
    on_a_machine("run_directory::read_only", |machine| {
        machine.world.read_only(NS).unwrap();
        let words = "cannot create the current mount profile of hello in /run/snapd/ns: read-only file system";
        all_is_refused(machine, &[words]);
        unmount(NS);
        machine.world.read_only("/run").unwrap();
        all_is_refused(machine, &["of hello in /run/snapd/lock: read-only file system"]);
        unmount("/run");
    });
}

#[test]
fn missing() {
    on_a_machine("run_directory::missing", |machine| {
        fs::remove_dir_all(NS).unwrap();
        let words = "profile of hello in /run/snapd/ns: no such file or directory";
        all_is_refused(machine, &[words]);
        fs::create_dir(NS).unwrap();
    });
}

#[test]
fn a_temporary_file_that_is_in_the_way() {
    on_a_machine("run_directory::a_temporary_file_that_is_in_the_way", |machine| {
        let temporary = "/run/snapd/ns/snap.hello.fstab.new";
        fs::create_dir(temporary).unwrap();
        for desired in GOOD {
            let words = [
                "cannot create the current mount profile of hello in /run/snapd/ns: is a directory",
            ];
            refused(machine, desired.as_bytes(), &words);
        }
        fs::remove_dir(temporary).unwrap();
        // A link is replaced, and not followed.
        fs::write("/run/precious", "precious").unwrap();
        std::os::unix::fs::symlink("/run/precious", temporary).unwrap();
        fs::write(crate::machine::DESIRED, GOOD[1]).unwrap();
        assert_eq!(machine.run().status.code(), Some(0));
        assert_eq!(fs::read_to_string("/run/precious").unwrap(), "precious");
        assert!(fs::symlink_metadata(CURRENT).unwrap().is_file());
        machine.undo();
    });
}

#[test]
fn a_record_that_is_malformed() {
    on_a_machine("run_directory::a_record_that_is_malformed", |machine| {
        // What another version, or the name of a file, may have brought in is no reason to stop: such
        // an entry is undone like any other.
        for line in [
            &b"a /b c d \0"[..],
            b"a /b\x1b c d 0 0",
            b"a /b c d e 0",
            b"a /b c d -1 -1",
            b"a /b c x-snapd.mode=9",
            b"a /b c x-snapd.kind=dir",
            b"a /b c x-snapd.origin=me",
            b"a /b c x-snapd.synthetic=1",
        ] {
            fs::write(CURRENT, [ROOTFS.as_bytes(), line, b"\n"].concat()).unwrap();
            fs::write(crate::machine::DESIRED, "").unwrap();
            let output = machine.run();
            assert_eq!(output.status.code(), Some(0), "{line:?}: {output:?}");
            assert_eq!(fs::read_to_string(CURRENT).unwrap(), ROOTFS, "{line:?}");
        }
        let cases: [(&[u8], &str); 6] = [
            (b"x", ":2:2: 1 field(s), need at least 3"),
            (b"x y", ":2:4: 2 field(s), need at least 3"),
            (b"a b c", ":2:3: bad mount point: the path must start with /"),
            (b"a /b/../c d", ":2:3: bad mount point: the path must not contain .."),
            (b"a / c", ":2:3: bad mount point: / cannot be mounted over"),
            (b"../a /b none bind", ":2:1: bad source: the path must start with /"),
        ];
        for (line, words) in cases {
            fs::write(CURRENT, [ROOTFS.as_bytes(), line, b"\n"].concat()).unwrap();
            let words = format!("current profile snap.hello.fstab{words}");
            refused(machine, b"", &[&words]);
            all_is_refused(machine, &[&words]);
        }
        fs::write(CURRENT, vec![b'\n'; (8 << 20) + 1]).unwrap();
        all_is_refused(machine, &["the current mount profile is larger than 8 MiB"]);
        let many: String = (0..16385).map(|n| format!("tmpfs /srv/{n} tmpfs\n")).collect();
        fs::write(CURRENT, many).unwrap();
        all_is_refused(machine, &["current profile snap.hello.fstab:16385: more than 16384"]);
    });
}

/// snap-confine calls for a namespace that it has just made. What is recorded may be of one that is
/// gone, and be just what is wanted.
#[test]
fn a_record_of_a_namespace_that_is_gone() {
    on_a_machine("run_directory::a_record_of_a_namespace_that_is_gone", |machine| {
        let link = "none /srv/link none x-snapd.kind=symlink,x-snapd.symlink=/snap/hello/1,x-snapd.origin=layout 0 0\n";
        let cases =
            [(GOOD[0], "/usr/share/good/text"), (GOOD[1], "/srv/good/sub"), (link, "/srv/link")];
        for (line, there) in cases {
            fs::write(CURRENT, [ROOTFS, line].concat()).unwrap();
            fs::write(crate::machine::DESIRED, line).unwrap();
            let output = machine.run();
            assert_eq!(output.status.code(), Some(0), "{line}: {output:?}");
            assert!(fs::symlink_metadata(there).is_ok(), "{line}: {there} is missing");
            machine.undo();
        }
    });
}

/// A run of an older version, killed while it added to its journal, left half a line.
#[test]
fn a_journal_whose_last_line_is_half() {
    on_a_machine("run_directory::a_journal_whose_last_line_is_half", |machine| {
        let header = format!(
            "# snap-update-ns was interrupted going forth, undoing below mount {:020}\n",
            7
        );
        for half in ["", "x", "/snap/hello/1/lib /usr/share/half none rbind,x-snapd.mode=9"] {
            fs::write(CURRENT, [&header, ROOTFS, GOOD[0], half].concat()).unwrap();
            fs::write(crate::machine::DESIRED, GOOD[1]).unwrap();
            let output = machine.run();
            assert_eq!(output.status.code(), Some(0), "{half:?}: {output:?}");
            let saved = fs::read_to_string(CURRENT).unwrap();
            assert_eq!(saved, [ROOTFS, GOOD[1]].concat(), "{half:?}");
            machine.undo();
        }
    });
}

#[test]
fn a_lock_that_nobody_holds() {
    on_a_machine("run_directory::a_lock_that_nobody_holds", |machine| {
        machine.unlock();
        all_is_refused(machine, &["nobody holds the lock of the snap's namespace"]);
        fs::remove_file("/run/snapd/lock/hello.lock").unwrap();
        fs::create_dir("/run/snapd/lock/hello.lock").unwrap();
        all_is_refused(
            machine,
            &["cannot open the lock file of hello in /run/snapd/lock: is a directory"],
        );
        fs::remove_dir("/run/snapd/lock/hello.lock").unwrap();
        std::os::unix::fs::symlink("/run/snapd/lock/other.lock", "/run/snapd/lock/hello.lock")
            .unwrap();
        all_is_refused(
            machine,
            &["cannot open the lock file of hello in /run/snapd/lock: too many levels"],
        );
    });
}

/// The same where snap-confine has mounted something of its own at just that place, as it does at
/// `/etc/ssl` and `/dev/shm`.
#[test]
fn a_record_of_a_namespace_that_is_gone_and_a_mount_of_the_callers() {
    let name = "run_directory::a_record_of_a_namespace_that_is_gone_and_a_mount_of_the_callers";
    on_a_machine(name, |machine| {
        let line = "/snap/hello/1/lib /srv/etc/ssl none rbind,x-snapd.origin=layout 0 0\n";
        machine.world.file("/srv/host-ssl/text", "host\n").unwrap().dir("/srv/etc/ssl").unwrap();
        crate::machine::mount(Some("/srv/host-ssl"), "/srv/etc/ssl", None, libc::MS_BIND, None);
        for desired in [line.to_owned(), [line, GOOD[1]].concat()] {
            fs::write(CURRENT, [ROOTFS, line].concat()).unwrap();
            fs::write(crate::machine::DESIRED, desired).unwrap();
            let output = machine.run();
            assert_eq!(output.status.code(), Some(0), "{output:?}");
            assert_eq!(fs::read_to_string("/srv/etc/ssl/text").unwrap(), "snap\n");
            machine.undo();
            assert_eq!(fs::read_to_string("/srv/etc/ssl/text").unwrap(), "host\n");
        }
    });
}
