//! Entries with one mount point: who has it, and what is said about the others.

extern crate std;

use std::format;
use std::vec::Vec;

use super::big_stack;
use super::run::{Case, End, SYSTEM, check, run, with_plan};
use super::world::World;
use crate::Comparison;

const WORLD: &str = "
    d /tmp/a
    d /tmp/b
    f /tmp/f
    d /tmp/made
";

#[test]
fn who_has_the_mount_point() {
    check(&[
        Case {
            name: "a layout, before and behind content",
            world: WORLD,
            current: "",
            desired: "
                    /tmp/a /tmp/1 none bind,ro 0 0
                    /tmp/b /tmp/1/ none rbind,x-snapd.origin=layout 0 0
                    /tmp/f /tmp/1 none bind,x-snapd.kind=file 0 0
                ",
            steps: "
                    notice /tmp/1: Claimed(1) MountPoint
                    notice /tmp/1: Claimed(1) MountPoint
                    make /tmp/1
                    mount /tmp/1
                ",
            saved: "/tmp/b /tmp/1 none rbind,x-snapd.origin=layout 0 0",
        },
        Case {
            name: "an overname",
            world: WORLD,
            current: "",
            desired: "
                    /tmp/a /tmp/1 none bind,ro 0 0
                    /tmp/b /tmp/1 none rbind,x-snapd.origin=overname 0 0
                ",
            steps: "
                    notice /tmp/1: Claimed(1) MountPoint
                    make /tmp/1
                    mount /tmp/1
                ",
            saved: "/tmp/b /tmp/1 none rbind,x-snapd.origin=overname 0 0",
        },
        Case {
            name: "the first of content, whatever its kind",
            world: WORLD,
            current: "",
            desired: "
                    none /tmp/1 none x-snapd.kind=symlink,x-snapd.symlink=/a 0 0
                    tmpfs /tmp/1 tmpfs rw 0 0
                    /tmp/a /tmp/1 none bind,ro 0 0
                ",
            steps: "
                    notice /tmp/1: Claimed(0) MountPoint
                    notice /tmp/1: Claimed(0) MountPoint
                    link /tmp/1
                ",
            saved: "none /tmp/1 none x-snapd.kind=symlink,x-snapd.symlink=/a 0 0",
        },
        Case {
            name: "a layout takes over from content that stands",
            world: "
                    d /tmp/a
                    d /tmp/b
                    d /tmp/1
                    m /tmp/1
                ",
            current: "/tmp/a /tmp/1 none bind,ro 0 0",
            desired: "
                    /tmp/a /tmp/1 none bind,ro 0 0
                    /tmp/b /tmp/1 none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    notice /tmp/1: Claimed(1) MountPoint
                    put beneath /tmp/1: InTurn
                    unmount /tmp/1
                    mount /tmp/1
                ",
            saved: "/tmp/b /tmp/1 none bind,x-snapd.origin=layout 0 0",
        },
        Case {
            name: "two layouts, one after content",
            world: WORLD,
            current: "",
            desired: "
                    /tmp/a /tmp/1 none bind 0 0
                    /tmp/a /tmp/1 none bind,x-snapd.origin=layout 0 0
                    /tmp/b /tmp/1 none bind,x-snapd.origin=layout 0 0
                ",
            steps: "duplicate /tmp/1",
            saved: "",
        },
        Case {
            name: "a layout and an overname",
            world: WORLD,
            current: "",
            desired: "
                    /tmp/a /tmp/1 none bind,x-snapd.origin=overname 0 0
                    /tmp/b /tmp/1 none bind,x-snapd.origin=layout 0 0
                ",
            steps: "duplicate /tmp/1",
            saved: "",
        },
    ]);
}

#[test]
fn equal_lines_are_one() {
    check(&[
        Case {
            name: "of each kind, a slash more or less",
            world: WORLD,
            current: "",
            desired: "
                    /tmp/a /tmp/1 none bind,x-snapd.origin=layout 0 0
                    none /tmp/made/x none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/tmp/made 0 0
                    /tmp/f /tmp/2 none bind,x-snapd.kind=file 0 0
                    none /tmp/3 none x-snapd.kind=symlink,x-snapd.symlink=/a 0 0
                    /tmp/a /tmp/1/ none bind,x-snapd.origin=layout 0 0
                    none /tmp/made/x none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/tmp/made 0 0
                    /tmp/f /tmp/2 none bind,x-snapd.kind=file 0 0
                    none /tmp/3 none x-snapd.kind=symlink,x-snapd.symlink=/a 0 0
                    none /tmp/made/x none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/tmp/made 0 0
                ",
            steps: "
                    make /tmp/2
                    mount /tmp/2
                    link /tmp/3
                    ensure /tmp/made/x
                    make /tmp/1
                    mount /tmp/1
                ",
            saved: "
                    /tmp/f /tmp/2 none bind,x-snapd.kind=file 0 0
                    none /tmp/3 none x-snapd.kind=symlink,x-snapd.symlink=/a 0 0
                    none /tmp/made/x none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/tmp/made 0 0
                    /tmp/a /tmp/1 none bind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "directories are made where something is mounted, in either order",
            world: WORLD,
            current: "",
            desired: "
                    /tmp/a /tmp/made/1 none bind,x-snapd.origin=layout 0 0
                    none /tmp/made/1 none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/tmp/made 0 0
                    none /tmp/made/2 none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/tmp/made 0 0
                    /tmp/a /tmp/made/2 none bind 0 0
                    none /tmp/made/2 none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/tmp 0 0
                ",
            steps: "
                    ensure /tmp/made/1
                    ensure /tmp/made/2
                    mount /tmp/made/2
                    ensure /tmp/made/2
                    mount /tmp/made/1
                ",
            saved: "
                    none /tmp/made/1 none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/tmp/made 0 0
                    none /tmp/made/2 none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/tmp/made 0 0
                    /tmp/a /tmp/made/2 none bind 0 0
                    none /tmp/made/2 none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/tmp 0 0
                    /tmp/a /tmp/made/1 none bind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "recorded twice, two mounts: both are undone",
            world: "
                    d /tmp/a
                    d /tmp/1
                    m /tmp/1
                    m /tmp/1
                ",
            current: "
                    /tmp/a /tmp/1 none bind,ro 0 0
                    /tmp/a /tmp/1 none bind,ro 0 0
                ",
            desired: "",
            steps: "
                    unmount /tmp/1
                    remove /tmp/1: Stays
                    unmount /tmp/1
                    remove /tmp/1
                ",
            saved: "",
        },
    ]);
}

/// What is left out because of another entry is no reason to do anything again, or to say it again.
#[test]
fn a_contradiction_stands_once() {
    let desired = "
        /tmp/a /tmp/1 none bind,ro 0 0
        /tmp/b /tmp/1 none bind,x-snapd.origin=layout 0 0
        /tmp/a /tmp/2 none bind,ro 0 0
        /tmp/b /tmp/2 none bind,ro 0 0
    ";
    let first = big_stack(|| run(World::new(WORLD), "", desired, SYSTEM));
    assert_eq!(first.end, End::Done);
    let again = big_stack(|| run(first.world.clone(), &first.saved, desired, SYSTEM));
    assert_eq!((again.steps, again.saved), (Vec::new(), first.saved));
}

/// However many: all but one have no part in the run.
#[test]
fn many_equal_lines() {
    for other in ["/tmp/a /tmp/1 none bind,ro 0 0", "/tmp/b /tmp/1 none bind,ro 0 0"] {
        let desired = format!("{}\n{other}", ["/tmp/a /tmp/1 none bind,ro 0 0"; 4000].join("\n"));
        let current = "/tmp/a /tmp/1 none bind,ro 0 0";
        let compared = with_plan(current, &desired, |_, compared| compared);
        assert_eq!(compared, Comparison::Same, "{other}");
    }
}

#[test]
fn what_may_not_be_meant() {
    check(&[
        Case {
            name: "a comma in the target of a link",
            world: WORLD,
            current: "",
            desired: "
                    none /tmp/1 none x-snapd.kind=symlink,x-snapd.symlink=/a,b,x-snapd.origin=layout 0 0
                    none /tmp/2 none x-snapd.kind=symlink,x-snapd.symlink=/a,x-snapd.origin=layout 0 0
                ",
            steps: "
                    notice /tmp/1: CutTarget MountPoint
                    link /tmp/1
                    link /tmp/2
                ",
            saved: "
                    none /tmp/1 none x-snapd.kind=symlink,x-snapd.symlink=/a,b,x-snapd.origin=layout 0 0
                    none /tmp/2 none x-snapd.kind=symlink,x-snapd.symlink=/a,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "content of the snap whose instance this is",
            world: "
                    d /snap/x_1/1/own
                    d /snap/x_1/1/own2
                    d /snap/x/1/own
                    d /tmp/a
                ",
            current: "",
            desired: "
                    /snap/x_1 /snap/x none rbind,x-snapd.origin=overname 0 0
                    /snap/x/1/own /tmp/1 none bind,ro 0 0
                    /snap/x/1/own2 /tmp/2 none bind,x-snapd.origin=layout 0 0
                    /tmp/a /snap/x/1/own2 none bind,ro 0 0
                    /snap/x/1/own2 /tmp/3 none bind,ro 0 0
                ",
            steps: "
                    notice /tmp/1: Mapped(0) Source
                    mount /snap/x
                    mount /snap/x/1/own2
                    make /tmp/1
                    mount /tmp/1
                    make /tmp/3
                    mount /tmp/3
                    make /tmp/2
                    mount /tmp/2
                ",
            saved: "
                    /snap/x_1 /snap/x none rbind,x-snapd.origin=overname 0 0
                    /tmp/a /snap/x/1/own2 none bind,ro 0 0
                    /snap/x/1/own /tmp/1 none bind,ro 0 0
                    /snap/x/1/own2 /tmp/3 none bind,ro 0 0
                    /snap/x/1/own2 /tmp/2 none bind,x-snapd.origin=layout 0 0
                ",
        },
    ]);
}
