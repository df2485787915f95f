//! What is recorded of mimics: one number for everything in them.

extern crate std;

use std::format;
use std::string::String;

use super::big_stack;
use super::run::{End, Run, SYSTEM, run};
use super::world::World;

const OLD: &str = "/snap/x/1 /d/old none bind,x-snapd.origin=layout 0 0\n";
const NEW: &str = "/snap/x/1 /d/new none bind,x-snapd.origin=layout 0 0\n";
const DEEP: &str = "/snap/x/1 /d/sub/deep none bind,x-snapd.origin=layout 0 0\n";

/// A read-only directory with `count` files, a directory, a link and a socket.
fn crowd(count: usize) -> String {
    let files = (0..count).map(|number| format!("f /d/{number}\n")).collect::<String>();
    format!("d /tmp\nd /snap/x/1\nd /d ro\nd /d/sub/deep\nl /d/link /x\ns /d/socket\n{files}")
}

fn update(world: World, current: &str, desired: &str) -> Run {
    let done = big_stack(|| run(world, current, desired, SYSTEM));
    assert_eq!(done.end, End::Done, "{:?}", done.steps);
    done
}

#[test]
fn are_recorded_by_their_tmpfs_alone() {
    let done = update(World::new(&crowd(600)), "", OLD);
    assert_eq!(done.steps, ["mimic /d", "make /d/old", "mount /d/old"]);
    let (tmpfs, rest) = done.saved.split_once('\n').unwrap();
    let start = "tmpfs /d tmpfs x-snapd.synthetic,x-snapd.needed-by=/d/old,mode=0755,uid=0,gid=0,x-snapd.shows=";
    let shows = tmpfs.strip_prefix(start).unwrap().strip_suffix(" 0 0").unwrap();
    assert_eq!((shows.len(), rest.trim_end()), (16, OLD.trim_end()));
    // One thing less, or a thing of another kind, is another number.
    for other in [crowd(599), crowd(600).replace("s /d/socket", "f /d/socket")] {
        let other = update(World::new(&other), "", OLD);
        assert!(!other.saved.contains(shows), "{}", other.saved);
    }
}

#[test]
fn stay_while_the_same_is_in_them() {
    let first = update(World::new(&crowd(600)), "", OLD);
    let all = format!("{OLD}{NEW}{DEEP}");
    let more = update(first.world.clone(), &first.saved, &all);
    assert_eq!(more.steps, ["make /d/new", "mount /d/new", "mount /d/sub/deep"]);
    let less = update(more.world, &more.saved, OLD);
    let undone =
        ["unmount /d/sub/deep", "remove /d/sub/deep: Stays", "unmount /d/new", "remove /d/new"];
    assert_eq!(less.steps[..4], undone);
    assert_eq!((less.steps.len(), &less.saved), (4, &first.saved));
}

#[test]
fn are_made_again_when_something_else_is_in_them() {
    let first = update(World::new(&crowd(600)), "", OLD);
    let gone = update(first.world.clone(), &first.saved, "");
    assert_eq!((gone.steps.last().unwrap().as_str(), gone.saved.as_str()), ("unmount /d", ""));
    // As if another number were recorded.
    let (head, shows) = first.saved.split_once("x-snapd.shows=").unwrap();
    let other = format!("{head}x-snapd.shows=0{}", &shows[1..]);
    let again = update(first.world, &other, &format!("{OLD}{NEW}"));
    assert!(again.steps.iter().any(|step| step == "mimic /d"), "{:?}", again.steps);
    assert_eq!(again.saved.lines().count(), 3);
}

/// As the packaged program and earlier versions recorded them: nothing is done while nothing changes,
/// and all goes with the tmpfs.
#[test]
fn lines_of_children_are_taken_over() {
    let needed = "x-snapd.synthetic,x-snapd.needed-by=/d/old";
    let mut current = format!("tmpfs /d tmpfs {needed},mode=0755,uid=0,gid=0 0 0\n");
    let mut world = crowd(600);
    world.push_str("m /d tmpfs\n");
    for number in 0..600 {
        current += &format!("/d/{number} /d/{number} none bind,x-snapd.kind=file,{needed} 0 0\n");
        world += &format!("f /d/{number}\nm /d/{number}\n");
    }
    current += &format!("/d/sub /d/sub none rbind,{needed},x-snapd.detach 0 0\n{OLD}");
    world += "d /d/sub\nm /d/sub\nd /d/old\nm /d/old\n";
    let same = update(World::new(&world), &current, OLD);
    assert_eq!((same.steps.len(), same.saved.as_str()), (0, current.as_str()));
    let gone = update(World::new(&world), &current, "");
    assert_eq!((gone.steps.join(", ").as_str(), gone.saved.as_str()), ("unmount /d", ""));
    let more = update(World::new(&world), &current, &format!("{OLD}{NEW}"));
    let steps = "unmount /d, mimic /d, make /d/new, mount /d/new, make /d/old, mount /d/old";
    assert_eq!(more.steps.join(", "), steps);
    assert_eq!(more.saved, update(World::new(&crowd(600)), "", &format!("{OLD}{NEW}")).saved);
}
