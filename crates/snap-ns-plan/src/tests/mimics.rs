//! Which directories are made writable, and when.

use super::big_stack;
use super::run::{Case, SYSTEM, check, check_in, run};
use super::world::World;

const USER: crate::Territory<'_> = crate::Territory::User { home: Some(b"/home/u") };

#[test]
fn which_and_when() {
    check(&[
        Case {
            name: "once per directory, outermost first",
            world: "
                    d /snap/x/1
                    d /usr/lib/a
                    d /usr ro
                    d /usr/lib ro
                    f /usr/f text
                    l /usr/l lib
                    s /usr/s
                ",
            current: "",
            desired: "
                    /snap/x/1 /usr/lib/new none rbind,x-snapd.origin=layout 0 0
                    /snap/x/1 /usr/new none rbind,x-snapd.origin=layout 0 0
                    /snap/x/1 /usr/lib/other none rbind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    mimic /usr
                    mimic /usr/lib
                    make /usr/lib/new
                    mount /usr/lib/new
                    make /usr/lib/other
                    mount /usr/lib/other
                    make /usr/new
                    mount /usr/new
                ",
            saved: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/new,mode=0755,uid=0,gid=0,x-snapd.shows=6114afe89ea81045 0 0
                    tmpfs /usr/lib tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/lib/new,mode=0755,uid=0,gid=0,x-snapd.shows=e5d2f7190427066c 0 0
                    /snap/x/1 /usr/lib/new none rbind,x-snapd.origin=layout 0 0
                    /snap/x/1 /usr/lib/other none rbind,x-snapd.origin=layout 0 0
                    /snap/x/1 /usr/new none rbind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "content before the layout that it was found for",
            world: "
                    d /snap/x/1
                    d /usr ro
                ",
            current: "",
            desired: "
                    /snap/x/1 /usr/a none bind,x-snapd.origin=layout 0 0
                    /snap/x/1 /usr/b none bind 0 0
                ",
            steps: "
                    mimic /usr
                    make /usr/b
                    mount /usr/b
                    make /usr/a
                    mount /usr/a
                ",
            saved: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/b,mode=0755,uid=0,gid=0,x-snapd.shows=cbf29ce484222325 0 0
                    /snap/x/1 /usr/b none bind 0 0
                    /snap/x/1 /usr/a none bind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "another one stands there already",
            world: "
                    d /snap/x/1
                    d /usr ro
                    m /usr tmpfs
                    d /usr/a
                    m /usr/a
                ",
            current: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/a,mode=0755,uid=0,gid=0,x-snapd.shows=cbf29ce484222325 0 0
                    /snap/x/1 /usr/a none bind 0 0
                ",
            desired: "
                    /snap/x/1 /usr/a none bind 0 0
                    /snap/x/1 /usr/b none bind 0 0
                ",
            steps: "
                    make /usr/b
                    mount /usr/b
                ",
            saved: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/a,mode=0755,uid=0,gid=0,x-snapd.shows=cbf29ce484222325 0 0
                    /snap/x/1 /usr/a none bind 0 0
                    /snap/x/1 /usr/b none bind 0 0
                ",
        },
        Case {
            name: "a name is escaped",
            world: "
                    d /snap/x/1
                    f /usr/a\\b text
                    f /usr/#c,d text
                    d /usr ro
                ",
            current: "",
            desired: "/snap/x/1 /usr/x\\040y none bind 0 0",
            steps: "
                    mimic /usr
                    make /usr/x y
                    mount /usr/x y
                ",
            saved: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/x\\040y,mode=0755,uid=0,gid=0,x-snapd.shows=84aa5612de4af402 0 0
                    /snap/x/1 /usr/x\\040y none bind 0 0
                ",
        },
        Case {
            name: "what is mounted on something in it goes first",
            world: "
                    d /snap/x/1
                    d /opt/a
                    d /opt/old
                    m /opt/old
                ",
            current: "/snap/x/1 /opt/old none bind,x-snapd.origin=layout 0 0",
            desired: "/snap/x/1 /opt/new none bind,x-snapd.origin=layout 0 0",
            steps: "
                    unmount /opt/old
                    remove /opt/old: Stays
                    mimic /opt
                    make /opt/new
                    mount /opt/new
                ",
            saved: "
                    tmpfs /opt tmpfs x-snapd.synthetic,x-snapd.needed-by=/opt/new,mode=0755,uid=0,gid=0,x-snapd.shows=7bab6cdb60318539 0 0
                    /snap/x/1 /opt/new none bind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "an overname needs one",
            world: "
                    d /snap/x_1
                    d /opt/a
                ",
            current: "",
            desired: "
                    /snap/x_1 /opt/x none rbind,x-snapd.origin=overname 0 0
                    /snap/x_1 /opt/y none rbind 0 0
                ",
            steps: "
                    mimic /opt
                    make /opt/x
                    mount /opt/x
                    make /opt/y
                    mount /opt/y
                ",
            saved: "
                    tmpfs /opt tmpfs x-snapd.synthetic,x-snapd.needed-by=/opt/x,mode=0755,uid=0,gid=0,x-snapd.shows=e5d2f7190427066c 0 0
                    /snap/x_1 /opt/x none rbind,x-snapd.origin=overname 0 0
                    /snap/x_1 /opt/y none rbind 0 0
                ",
        },
        Case {
            name: "early, though a layout comes to lie over it",
            world: "
                    d /tmp/s
                    d /tmp/0
                    d /usr ro
                ",
            current: "",
            desired: "
                    /tmp/s /tmp/0 none bind 0 0
                    /tmp/s /usr/b none bind 0 0
                    /tmp/s /usr none rbind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    mimic /usr
                    mount /tmp/0
                    make /usr/b
                    mount /usr/b
                    mount /usr
                ",
            saved: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/b,mode=0755,uid=0,gid=0,x-snapd.shows=cbf29ce484222325 0 0
                    /tmp/s /tmp/0 none bind 0 0
                    /tmp/s /usr/b none bind 0 0
                    /tmp/s /usr none rbind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "in a file system that nobody could look into",
            world: "
                    d /snap/x/1
                    d /mnt
                ",
            current: "",
            desired: "
                    /dev/a /mnt ext4 defaults 0 0
                    /snap/x/1 /mnt/a/b none bind 0 0
                    /snap/x/1 /mnt/a/c none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    mount /mnt
                    make /mnt/a/b: WouldShowOnHost MountPoint 4
                    left out /mnt/a/b: WouldShowOnHost MountPoint 4
                    mount /mnt/a/b: LeftOut
                    make /mnt/a/c: WouldShowOnHost MountPoint 4
                    FAILED make /mnt/a/c
                ",
            saved: "
                    /dev/a /mnt ext4 defaults 0 0
                ",
        },
    ]);
}

#[test]
fn for_a_user() {
    check_in(
        USER,
        &[Case {
            name: "a user has none",
            world: "
                    d /home/u/a
                    d /opt ro
                ",
            current: "",
            desired: "/home/u/a /opt/a none bind,x-snapd.origin=layout 0 0",
            steps: "refused /opt/a: ReadOnly MountPoint 4",
            saved: "",
        }],
    );
}

/// A bind that is not recursive shows what the children of a mimic are mounted on.
#[test]
fn beneath_its_children() {
    let world = World::new("d /snap/x/1\nd /tmp/l\nd /usr/a\nd /usr/c\nd /usr ro");
    let desired = "/snap/x/1 /usr/new none bind 0 0
        /usr /tmp/l none bind,x-snapd.origin=layout 0 0
        /snap/x/1 /tmp/l/a none bind,x-snapd.origin=layout 0 0
        /snap/x/1 /tmp/l/c/d none bind,x-snapd.origin=layout 0 0";
    let done = big_stack(|| run(world, "", desired, SYSTEM));
    let below = ["mount /tmp/l", "mount /tmp/l/a", "make /tmp/l/c/d", "mount /tmp/l/c/d"];
    assert_eq!(done.steps[3..], below);
    // A mimic of such a directory is empty.
    let world = World::new("d /snap/x/1\nd /opt/l\nd /usr/a\nd /usr/c/in\nd /usr ro");
    let desired = "/snap/x/1 /usr/new none bind 0 0
        /usr /opt/l none bind,x-snapd.origin=layout 0 0
        /snap/x/1 /opt/l/c/d none bind,x-snapd.origin=layout 0 0";
    let done = big_stack(|| run(world, "", desired, SYSTEM));
    assert_eq!(done.steps[4..6], ["mimic /opt/l/c", "make /opt/l/c/d"]);
    assert!(!done.saved.contains(" /opt/l/c/in ") && !done.saved.contains(" /opt/l/c/c "));
}

/// What a mimic shows of a directory that other entries lead to, or put something into.
/// A mimic comes before the source of the entry that it is made for: that is not there yet.
#[test]
fn before_the_source() {
    let world = World::new("d /tmp/x\nd /opt/l");
    let desired = "/tmp/x /opt/l none rbind,x-snapd.origin=layout 0 0
        /tmp/x/s /opt/l/s/m none rbind,x-snapd.origin=layout 0 0";
    let done = big_stack(|| run(world, "", desired, SYSTEM));
    let steps = ["mount /opt/l", "mimic /opt/l", "source /tmp/x/s", "make /opt/l/s/m"];
    assert_eq!(done.steps[..4], steps);
}
