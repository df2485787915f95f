//! Running into each limit that can be reached, before anything is touched.
//!
//! Not reachable: steps (they are limited by the entries and mimics).

extern crate std;

use std::format;
use std::string::String;
use std::vec;

use super::big_stack;
use super::run::{End, Run, SYSTEM, run};
use super::world::World;

fn plan(world: &str, current: &str, desired: &str) -> Run {
    let done = big_stack(|| run(World::new(world), current, desired, SYSTEM));
    if done.end == End::Refused {
        assert_eq!(done.world.performed, 0);
    }
    done
}

/// `count` files named by number and `padding`, in a read-only directory.
fn read_only(dir: &str, count: usize, padding: &str) -> String {
    let files = (0..count).map(|number| format!("f {dir}/{number}{padding}\n"));
    format!("d {dir} ro\n{}", files.collect::<String>())
}

fn layout(mount_point: &str) -> String {
    format!("/tmp /{mount_point} none bind,x-snapd.origin=layout 0 0\n")
}

#[test]
fn children_of_one_mimic() {
    for (count, refused) in [(32_768, false), (32_769, true)] {
        let done = plan(&format!("d /tmp\n{}", read_only("/d", count, "")), "", &layout("d/new"));
        if refused {
            assert_eq!(done.steps, ["refused /d/new: Full(Children) MountPoint 2"]);
        } else {
            assert_eq!(done.steps, ["mimic /d", "make /d/new", "mount /d/new"]);
        }
    }
}

#[test]
fn content_runs_into_limits_too() {
    let world = format!("d /tmp\n{}", read_only("/d", 32_769, ""));
    let desired = "/tmp /d/new none bind 0 0\n/tmp /tmp/other none bind 0 0";
    let done = plan(&world, "", desired);
    let steps =
        ["left out /d/new: Full(Children) MountPoint 2", "make /tmp/other", "mount /tmp/other"];
    assert_eq!(done.steps, steps);
}

#[test]
fn names() {
    let padding = "n".repeat(250);
    let mut world = String::from("d /tmp\n");
    let mut desired = String::new();
    for dir in ["a", "b", "c"] {
        world.push_str(&read_only(&format!("/{dir}"), 5600, &padding));
        desired.push_str(&layout(&format!("{dir}/new")));
    }
    assert_eq!(plan(&world, "", &desired).steps, ["refused /c/new: Full(Names) MountPoint 2"]);
}

#[test]
fn entries() {
    // A profile that is just full, and the mimic.
    let world = "d /tmp\nd /d ro";
    let links = (1..16_384).map(|number| {
        format!("none /tmp/{number} none x-snapd.kind=symlink,x-snapd.symlink=/x 0 0\n")
    });
    let desired = format!("{}{}", layout("d/new"), links.collect::<String>());
    assert_eq!(plan(world, "", &desired).steps, ["full Entries"]);
}

#[test]
fn text() {
    // The ID is in the line of the mimic, too.
    let (mut world, mut desired) = (String::from("d /tmp\n"), String::new());
    for dir in 0..1100 {
        world.push_str(&format!("d /r/{dir} ro\n"));
        let id = format!("{dir}-{}", "i".repeat(4000));
        desired += &format!("/tmp /r/{dir}/new none bind,x-snapd.id={id} 0 0\n");
    }
    assert_eq!(plan(&world, "", &desired).steps, ["full Text"]);
}

#[test]
fn a_line() {
    // A space in the options of a line with too many fields is one byte, and four when it is
    // written. A bind takes such options, however long, as nobody hands them to a file system.
    for (words, fits) in [(13_000, true), (20_000, false)] {
        let desired = format!("/tmp /tmp/t none bind,{} 0 0\n", vec!["a"; words].join(" "));
        let done = plan("d /tmp/t", "", &desired);
        assert_eq!(done.steps, [if fits { "mount /tmp/t" } else { "full Line" }]);
        assert_eq!(done.saved.is_empty(), !fits);
    }
}

#[test]
fn data() {
    // Mode and owner may come behind it, in the one page that the kernel takes.
    for (len, refused) in [(4055, false), (4056, true)] {
        let desired = format!("tmpfs /tmp/t tmpfs {} 0 0\n", "a".repeat(len));
        let layout = format!("tmpfs /tmp/u tmpfs {},x-snapd.origin=layout 0 0\n", "a".repeat(len));
        if refused {
            let left_out = ["left out /tmp/t: Full(Data) MountPoint"];
            assert_eq!(plan("d /tmp", "", &desired).steps, left_out);
            let refused = ["refused /tmp/u: Full(Data) MountPoint"];
            assert_eq!(plan("d /tmp", "", &layout).steps, refused);
        } else {
            assert_eq!(plan("d /tmp", "", &desired).steps, ["make /tmp/t", "mount /tmp/t"]);
            assert_eq!(plan("d /tmp", "", &layout).steps, ["make /tmp/u", "mount /tmp/u"]);
        }
    }
}

#[test]
fn mimics() {
    let mut world = String::from("d /tmp\n");
    let mut desired = String::new();
    for dir in 0..4097 {
        world.push_str(&format!("d /r/{dir} ro\n"));
        desired.push_str(&layout(&format!("r/{dir}/new")));
    }
    let done = plan(&world, "", &desired);
    assert_eq!(done.steps, ["refused /r/999/new: Full(Mimics) MountPoint 6"]);
}

#[test]
fn a_path_that_gets_too_long() {
    let long = format!("/tmp/{}", ["d".repeat(200).as_str(); 19].join("/"));
    let name = "n".repeat(255);
    let world = format!("d {long}\nd /tmp/m\n");
    let content = format!("{long} /tmp/m none bind 0 0\n");
    let done = plan(&world, "", &format!("{content}{}", layout(&format!("tmp/m/{name}/{name}"))));
    let refused = format!("refused /tmp/m/{name}/{name}: Full(Path) MountPoint");
    assert_eq!(done.steps, [refused]);
}

#[test]
fn a_name_in_a_tmpfs_of_this_run() {
    for (len, fits) in [(255, true), (256, false)] {
        let path = format!("/tmp/t/{}", "n".repeat(len));
        let done = plan(
            "d /tmp/t",
            "",
            &format!("tmpfs /tmp/t tmpfs defaults 0 0\n/tmp {path} none bind 0 0\n"),
        );
        if fits {
            assert_eq!(done.steps[1..], [format!("make {path}"), format!("mount {path}")]);
        } else {
            assert_eq!(done.steps[0], format!("left out {path}: Failed(Open, 36) MountPoint"));
        }
    }
}

#[test]
fn a_path_that_just_fits() {
    // It leads to a path of that length.
    let long = format!("/tmp/{}", ["d".repeat(200).as_str(); 19].join("/"));
    for (len, fits) in [(4095, true), (4096, false)] {
        let name = "n".repeat(200);
        let rest = len - long.len() - 2 - name.len();
        let path = format!("/tmp/m/{name}/{}", "n".repeat(rest));
        let content = format!("{long} /tmp/m none bind 0 0\n/tmp {path} none bind 0 0\n");
        let done = plan(&format!("d {long}\nd /tmp/m\n"), "", &content);
        if fits {
            assert_eq!(done.steps[1..], [format!("make {path}"), format!("mount {path}")]);
        } else {
            assert_eq!(done.steps[0], format!("left out {path}: Full(Path) MountPoint"));
        }
    }
}
