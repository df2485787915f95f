//! Things in the way, and things that are not what they should be. As layouts they fail the run,
//! as content they are left out.

use std::fs;

use snap_ns_testbed::{Answer, Group, Without};

use crate::check::{GOOD, Place, all_refused, case, left_out};
use crate::machine::{DESIRED, Machine, on_a_machine, on_a_machine_without};
use crate::state::State;

const LINK: &str = "is a symbolic link, which is never followed";
const SPECIAL: &str = "is a device, FIFO or socket, which cannot be used";
const FILE: &str = "is a file, which is in the way";
const DIRECTORY: &str = "is a directory, which is in the way";

/// Checks `lines`, with what is said of their first two fields, in both roles.
#[track_caller]
fn check(machine: &Machine, lines: &[(&str, &'static str)]) {
    let mut layouts = Vec::new();
    for &(line, words) in lines {
        let mount_point = line.split(' ').nth(1).expect("a mount point");
        let name: &'static str = format!("layout {mount_point}").leak();
        let layout = format!("{line},x-snapd.origin=layout 0 0");
        layouts.push(case(&layout, Place::Entry(name), words));
        for (number, before, after) in [(1, "", GOOD[1]), (2, GOOD[1], "")] {
            let place = format!("content {mount_point} (snap.hello.fstab:{number}): ");
            let desired = format!("{before}{line} 0 0\n{after}{}", GOOD[0]);
            left_out(machine, desired.as_bytes(), &[&place, words]);
        }
    }
    all_refused(machine, &layouts);
}

/// A sentence about the path, for the table below.
macro_rules! is {
    ($path:literal, link) => {
        concat!($path, " is a symbolic link, which is never followed")
    };
    ($path:literal, file) => {
        concat!($path, " is a file, which is in the way")
    };
    ($path:literal, special) => {
        concat!($path, " is a device, FIFO or socket, which cannot be used")
    };
}

#[test]
fn symbolic_links_as_the_last_component() {
    on_a_machine("tree::symbolic_links_as_the_last_component", |machine| {
        check(
            machine,
            &[
                ("/var/snap/hello/common/link /srv/bad none bind", LINK),
                ("/var/snap/hello/common/link /srv/bad none rbind", LINK),
                ("/var/snap/hello/common/filelink /srv/bad none bind,x-snapd.kind=file", LINK),
                ("/var/snap/hello/common/loop /srv/bad none bind", LINK),
                ("/var/snap/hello/common/dangling /srv/bad none bind", LINK),
                ("/snap/hello/1/link /srv/bad none bind", LINK),
                ("/snap/hello/1/lib /var/snap/hello/common/link none bind", LINK),
                ("/snap/hello/1/lib /var/snap/hello/common/link none rbind", LINK),
                (
                    "/snap/hello/1/file /var/snap/hello/common/filelink none bind,x-snapd.kind=file",
                    LINK,
                ),
                ("tmpfs /var/snap/hello/common/link tmpfs rw", LINK),
                ("/snap/hello/1/lib /var/snap/hello/common/loop none bind", LINK),
                ("/snap/hello/1/lib /var/snap/hello/common/dangling none bind", LINK),
            ],
        );
    });
}

#[test]
fn symbolic_links_on_the_way() {
    on_a_machine("tree::symbolic_links_on_the_way", |machine| {
        check(
            machine,
            &[
                (
                    "/var/snap/hello/common/link/sub /srv/bad none bind",
                    is!("source /var/snap/hello/common/link", link),
                ),
                (
                    "/var/snap/hello/common/link/new/er /srv/bad none bind",
                    is!("source /var/snap/hello/common/link", link),
                ),
                (
                    "/snap/hello/1/link/text /srv/bad none bind,x-snapd.kind=file",
                    is!("source /snap/hello/1/link", link),
                ),
                (
                    "/var/snap/hello/common/loop/x /srv/bad none bind",
                    is!("source /var/snap/hello/common/loop", link),
                ),
                ("/snap/hello/1/lib /usr/odd/link/sub none bind", is!("/usr/odd/link", link)),
                ("/snap/hello/1/lib /usr/odd/link/new none bind", is!("/usr/odd/link", link)),
                ("/snap/hello/1/lib /usr/odd/dangling/x none bind", is!("/usr/odd/dangling", link)),
                ("/snap/hello/1/lib /usr/odd/loop/x/y/z none bind", is!("/usr/odd/loop", link)),
                (
                    "none /usr/odd/link/x none x-snapd.kind=symlink,x-snapd.symlink=/a",
                    is!("/usr/odd/link", link),
                ),
                ("tmpfs /var/snap/hello/common/link/t tmpfs rw", "/hello/common/link is a symb"),
            ],
        );
    });
}

#[test]
fn fifos_sockets_and_devices() {
    on_a_machine("tree::fifos_sockets_and_devices", |machine| {
        let mut lines = Vec::new();
        for kind in ["fifo", "socket", "device"] {
            for rest in ["bind", "rbind", "bind,x-snapd.kind=file"] {
                lines.push((format!("/usr/odd/{kind} /srv/bad none {rest}"), SPECIAL));
                let source = if rest.ends_with("file") { "file" } else { "lib" };
                let line =
                    format!("/snap/hello/1/{source} /var/snap/hello/common/{kind} none {rest}");
                lines.push((line, SPECIAL));
            }
            lines.push((format!("/usr/odd/{kind}/in /srv/bad none bind"), SPECIAL));
            lines.push((format!("/snap/hello/1/lib /usr/odd/{kind}/in none bind"), SPECIAL));
            lines.push((format!("tmpfs /var/snap/hello/common/{kind} tmpfs rw"), SPECIAL));
            let link = "x-snapd.kind=symlink,x-snapd.symlink=/a";
            lines.push((format!("none /var/snap/hello/common/{kind} none {link}"), SPECIAL));
        }
        let lines: Vec<_> = lines.iter().map(|(line, words)| (line.as_str(), *words)).collect();
        check(machine, &lines);
    });
}

#[test]
fn wrong_kinds() {
    on_a_machine("tree::wrong_kinds", |machine| {
        let link = "none x-snapd.kind=symlink,x-snapd.symlink=/a";
        check(
            machine,
            &[
                ("/snap/hello/1/file /srv/bad none bind", FILE),
                ("/snap/hello/1/lib /srv/bad none bind,x-snapd.kind=file", DIRECTORY),
                ("/snap/hello/1/lib /var/snap/hello/common/file none bind", FILE),
                (
                    "/snap/hello/1/file /var/snap/hello/common/data none bind,x-snapd.kind=file",
                    DIRECTORY,
                ),
                ("/snap/hello/1/lib /usr/odd/file/x none bind", is!("/usr/odd/file", file)),
                ("/snap/hello/1/file/x /srv/bad none bind", is!("/snap/hello/1/file", file)),
                ("tmpfs /var/snap/hello/common/file tmpfs rw", FILE),
                (&format!("none /var/snap/hello/common/data {link}"), DIRECTORY),
                (&format!("none /var/snap/hello/common/file {link}"), FILE),
                (
                    &format!("none /var/snap/hello/common/link {link}"),
                    "a symbolic link to dir is in the way",
                ),
                (&format!("none /usr/odd/fifo/x {link}"), is!("/usr/odd/fifo", special)),
            ],
        );
    });
}

#[test]
fn recursive_binds_that_shall_be_read_only_on_old_kernels() {
    let name = "tree::recursive_binds_that_shall_be_read_only_on_old_kernels";
    let without = Without { groups: vec![Group::MountSetattr], answer: Answer::Missing };
    on_a_machine_without(name, &without, |machine| {
        let words = "this kernel cannot make a recursive bind read-only: use bind,ro";
        check(
            machine,
            &[
                ("/snap/hello/1/lib /srv/bad none rbind,ro", words),
                ("/snap/hello/1/lib /srv/bad none ro,nosuid,rbind", words),
            ],
        );
    });
}

#[test]
fn names_that_no_file_can_have() {
    on_a_machine("tree::names_that_no_file_can_have", |machine| {
        let name = "n".repeat(256);
        let words = "file name too long";
        check(
            machine,
            &[
                (&format!("/snap/hello/1/lib /srv/{name} none rbind"), words),
                (&format!("/snap/hello/1/lib /usr/share/{name}/x none rbind"), words),
                (&format!("/var/snap/hello/common/{name} /srv/bad none rbind"), words),
                (&format!("tmpfs /srv/{name} tmpfs rw"), words),
            ],
        );
    });
}

#[test]
fn layouts_that_shall_ignore_what_is_missing() {
    on_a_machine("tree::layouts_that_shall_ignore_what_is_missing", |machine| {
        let words = "does not exist, and may not be created";
        let layout = |paths: &str| {
            format!("{paths} none rbind,x-snapd.ignore-missing,x-snapd.origin=layout 0 0")
        };
        let name = Place::Entry("layout /srv/bad");
        all_refused(
            machine,
            &[
                case(&layout("/var/snap/hello/common/none /srv/bad"), name, words),
                case(&layout("/snap/hello/1/lib /srv/bad"), name, words),
            ],
        );
        // A content source on a read-only file system is not made either.
        let line = format!("/usr/share/none /srv/bad none rbind 0 0\n{}", GOOD.concat());
        let help = "created; the snap or system that offers it has to have it";
        let place = "content /srv/bad (snap.hello.fstab:1): ";
        left_out(machine, line.as_bytes(), &[place, words, help]);
    });
}

#[test]
fn a_comma_in_a_mount_point_that_needs_a_writable_copy() {
    on_a_machine("tree::a_comma_in_a_mount_point_that_needs_a_writable_copy", |machine| {
        let words =
            "would need a writable copy, but the entry's ID (its mount point) has a comma in it";
        check(machine, &[("/snap/hello/1/lib /opt/a,b none rbind", words)]);
    });
}

/// On a read-only file system what is of another kind makes way: a writable copy of the directory
/// does not show it. Undone, it is there again.
#[test]
fn wrong_kinds_that_make_way() {
    on_a_machine("tree::wrong_kinds_that_make_way", |machine| {
        // Where the directory's list says file, and a device is mounted on it, there is no copy.
        snap_ns_testbed::unmount("/usr/odd/device").unwrap();
        let link = "x-snapd.kind=symlink,x-snapd.symlink=/a,x-snapd.origin=layout";
        let before = State::now();
        for odd in ["dir", "file", "link", "dangling", "loop", "fifo", "socket"] {
            let path = format!("/usr/odd/{odd}");
            for (line, wanted) in [
                (format!("/snap/hello/1/lib {path} none rbind,x-snapd.origin=layout"), "dir"),
                (format!("/snap/hello/1/file {path} none bind,x-snapd.kind=file"), "file"),
                (format!("none {path} none {link}"), "link"),
            ] {
                fs::write(DESIRED, format!("{line} 0 0\n")).unwrap();
                let output = machine.run();
                assert_eq!(output.status.code(), Some(0), "{line}: {output:?}");
                let found = fs::symlink_metadata(&path).unwrap().file_type();
                let is = (found.is_dir(), found.is_file(), found.is_symlink());
                assert_eq!(
                    is,
                    (wanted == "dir", wanted == "file", wanted == "link"),
                    "{line}: {output:?}"
                );
                assert!(fs::symlink_metadata("/usr/odd/filelink").unwrap().is_symlink(), "{line}");
                machine.undo();
                assert_eq!(before.mount_points(), State::now().mount_points(), "{line}");
            }
        }
    });
}
