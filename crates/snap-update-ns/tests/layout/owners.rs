//! Mode, user and group: of the root of a tmpfs, of a link itself, and of the mount point that is
//! made for a bind, which shows when the bind is taken away.

use std::fmt::Write as _;

use snap_ns_testbed::is_root_or_skips;

use crate::build::{DIALECTS, Dialect, build, profile};
use crate::machine::{Machine, on_a_machine, unmount};
use crate::seen::at;

/// Element, options, and what the object that is made is to look like with the owner `U` and the
/// group `G`.
const CASES: &[(&str, &str, &str)] = &[
    ("type: tmpfs", "mode: 1777, user: U, group: G", "dir 1777 U:G"),
    ("type: tmpfs", "mode: 0700, user: U", "dir 0700 U:0"),
    ("type: tmpfs", "mode: 0755, group: G", "dir 0755 0:G"),
    ("type: tmpfs", "mode: 0", "dir 0000 0:0"),
    // The kernel's own.
    ("type: tmpfs", "user: U", "dir 1777 U:0"),
    ("bind: $SNAP/lib", "mode: 0700, user: U, group: G", "dir 0700 U:G"),
    ("bind: $SNAP/lib", "mode: 01777", "dir 1777 0:0"),
    ("bind: $SNAP/lib", "user: root", "dir 0755 0:0"),
    ("bind-file: $SNAP/file", "mode: 0640, user: U, group: G", "file 0640 U:G"),
    ("bind-file: $SNAP/file", "mode: 0600", "file 0600 0:0"),
    ("bind-file: $SNAP/file", "group: G", "file 0755 0:G"),
    ("symlink: $SNAP/lib", "user: U, group: G", "link U:G"),
    // The mode of a link is always 0777 (symlink(7)).
    ("symlink: $SNAP/lib", "mode: 0700, group: G", "link 0:G"),
];

/// Where mount points have to be made: on a tmpfs, and in the writable copy of a directory.
const PLACES: [&str; 2] = ["/srv", "/usr/share"];

#[test]
fn of_root_are_applied() {
    on_a_machine("owners::of_root_are_applied", |machine| {
        DIALECTS.into_iter().for_each(|dialect| check(machine, dialect, "root", "0"));
    });
}

/// In a user namespace there is only one user.
#[test]
fn of_nobody_are_applied() {
    if is_root_or_skips("owners::of_nobody_are_applied") {
        on_a_machine("owners::of_nobody_are_applied", |machine| {
            DIALECTS.into_iter().for_each(|dialect| check(machine, dialect, "nobody", "65534"));
        });
    }
}

#[track_caller]
fn check(machine: &Machine, dialect: Dialect, owner: &str, id: &str) {
    let cases = |place: &'static str| {
        let numbered = CASES.iter().enumerate();
        numbered.map(move |(number, case)| (format!("{place}/case{number}"), case))
    };
    let mut layout = String::new();
    for (path, (element, options, _)) in PLACES.into_iter().flat_map(cases) {
        let options = options.replace(": U", &format!(": {owner}"));
        let options = options.replace(": G", &format!(": {owner}"));
        writeln!(layout, "  {path}: {{{element}, {options}}}").expect("text");
    }
    build(machine, &profile(&layout, &[], None), dialect);
    for (path, (element, options, expected)) in PLACES.into_iter().flat_map(cases) {
        if element.starts_with("bind") {
            unmount(&path);
        }
        let expected = expected.replace(['U', 'G'], id);
        assert_eq!(at(&path), expected, "{dialect:?} {path}: {element}, {options}");
    }
    machine.undo();
}
