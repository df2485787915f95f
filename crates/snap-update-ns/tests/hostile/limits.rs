//! More than there is room for (docs/limits.md).

use std::fs;

use crate::check::{GOOD, left_out, one_line, refused};
use crate::machine::{DESIRED, Machine, mount, on_a_machine};
use crate::state::State;

/// Lines as layouts, one for each number.
fn many(count: usize, line: impl Fn(usize) -> String) -> Vec<u8> {
    (0..count).map(line).collect::<String>().into_bytes()
}

#[test]
fn one_entry_more_than_16384() {
    on_a_machine("limits::one_entry_more_than_16384", |machine| {
        let line = |n| format!("tmpfs /srv/{n} tmpfs x-snapd.origin=layout 0 0\n");
        let words = ["desired profile snap.hello.fstab:16385: more than 16384 entries"];
        refused(machine, &many(16385, line), &words);
        let content = |n| format!("tmpfs /srv/{n} tmpfs rw 0 0\n");
        refused(machine, &many(16385, content), &words);
        // With the line that snap-confine wrote, one too many would be recorded.
        let words = ["snap.hello.fstab: more than 16384 entries would have to be recorded"];
        refused(machine, &many(16384, line), &words);
    });
}

#[test]
fn one_byte_more_than_8_mib() {
    on_a_machine("limits::one_byte_more_than_8_mib", |machine| {
        let comment = format!("#{}\n", "x".repeat(1022));
        let mut text = GOOD[1].as_bytes().to_vec();
        while text.len() < 8 << 20 {
            text.extend(comment.as_bytes());
        }
        text.truncate((8 << 20) + 1);
        refused(machine, &text, &["the desired mount profile is larger than 8 MiB"]);
        // One byte less is none too many.
        text.truncate(8 << 20);
        fs::write(DESIRED, &text).unwrap();
        let output = machine.run();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        machine.undo();
    });
}

#[test]
fn lines_that_escapes_make_too_long() {
    on_a_machine("limits::lines_that_escapes_make_too_long", |machine| {
        // A backslash that escapes nothing is written back as four bytes.
        let long = "\\".repeat(20_000);
        let words = ["snap.hello.fstab: a line of more than 64 KiB would have to be recorded"];
        for origin in ["", ",x-snapd.origin=layout"] {
            let line = format!("tmpfs /srv/bad tmpfs rw,x-snapd.future={long}{origin} 0 0\n");
            refused(machine, line.as_bytes(), &words);
            refused(machine, [GOOD[0].as_bytes(), line.as_bytes()].concat().as_slice(), &words);
        }
        // Each line fits, all of them do not.
        let fits = "\\".repeat(16_000);
        let line =
            |n| format!("tmpfs /srv/{n} tmpfs x-snapd.future={fits},x-snapd.origin=layout 0 0\n");
        let words = ["snap.hello.fstab: more than 8 MiB of profile would have to be recorded"];
        refused(machine, &many(135, line), &words);
    });
}

/// A read-only directory with so many files, whose names have `width` digits.
fn crowded(machine: &Machine, dir: &str, count: usize, width: usize) {
    machine.world.dir(dir).unwrap();
    for number in 0..count {
        let name = format!("{number:0width$}");
        fs::File::create(format!("{dir}/{name}")).unwrap();
    }
    machine.world.read_only(dir).unwrap();
}

#[test]
fn a_writable_copy_of_32769_children() {
    on_a_machine("limits::a_writable_copy_of_32769_children", |machine| {
        crowded(machine, "/opt-crowded", 32_769, 5);
        let words = "/opt-crowded: more than 32768 things are in a directory that has to become";
        for bad in [
            "/snap/hello/1/lib /opt-crowded/new none rbind",
            "tmpfs /opt-crowded/new tmpfs rw",
            "none /opt-crowded/new none x-snapd.kind=symlink,x-snapd.symlink=/a",
        ] {
            let layout = format!("{}{bad},x-snapd.origin=layout 0 0\n", GOOD[0]);
            let place = "layout /opt-crowded/new (snap.hello.fstab:2): ";
            refused(machine, layout.as_bytes(), &[place, words]);
            let content = format!("{}{bad} 0 0\n{}", GOOD[0], GOOD[1]);
            let place = "content /opt-crowded/new (snap.hello.fstab:2): ";
            left_out(machine, content.as_bytes(), &[place, words]);
        }
    });
}

#[test]
fn a_copy_that_would_be_an_entry_too_many() {
    on_a_machine("limits::a_copy_that_would_be_an_entry_too_many", |machine| {
        crowded(machine, "/many", 1, 4);
        let mut desired =
            "/snap/hello/1/lib /many/new none bind,x-snapd.origin=layout\n".to_owned();
        for number in 1..16_384 {
            desired += &format!(
                "none /tmp/l{number} none x-snapd.kind=symlink,x-snapd.symlink=/x,x-snapd.origin=layout\n"
            );
        }
        let words = ["snap.hello.fstab: more than 16384 entries would have to be recorded"];
        refused(machine, desired.as_bytes(), &words);
    });
}

#[test]
fn names_of_more_than_4_mib() {
    on_a_machine("limits::names_of_more_than_4_mib", |machine| {
        let mut desired = String::new();
        for dir in ["/one", "/two", "/three"] {
            crowded(machine, dir, 6000, 250);
            desired += &format!("/snap/hello/1/lib {dir}/new none bind,x-snapd.origin=layout\n");
        }
        let words = "the names in directories that have to become writable exceed 4 MiB";
        refused(machine, desired.as_bytes(), &["layout /", "(snap.hello.fstab:", words]);
    });
}

#[test]
fn more_than_4096_writable_copies() {
    on_a_machine("limits::more_than_4096_writable_copies", |machine| {
        mount(Some("crowd"), "/opt/there", Some("tmpfs"), 0, Some("mode=755"));
        for number in 0..4097 {
            fs::create_dir(format!("/opt/there/{number}")).unwrap();
        }
        machine.world.read_only("/opt/there").unwrap();
        let line = |n| format!("tmpfs /opt/there/{n}/new tmpfs x-snapd.origin=layout 0 0\n");
        let words = "more than 4096 directories would have to become writable";
        refused(machine, &many(4097, line), &["layout /opt/there/", words]);
    });
}

#[test]
fn mount_data_of_more_than_a_page() {
    on_a_machine("limits::mount_data_of_more_than_a_page", |machine| {
        let words = "the mount options are longer than 4095 bytes";
        for (data, len) in [("size=1m,", 4104), ("mode=755,", 4200), ("b\\040,", 9000)] {
            let data = data.repeat(len / data.len());
            let bad = format!("tmpfs /srv/bad tmpfs {data}nr_inodes=9");
            let layout = format!("{}{bad},x-snapd.origin=layout 0 0\n", GOOD[0]);
            let place = "layout /srv/bad (snap.hello.fstab:2): ";
            refused(machine, layout.as_bytes(), &[place, words]);
            let content = format!("{}{bad} 0 0\n{}", GOOD[0], GOOD[1]);
            let place = "content /srv/bad (snap.hello.fstab:2): ";
            left_out(machine, content.as_bytes(), &[place, words]);
        }
    });
}

#[test]
fn texts_that_the_kernel_does_not_take() {
    on_a_machine("limits::texts_that_the_kernel_does_not_take", |machine| {
        let long = "x".repeat(4096);
        for bad in [
            format!("{long} /srv/bad tmpfs rw"),
            format!("none /srv/bad {long} rw"),
            format!("none /srv/bad none x-snapd.kind=symlink,x-snapd.symlink={long}"),
        ] {
            let layout = format!("{}{bad},x-snapd.origin=layout 0 0\n", GOOD[0]);
            refused(machine, layout.as_bytes(), &["layout /srv/bad (snap.hello.fstab:2): "]);
            let content = format!("{}{bad} 0 0\n{}", GOOD[0], GOOD[1]);
            left_out(machine, content.as_bytes(), &["content /srv/bad (snap.hello.fstab:2): "]);
        }
    });
}

#[test]
fn paths_that_get_too_long() {
    on_a_machine("limits::paths_that_get_too_long", |machine| {
        // Below the first bind the second one is looked for at the source of the first.
        let deep = "/deep".repeat(700);
        fs::create_dir_all(format!("/var/snap/hello/common{deep}")).unwrap();
        let first = format!("/var/snap/hello/common{deep} /srv/b none rbind");
        let second = format!("tmpfs /srv/b{deep} tmpfs rw");
        let words = "the path gets longer than 4095 bytes";
        let layouts = format!(
            "{}{first},x-snapd.origin=layout 0 0\n{second},x-snapd.origin=layout 0 0\n",
            GOOD[0]
        );
        refused(machine, layouts.as_bytes(), &["layout /srv/b/deep", "fstab:3): ", words]);
    });
}

#[test]
fn nothing_is_made_right_below_a_read_only_root() {
    on_a_machine("limits::nothing_is_made_right_below_a_read_only_root", |machine| {
        // What has to be written is on mounts of its own.
        for dir in ["/run", "/var", "/srv", "/tmp"] {
            mount(Some(dir), dir, None, libc::MS_BIND, None);
        }
        machine.lock_again();
        fs::write(crate::machine::CURRENT, "").unwrap();
        mount(None, "/", None, libc::MS_REMOUNT | libc::MS_BIND | libc::MS_RDONLY, None);
        let words = "cannot create anything right below /: a writable copy of / would be needed";
        for (line, path) in [
            ("/snap/hello/1/lib /new none rbind", "/new"),
            ("tmpfs /new/er tmpfs rw", "/new/er"),
            ("none /new none x-snapd.kind=symlink,x-snapd.symlink=/a", "/new"),
            ("/new/source /opt/there none rbind", "/opt/there"),
        ] {
            let good = GOOD[0];
            let layout = format!("{good}{line},x-snapd.origin=layout 0 0\n");
            let place = format!("layout {path} (snap.hello.fstab:2): ");
            refused(machine, layout.as_bytes(), &[&place, words]);
        }
        // The same where the root is writable, but nobody recorded it: it would be the host's.
        mount(None, "/", None, libc::MS_REMOUNT | libc::MS_BIND, None);
        let line = "tmpfs /new tmpfs rw,x-snapd.origin=layout 0 0\n";
        refused(machine, line.as_bytes(), &["layout /new (snap.hello.fstab:1): ", words]);
        fs::write(DESIRED, "tmpfs /new tmpfs rw 0 0\n").unwrap();
        let before = State::now();
        let output = machine.run();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(errors.contains("left out: content /new (snap.hello.fstab:1): "), "{errors}");
        before.check_unchanged("content right below /");
    });
}

#[test]
fn a_profile_that_is_no_file() {
    on_a_machine("limits::a_profile_that_is_no_file", |machine| {
        fs::create_dir(DESIRED).unwrap();
        let check = |machine: &Machine, words: &str| {
            let before = State::now();
            one_line(&machine.run(), &[words], words);
            before.check_unchanged(words);
        };
        check(
            machine,
            "cannot read the desired mount profile of hello in /var/lib/snapd/mount: is a directory",
        );
        fs::remove_dir(DESIRED).unwrap();
        std::os::unix::fs::symlink("/etc/other", DESIRED).unwrap();
        let words = "cannot open the desired mount profile of hello in /var/lib/snapd/mount: too many levels of symbolic";
        check(machine, words);
    });
}
