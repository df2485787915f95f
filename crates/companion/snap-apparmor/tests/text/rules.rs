//! Which rules an entry brings, and which it does not.

use snap_apparmor::{Confined, Error, Settings, Which, policy};

use super::{ALL, made, rules};

struct Case {
    entry: &'static str,
    has: &'static [&'static str],
    lacks: &'static [&'static str],
}

const CASES: [Case; 9] = [
    Case {
        entry: "/snap/hello/1/a /usr/share/a none rbind,rw,x-snapd.origin=layout 0 0",
        has: &[
            "mount options=(rbind, rw) \"/snap/hello/1/a/\" -> \"/usr/share/a/\",",
            "umount \"/usr/share/a/\",",
            "mount options=(rprivate) -> \"/usr/share/a/\",",
            "mount fstype=tmpfs options=(rw) \"tmpfs\" -> \"/usr/share/\",",
            "mount fstype=tmpfs options=(rw) \"tmpfs\" -> \"/snap/hello/1/\",",
            "\"/usr/share/*\" w,",
            "\"/usr/share/*/\" rw,",
            "\"/usr/share/\" r,",
        ],
        lacks: &[
            "\"/usr/share/a/\" w",
            "fstype=tmpfs options=(rw) \"tmpfs\" -> \"/snap/hello/\"",
            "remount",
        ],
    },
    Case {
        entry: "/snap/other/1/c /snap/hello/1/c none bind,ro 0 0",
        has: &[
            "mount options=(bind, rw) \"/snap/other/1/c/\" -> \"/snap/hello/1/c/\",",
            "remount options=(remount, bind, ro) \"/snap/hello/1/c/\",",
        ],
        // The source of content is never made.
        lacks: &["-> \"/snap/other/1/\"", "rbind, rw) \"/snap/other"],
    },
    Case {
        entry: "/a/b /usr/share/c none bind,nosuid,x-snapd.ignore-missing 0 0",
        has: &["mount options=(bind, rw) \"/a/b/\" -> \"/usr/share/c/\","],
        lacks: &["fstype=tmpfs", " w,"],
    },
    Case {
        entry: "/var/snap/hello/common/f /etc/f none bind,x-snapd.kind=file,x-snapd.origin=layout 0 0",
        has: &[
            "mount options=(bind, rw) \"/var/snap/hello/common/f\" -> \"/etc/f\",",
            "\"/var/snap/hello/common/f\" w,",
            "umount \"/etc/f\",",
        ],
        lacks: &["\"/etc/f/\"", "/common/f/\"", "-> \"/var/"],
    },
    Case {
        entry: "tmpfs /opt/t tmpfs nodev,noexec,rprivate,size=1m 0 0",
        has: &[
            "mount fstype=tmpfs options=(rw, nodev, noexec) \"tmpfs\" -> \"/opt/t/\",",
            "mount options=(rprivate) -> \"/opt/t/\",",
        ],
        lacks: &["size"],
    },
    Case {
        entry: "/x /usr/lib/l none x-snapd.kind=symlink,x-snapd.symlink=/x,x-snapd.origin=layout 0 0",
        has: &["\"/usr/lib/*\" w,"],
        lacks: &["mount options=(bind, rw) \"/x", "-> \"/usr/lib/l", "umount \"/usr/lib/l"],
    },
    Case {
        entry: "/snap/hello_k /snap/hello none rbind,x-snapd.origin=overname 0 0",
        has: &["mount options=(rbind, rw) \"/snap/hello_k/\" -> \"/snap/hello/\","],
        lacks: &["fstype=tmpfs", "/tmp/.snap/snap", "\"/snap/hello/\" w"],
    },
    Case {
        entry: "none /home/u/d none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/home/u 0 0",
        has: &["owner \"/home/u/d/\" w,"],
        lacks: &["mount options=(rbind", "umount"],
    },
    Case {
        entry: "/dev/sda1 /mnt/disk ext4 ro 0 0",
        has: &["mount fstype=ext4 options=(ro) \"/dev/sda1\" -> \"/mnt/disk/\","],
        lacks: &["options=(rw) \"/dev/sda1\""],
    },
];

#[test]
fn what_an_entry_brings() {
    for Case { entry, has, lacks } in CASES {
        let without = rules(&made(b"", b"", Confined::FirstStarts));
        let mut brought = rules(&made(entry.as_bytes(), b"", Confined::FirstStarts));
        brought.retain(|rule| !without.contains(rule));
        for rule in has {
            assert!(brought.iter().any(|it| it == rule), "{entry}: no {rule} in {brought:#?}");
        }
        for piece in lacks {
            assert!(
                !brought.iter().any(|it| it.contains(piece)),
                "{entry}: {piece} in {brought:#?}"
            );
        }
    }
}

#[test]
fn the_newer_calls_are_granted_with_fd_only() {
    for (name, confined) in ALL {
        let all = rules(&made(super::SYSTEM.as_bytes(), b"", confined));
        let moves = all.iter().filter(|rule| rule.contains("move, rw")).count();
        assert_eq!(moves > 0, name == "fd", "{name}");
        let chroot = all.iter().any(|rule| rule == "capability sys_chroot,");
        assert_eq!(chroot, name != "first-start", "{name}");
    }
}

#[test]
fn a_bad_profile_is_told_with_its_place() {
    let settings = Settings::default();
    let told = |system: &[u8], users: &[u8]| {
        policy(b"hello", system, users, &settings).unwrap_err().to_string()
    };
    assert!(matches!(policy(b"He", b"", b"", &settings), Err(Error::Name(_))));
    let line = "desired profile, line 2, column 4: ";
    let said = told(b"# one\n/a b none bind 0 0\n", b"");
    assert!(said.starts_with(line), "{said}");
    assert!(told(b"", b"/a\n").starts_with("desired profile of users, line 1"));
    let odd = policy(b"hello", b"a /b c\"d rw 0 0\n", b"", &settings);
    let Err(Error::Profile { which: Which::System, line: 1, what, .. }) = odd else {
        panic!("{odd:?}")
    };
    assert!(what.contains("c\"d"), "{what}");
}
