//! Which mounts linger until another one takes their place.

extern crate std;

use super::big_stack;
use super::run::{Case, SYSTEM, check, run};
use super::world::World;

#[test]
fn what_lingers() {
    check(&[
        Case {
            name: "another source",
            world: "d /a\nd /b\nd /p\nm /p",
            current: "/a /p none bind 0 0",
            desired: "/b /p none bind 0 0",
            steps: "put beneath /p: InTurn\nunmount /p\nmount /p",
            saved: "/b /p none bind 0 0",
        },
        Case {
            name: "the rest goes first",
            world: "d /a\nd /b\nd /p\nm /p\nd /q\nm /q",
            current: "/a /p none bind 0 0\n/a /q none bind 0 0",
            desired: "/b /p none bind 0 0",
            steps: "
                    unmount /q
                    remove /q: Stays
                    put beneath /p: InTurn
                    unmount /p
                    mount /p
                ",
            saved: "/b /p none bind 0 0",
        },
    ]);
}

#[test]
fn what_does_not_linger() {
    check(&[
        Case {
            name: "nothing takes its place",
            world: "d /a\nd /p\nm /p",
            current: "/a /p none bind 0 0",
            desired: "",
            steps: "unmount /p\nremove /p: Stays",
            saved: "",
        },
        Case {
            name: "it is shown by what takes its place",
            world: "d /a\nd /p/in\nm /p\nd /p/in",
            current: "/a /p none bind 0 0",
            desired: "/p/in /p none bind 0 0",
            steps: "unmount /p\nremove /p: Stays\nmount /p",
            saved: "/p/in /p none bind 0 0",
        },
        Case {
            name: "something is mounted below it",
            world: "d /a/in\nd /b/in\nd /p\nm /p\nd /p/in\nm /p/in",
            current: "/a /p none bind 0 0\n/b /p/in none bind 0 0",
            desired: "/b /p none bind 0 0\n/a /p/in none bind 0 0",
            steps: "
                    unmount /p/in
                    remove /p/in: Stays
                    unmount /p
                    remove /p: Stays
                    mount /p
                    mount /p/in
                ",
            saved: "/b /p none bind 0 0\n/a /p/in none bind 0 0",
        },
        Case {
            name: "somebody who is made before shows it",
            world: "d /a\nd /b\nd /o\nd /p\nm /p",
            current: "/a /p none bind 0 0",
            desired: "/p /o none bind 0 0\n/b /p none bind 0 0",
            steps: "unmount /p\nremove /p: Stays\nmount /o\nmount /p",
            saved: "/p /o none bind 0 0\n/b /p none bind 0 0",
        },
        Case {
            name: "what it shows changes before",
            world: "d /a/in\nd /b\nd /p\nm /p",
            current: "/a /p none bind 0 0",
            desired: "/b /a/in none bind 0 0\n/b /p none bind 0 0",
            steps: "unmount /p\nremove /p: Stays\nmount /a/in\nmount /p",
            saved: "/b /a/in none bind 0 0\n/b /p none bind 0 0",
        },
        Case {
            name: "what it shows goes",
            world: "d /a/in\nd /b\nd /p\nm /p\nm /a/in",
            current: "/b /a/in none bind 0 0\n/a /p none bind 0 0",
            desired: "/b /p none bind 0 0",
            steps: "unmount /p\nremove /p: Stays\nunmount /a/in\nremove /a/in: Stays\nmount /p",
            saved: "/b /p none bind 0 0",
        },
        Case {
            name: "its mount point was created for another that goes, and not as it is to be",
            world: "
                    d /s
                    d /x
                    m /x
                    m /tmp/t tmpfs
                    d /tmp/t/b
                    m /tmp/t/b
                    m /tmp/u
                    d /tmp/u/b
                ",
            current: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/t /tmp/u none bind 0 0
                    /tmp/u/b /x none bind 0 0
                    /s /tmp/t/b none bind,x-snapd.gid=7 0 0
                ",
            desired: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/t /tmp/u none bind 0 0
                    /s /tmp/t/b none bind,x-snapd.gid=7 0 0
                ",
            steps: "
                    unmount /tmp/t/b
                    unmount /x
                    remove /x: Stays
                    remove source /tmp/u/b
                    unmount /tmp/u
                    make /tmp/t/b
                    mount /tmp/t/b
                    make /tmp/u
                    mount /tmp/u
                ",
            saved: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /s /tmp/t/b none bind,x-snapd.gid=7 0 0
                    /tmp/t /tmp/u none bind 0 0
                ",
        },
    ]);
}

/// What a mimic binds is beneath what is mounted there, and nothing records it: after a kill nobody could
/// tell the two apart.
#[test]
fn nothing_lingers_over_a_child_of_a_mimic() {
    let world = "d /a\nd /b\nd /usr ro\nd /usr/foo";
    let first = "/a /usr/foo none bind 0 0\n/a /usr/new none bind 0 0";
    let made = big_stack(|| run(World::new(world), "", first, SYSTEM));
    let refreshed = |path: &str| {
        let line = std::format!("/a {path} none bind 0 0");
        let next = first.replace(&line, &line.replace("/a ", "/b "));
        big_stack(|| run(made.world.clone(), &made.saved, &next, SYSTEM)).steps.join("\n")
    };
    assert_eq!(refreshed("/usr/foo"), "unmount /usr/foo\nremove /usr/foo: Stays\nmount /usr/foo");
    assert_eq!(
        refreshed("/usr/new"),
        "make /usr/new\nput beneath /usr/new: InTurn\nunmount /usr/new\nmount /usr/new"
    );
}
