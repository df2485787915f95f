//! What is seen does not depend on the profiles that came before.

extern crate std;

use std::collections::BTreeSet;
use std::string::String;

use super::big_stack;
use super::run::{End, SYSTEM, run};
use super::world::World;

struct History {
    name: &'static str,
    world: &'static str,
    /// Made one after the other.
    before: &'static [&'static str],
    last: &'static str,
}

/// After `before`, `last` looks and is recorded as it is at once; and nothing is left of it in the end.
fn check(cases: &[History]) {
    for case in cases {
        let fresh = World::new(case.world);
        let updated = big_stack(|| {
            let start = run(fresh.clone(), "", "", SYSTEM);
            let before = case
                .before
                .iter()
                .fold(start, |so_far, desired| run(so_far.world, &so_far.saved, desired, SYSTEM));
            run(before.world, &before.saved, case.last, SYSTEM)
        });
        let at_once = big_stack(|| run(fresh.clone(), "", case.last, SYSTEM));
        assert_eq!((updated.end, at_once.end), (End::Done, End::Done), "{}", case.name);
        let (seen, wanted) = (updated.world.picture(), at_once.world.picture());
        assert_eq!(seen, wanted, "{}: {:#?}", case.name, updated.steps);
        let set = |saved: &str| saved.lines().map(String::from).collect::<BTreeSet<_>>();
        assert_eq!(set(&updated.saved), set(&at_once.saved), "{}", case.name);
        let undone = big_stack(|| run(updated.world, &updated.saved, "", SYSTEM));
        assert_eq!((undone.world.covered.len(), undone.saved.as_str()), (0, ""), "{}", case.name);
    }
}

#[test]
fn an_update_is_as_good_as_a_new_namespace() {
    check(&[
        History {
            name: "a mimic that is still needed by another one",
            world: "d /tmp/s\nd /usr ro\nd /usr/a",
            before: &["/tmp/s /usr/1 none bind,x-snapd.origin=layout 0 0
                /tmp/s /usr/2 none bind,x-snapd.origin=layout 0 0"],
            last: "/tmp/s /usr/2 none bind,x-snapd.origin=layout 0 0",
        },
        History {
            name: "an inner mimic after the outer one, and the reverse",
            world: "d /tmp/s\nd /usr/lib/a ro\nd /usr ro\nd /usr/lib ro",
            before: &["/tmp/s /usr/lib/new none bind,x-snapd.origin=layout 0 0"],
            last: "/tmp/s /usr/new none bind,x-snapd.origin=layout 0 0
                /tmp/s /usr/lib/new none bind,x-snapd.origin=layout 0 0",
        },
        History {
            name: "the outer mimic goes",
            world: "d /tmp/s\nd /usr/lib/a ro\nd /usr ro\nd /usr/lib ro",
            before: &["/tmp/s /usr/new none bind,x-snapd.origin=layout 0 0
                /tmp/s /usr/lib/new none bind,x-snapd.origin=layout 0 0"],
            last: "/tmp/s /usr/lib/new none bind,x-snapd.origin=layout 0 0",
        },
        History {
            name: "content inside content",
            world: "d /tmp/s/in/deep\nd /tmp/t\nd /tmp/1",
            before: &["/tmp/s /tmp/1/in none bind 0 0"],
            last: "/tmp/s /tmp/1 none bind 0 0\n/tmp/t /tmp/1/in none bind,ro 0 0",
        },
        History {
            name: "the same directory for another entry",
            world: "d /tmp/s\nd /tmp/t ro\nd /usr ro\nd /usr/a",
            before: &["/tmp/s /usr/1 none bind,x-snapd.origin=layout 0 0"],
            last: "/tmp/t /usr/1 none bind,x-snapd.origin=layout 0 0",
        },
        History {
            name: "a mount becomes a link in a mimic",
            world: "d /tmp/s\nd /usr ro\nd /usr/a",
            before: &["/tmp/s /usr/1 none bind,x-snapd.origin=layout 0 0"],
            last: "none /usr/1 none x-snapd.kind=symlink,x-snapd.symlink=/a,x-snapd.origin=layout 0 0",
        },
    ]);
}

#[test]

fn content_that_a_layout_is_built_from() {
    check(&[History {
        name: "new content below the source of a layout",
        world: "d /tmp/old ro\nd /tmp/new ro\nf /tmp/old/o text\nf /tmp/new/n text\nd /tmp/c\nd /tmp/l",
        before: &[
            "/tmp/old /tmp/c none bind 0 0\n/tmp/c /tmp/l none rbind,x-snapd.origin=layout 0 0",
        ],
        last: "/tmp/new /tmp/c none bind 0 0\n/tmp/c /tmp/l none rbind,x-snapd.origin=layout 0 0",
    }]);
}

#[test]

fn a_layout_over_what_a_mimic_restored() {
    check(&[History {
        name: "the layout came later, and goes first",
        world: "d /tmp/s\nd /usr ro\nd /usr/a ro\nf /usr/a/f text",
        before: &[
            "/tmp/s /usr/1 none bind,x-snapd.origin=layout 0 0",
            "/tmp/s /usr/1 none bind,x-snapd.origin=layout 0 0
                /tmp/s /usr/a none bind,x-snapd.origin=layout 0 0",
        ],
        last: "/tmp/s /usr/1 none bind,x-snapd.origin=layout 0 0",
    }]);
}

#[test]
fn a_layout_just_at_a_mimic() {
    check(&[History {
        name: "a layout just at the mimic that content needed",
        world: "d /tmp/s/b\nd /usr ro\nd /usr/a",
        before: &["/tmp/s /usr/b none bind 0 0\n/tmp/s /usr none rbind,x-snapd.origin=layout 0 0"],
        last: "",
    }]);
}

#[test]
fn links_of_two_mimics_at_one_place() {
    check(&[History {
        name: "the upper one goes, the lower one shows another link",
        world: "d /tmp/s\nd /tmp/t\nd /usr ro\nl /usr/b /base",
        before: &["/tmp/t /usr/a none bind 0 0
            none /usr/b none x-snapd.kind=symlink,x-snapd.symlink=/x,x-snapd.origin=layout 0 0
            /tmp/s /usr none bind,x-snapd.origin=layout 0 0"],
        last: "/tmp/t /usr/a none bind 0 0
            none /usr/b none x-snapd.kind=symlink,x-snapd.symlink=/x,x-snapd.origin=layout 0 0",
    }]);
}

#[test]
fn a_directory_on_the_way_to_another() {
    check(&[History {
        name: "it becomes a mount point, with a mode of its own",
        world: "d /tmp/s",
        before: &["tmpfs /tmp/b tmpfs mode=0755 0 0\n/tmp/s /tmp/b/a/b none bind 0 0"],
        last: "tmpfs /tmp/b tmpfs mode=0755 0 0
            /tmp/b /tmp/b/a none rbind,x-snapd.mode=01777,x-snapd.origin=layout 0 0",
    }]);
}

#[test]
fn content_that_loses_its_source_to_a_mimic() {
    check(&[History {
        name: "it is left out, also when it stands",
        world: "d /snap/y ro\nf /snap/y/c/a text\nf /snap/y/c/b text\nd /opt ro",
        before: &["/snap/y/c/a /opt/b none bind,x-snapd.kind=file 0 0"],
        last: "/snap/y/c/a /opt/b none bind,x-snapd.kind=file 0 0
            /snap/y/c/b /snap/y/c none bind,x-snapd.kind=file 0 0",
    }]);
}

#[test]
fn a_mimic_of_where_something_of_another_kind_was() {
    check(&[History {
        name: "the mount point of a file, which becomes one of a directory",
        world: "d /var/snap/x/c\nf /var/snap/x/a text",
        before: &["/var/snap/x/a /var/snap/x/c/b none bind,ro,x-snapd.kind=file 0 0"],
        last: "/var/snap/x/c /var/snap/x/c/b none bind,ro 0 0
            /var/snap/x/c/b /var/snap/x/c/b/a none bind 0 0",
    }]);
}

/// `desired` twice in a row: the second time nothing happens, whatever had to be left out.
fn check_again(name: &str, world: &str, desired: &str) {
    let first = big_stack(|| run(World::new(world), "", desired, SYSTEM));
    let again = big_stack(|| run(first.world.clone(), &first.saved, desired, SYSTEM));
    assert_eq!((first.end, again.end), (End::Done, End::Done), "{name}");
    assert_eq!(again.steps.len(), again.left_out, "{name}: {:#?}", again.steps);
    assert_eq!(again.saved, first.saved, "{name}");
}

#[test]
fn what_stands_is_looked_at_as_if_it_did_not() {
    check_again(
        "its source is not there before a mimic is found",
        "d /snap/x/1 ro\nd /snap/x/1/b/a\nd /snap/y/1 ro\nf /snap/y/1/a/c/b/c text",
        "none /snap/x/1/b/a none x-snapd.kind=symlink,x-snapd.symlink=/c,x-snapd.origin=layout 0 0
            /snap/y/1/a/c/b/c /snap/y/1/a/c/b/b none bind,ro,x-snapd.kind=file 0 0
            /snap/x/1/b/a /snap/y/1/a/c/b none bind,ro 0 0",
    );
    check_again(
        "its source turns out to be made in a mimic that a later entry needs",
        "d /snap/x/1 ro\nl /snap/x/1/a/c /snap/x/1/a/c/b/a",
        "/snap/x/1/a/c/b/a /snap/x/1/a/b none rbind,rw,x-snapd.origin=layout 0 0
            /snap/x/1/a/b /snap/x/1/a/c none rbind,rw,x-snapd.origin=layout 0 0
            /snap/x/1/a/c/b/b/b /snap/x/1/a/b/c none bind,rw,x-snapd.kind=file 0 0",
    );
}

#[test]
fn what_stands_does_not_make_itself_possible() {
    let world = World::new("d /usr ro\nf /usr/a/b/b text\nd /opt ro");
    let before = "/usr/a/b /usr/a/a none rbind,x-snapd.origin=layout 0 0";
    let desired = "/opt/c /usr/a/b none rbind,x-snapd.origin=layout 0 0
        /usr/a/b /usr/a/a none rbind,x-snapd.origin=layout 0 0
        /opt/c /usr/a none rbind,x-snapd.origin=layout 0 0
        /usr/a/b /opt/c none rbind,x-snapd.origin=layout 0 0";
    let first = big_stack(|| run(world.clone(), "", before, SYSTEM));
    let updated = big_stack(|| run(first.world.clone(), &first.saved, desired, SYSTEM));
    let at_once = big_stack(|| run(world.clone(), "", desired, SYSTEM));
    assert_eq!((first.end, updated.end, at_once.end), (End::Done, End::Refused, End::Refused));
    assert_eq!(updated.steps, ["refused /usr/a/a: Found(File) Source"]);
}
