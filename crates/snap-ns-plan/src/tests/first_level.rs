//! Names right below `/` of a recorded root: each kind of entry can follow each other one, because a
//! fresh root has none of them.

extern crate std;

use std::format;
use std::string::String;

use super::big_stack;
use super::run::{End, Run, SYSTEM, run};
use super::world::World;

const ROOT: &str = "tmpfs / tmpfs x-snapd.origin=rootfs 0 0";

const WORLD: &str = "
    d / tmpfs
    f /snap/x/f
    f /snap/x/g
    f /snap/x/h text
    d /snap/x/d/in
";

/// What can be asked for at `/n`; last, nothing.
const KINDS: [&str; 12] = [
    "none /n none x-snapd.kind=symlink,x-snapd.symlink=/snap/x/1,x-snapd.origin=layout 0 0",
    "none /n none x-snapd.kind=symlink,x-snapd.symlink=/snap/x/2,x-snapd.origin=layout 0 0",
    "/snap/x/f /n none bind,x-snapd.kind=file,x-snapd.origin=layout 0 0",
    "/snap/x/g /n none bind,x-snapd.kind=file 0 0",
    "/snap/x/d /n none rbind,x-snapd.origin=layout 0 0",
    "/snap/x/d/in /n none bind,ro 0 0",
    "tmpfs /n tmpfs mode=0755,x-snapd.origin=layout 0 0",
    "/snap/x/d /n/sub none rbind,x-snapd.origin=layout 0 0",
    "none /n/sub none x-snapd.kind=symlink,x-snapd.symlink=/snap/x/1,x-snapd.origin=layout 0 0",
    // As a source it is created.
    "/n /snap/x/d none bind 0 0",
    "/n /snap/x/h none bind,x-snapd.kind=file 0 0",
    "",
];

fn update(world: World, saved: &str, desired: &str) -> Run {
    big_stack(|| run(world, saved, desired, SYSTEM))
}

#[test]
fn each_kind_follows_each_other_one() {
    // Each made first, as in a fresh namespace.
    let made = KINDS.map(|kind| update(World::new(WORLD), ROOT, kind));
    for (from, first) in KINDS.iter().zip(&made) {
        assert_eq!((first.end, first.left_out), (End::Done, 0), "{from}: {:#?}", first.steps);
        for (to, fresh) in KINDS.iter().zip(&made) {
            let then = update(first.world.clone(), &first.saved, to);
            let steps = format!("{from}\n{to}\n{:#?}", then.steps);
            assert_eq!((then.end, then.left_out), (End::Done, 0), "{steps}");
            assert_eq!(then.world.picture(), fresh.world.picture(), "{steps}");
            assert_eq!(then.saved.trim(), fresh.saved.trim(), "{steps}");
        }
    }
}

/// A file or directory gives way to the next one although that one's source has to be created, or so
/// much goes that nothing lingers.
#[test]
fn the_mount_point_is_used_again() {
    for (kind, mark) in [("", ""), (",x-snapd.kind=file", "-f")] {
        let entry = |source: &str| {
            format!("/snap/x/{source}{mark} /n none bind{kind},x-snapd.origin=layout 0 0\n")
        };
        let many = (0..80).fold(String::new(), |text, at| {
            text + &format!("/snap/x/d /tmp/{at} none rbind,x-snapd.origin=layout 0 0\n")
        });
        for others in ["", &many] {
            let desired = entry("new1") + others;
            let first = update(World::new(WORLD), ROOT, &desired);
            assert_eq!(first.end, End::Done, "{:#?}", first.steps);
            let then = update(first.world, &first.saved, &entry("new2"));
            assert_eq!(then.end, End::Done, "{:#?}", then.steps);
            assert!(then.saved.contains("/new2"), "{}", then.saved);
        }
    }
}

/// What an earlier run made, and somebody changed since, is in the way like anybody's.
#[test]
fn what_is_not_ours_any_more() {
    let link =
        "none /n none x-snapd.kind=symlink,x-snapd.symlink=/snap/x/1,x-snapd.origin=layout 0 0";
    let directory = "/snap/x/d /n none rbind,x-snapd.origin=layout 0 0";
    for world in ["l /n /elsewhere", "f /n text", "s /n"] {
        let current = format!("{ROOT}\n{link}\n/snap/x/f /n none bind,x-snapd.kind=file 0 0");
        let run = update(World::new(&format!("{WORLD}\n{world}")), &current, directory);
        assert_eq!(run.end, End::Refused, "{world}: {:#?}", run.steps);
    }
}
