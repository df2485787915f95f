//! What a mimic that goes, comes or changes means for others.

extern crate std;

use std::format;
use std::string::String;
use std::vec::Vec;

use super::big_stack;
use super::run::{Case, SYSTEM, check, run};
use super::world::World;

#[test]
fn what_follows_from_a_mimic() {
    check(&[
        Case {
            name: "it goes, and who shows what it showed stays",
            world: "
                    d /tmp/s
                    d /usr/a/x
                    d /usr ro
                    m /usr tmpfs
                    d /usr/a/x
                    m /usr/a
                    d /usr/a/x
                    d /usr/b
                    m /usr/b
                    d /tmp/1
                    m /tmp/1
                ",
            current: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/b,mode=0755,uid=0,gid=0,x-snapd.shows=0123456789abcdef 0 0
                    /tmp/s /usr/b none bind 0 0
                    /usr/a/x /tmp/1 none bind,x-snapd.origin=layout 0 0
                ",
            desired: "/usr/a/x /tmp/1 none bind,x-snapd.origin=layout 0 0",
            steps: "
                    unmount /usr
                ",
            saved: "/usr/a/x /tmp/1 none bind,x-snapd.origin=layout 0 0",
        },
        Case {
            name: "it goes, and who shows what was made in it goes, too",
            world: "
                    d /tmp/s/x
                    d /usr/a
                    d /usr ro
                    m /usr tmpfs
                    d /usr/a
                    m /usr/a
                    d /usr/b
                    m /usr/b
                    d /usr/b/x
                    d /tmp/1
                    m /tmp/1
                ",
            current: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/b,mode=0755,uid=0,gid=0 0 0
                    /usr/a /usr/a none rbind,x-snapd.synthetic,x-snapd.needed-by=/usr/b,x-snapd.detach 0 0
                    /tmp/s /usr/b none bind 0 0
                    /usr/b/x /tmp/1 none bind,x-snapd.ignore-missing 0 0
                ",
            desired: "/usr/b/x /tmp/1 none bind,x-snapd.ignore-missing 0 0",
            steps: "
                    unmount /tmp/1
                    remove /tmp/1
                    unmount /usr
                ",
            saved: "",
        },
        Case {
            name: "an inner one comes, and the outer one stays",
            world: "
                    d /tmp/s
                    d /usr/lib ro
                    d /usr ro
                    m /usr tmpfs
                    d /usr/lib ro
                    m /usr/lib
                    d /usr/lib ro
                    d /usr/b
                    m /usr/b
                ",
            current: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/b,mode=0755,uid=0,gid=0,x-snapd.shows=39bfe2a9ddc9774c 0 0
                    /tmp/s /usr/b none bind 0 0
                ",
            desired: "
                    /tmp/s /usr/b none bind 0 0
                    /tmp/s /usr/lib/c none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    mimic /usr/lib
                    make /usr/lib/c
                    mount /usr/lib/c
                ",
            saved: "tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/b,mode=0755,uid=0,gid=0,x-snapd.shows=39bfe2a9ddc9774c 0 0
                tmpfs /usr/lib tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/lib/c,mode=0755,uid=0,gid=0,x-snapd.shows=cbf29ce484222325 0 0
                /tmp/s /usr/b none bind 0 0
                /tmp/s /usr/lib/c none bind,x-snapd.origin=layout 0 0",
        },
        Case {
            name: "its directory has another mode now",
            world: "
                    d /tmp/s
                    d /usr ro mode=700
                    m /usr tmpfs
                    d /usr/b
                    m /usr/b
                ",
            current: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/b,mode=0755,uid=0,gid=0 0 0
                    /tmp/s /usr/b none bind 0 0
                ",
            desired: "
                    /tmp/s /usr/b none bind 0 0
                    /tmp/s /usr/c none bind 0 0
                ",
            steps: "
                    unmount /usr
                    mimic /usr
                    make /usr/b
                    mount /usr/b
                    make /usr/c
                    mount /usr/c
                ",
            saved: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/b,mode=0700,uid=0,gid=0,x-snapd.shows=cbf29ce484222325 0 0
                    /tmp/s /usr/b none bind 0 0
                    /tmp/s /usr/c none bind 0 0
                ",
        },
        Case {
            name: "a mount further down has the name of a link",
            world: "
                    d /tmp/s
                    d /usr/a/f
                    l /usr/f /x
                    d /usr ro
                    m /usr tmpfs
                    l /usr/f /x
                    d /usr/a/f
                    m /usr/a
                    d /usr/a/f
                    m /usr/a/f
                    d /usr/b
                    m /usr/b
                ",
            current: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/b,mode=0755,uid=0,gid=0,x-snapd.shows=3d3a07231914f148 0 0
                    /tmp/s /usr/a/f none bind 0 0
                    /tmp/s /usr/b none bind 0 0
                ",
            desired: "
                    /tmp/s /usr/a/f none bind 0 0
                    /tmp/s /usr/b none bind 0 0
                    /tmp/s /usr/c none bind 0 0
                ",
            steps: "
                    make /usr/c
                    mount /usr/c
                ",
            saved: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/b,mode=0755,uid=0,gid=0,x-snapd.shows=3d3a07231914f148 0 0
                    /tmp/s /usr/a/f none bind 0 0
                    /tmp/s /usr/b none bind 0 0
                    /tmp/s /usr/c none bind 0 0
                ",
        },
        Case {
            name: "covered by new content above",
            world: "
                    d /snap/x/1/new ro
                    d /usr/share ro
                    m /usr/share tmpfs
                    d /usr/share/new
                    m /usr/share/new
                ",
            current: "
                    tmpfs /usr/share tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/share/new,mode=0755,uid=0,gid=0 0 0
                    /snap/x/1 /usr/share/new none rbind,x-snapd.origin=layout 0 0
                ",
            desired: "
                    /snap/x/1 /usr/share/new none rbind,x-snapd.origin=layout 0 0
                    /snap/x/1 /usr none bind 0 0
                ",
            steps: "
                    unmount /usr/share
                    mount /usr
                    mimic /usr
                    make /usr/share/new
                    mount /usr/share/new
                ",
            saved: "
                    /snap/x/1 /usr none bind 0 0
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/share/new,mode=0755,uid=0,gid=0,x-snapd.shows=d5d23e1e4308c9d9 0 0
                    /snap/x/1 /usr/share/new none rbind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "a layout over what a mimic shows",
            world: "
                    d /snap/x/1
                    d /usr/a ro
                    d /usr ro
                ",
            current: "",
            desired: "
                    /snap/x/1 /usr/a none rbind,x-snapd.origin=layout 0 0
                    /snap/x/1 /usr/b none rbind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    mimic /usr
                    mount /usr/a
                    make /usr/b
                    mount /usr/b
                ",
            saved: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/b,mode=0755,uid=0,gid=0,x-snapd.shows=e5d2f7190427066c 0 0
                    /snap/x/1 /usr/a none rbind,x-snapd.origin=layout 0 0
                    /snap/x/1 /usr/b none rbind,x-snapd.origin=layout 0 0
                ",
        },
    ]);
}

/// A mimic binds what was there: what shows something in one of those shows the same with it.
#[test]
fn what_a_mimic_binds_is_shown_still() {
    let world = "
        d /base/lib/h/fonts ro
        f /base/file
        d /tmp/c
        d /usr/fonts
        m /usr/fonts
        f /usr/file
        m /usr/file
        d /usr/base
        m /usr/base
    ";
    let stands = "
        /base/lib/h/fonts /usr/fonts none bind,ro 0 0
        /base/file /usr/file none bind,ro,x-snapd.kind=file 0 0
    ";
    let all = "/base /usr/base none bind,ro 0 0";
    let comes = "/tmp/c /base/new none bind 0 0";
    let with = format!("{comes}\n{stands}\n{all}");
    let without = format!("{stands}\n{all}");
    let made = big_stack(|| run(World::new(world), &without, &with, SYSTEM));
    let steps: Vec<&str> = made.steps.iter().map(String::as_str).collect();
    // Only what shows the directory itself is made again.
    assert_eq!(
        steps,
        [
            "unmount /usr/base",
            "remove /usr/base: Stays",
            "mimic /base",
            "make /base/new",
            "mount /base/new",
            "mount /usr/base"
        ]
    );
    let undone = big_stack(|| run(made.world.clone(), &made.saved, &without, SYSTEM));
    let steps: Vec<&str> = undone.steps.iter().map(String::as_str).collect();
    assert_eq!(
        steps,
        ["unmount /usr/base", "remove /usr/base: Stays", "unmount /base", "mount /usr/base"]
    );
}
