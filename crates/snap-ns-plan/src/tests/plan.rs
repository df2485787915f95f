//! What can be asked about a plan.

extern crate std;

use std::vec::Vec;

use super::big_stack;
use super::run::{SYSTEM, saved, utf8, with_plan, with_profile};
use super::territory::Nobody;
use super::world::World;
use crate::{Comparison, Field, Plan, Reason, What, Which};

const MIMIC: &str = "tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/b,mode=0755,uid=0,gid=0,x-snapd.shows=cbf29ce484222325 0 0";

/// The reason of each step.
fn reasons(world: &str, current: &str, desired: &str) -> Vec<Reason> {
    with_plan(current, desired, |plan, _| {
        plan.complete(&mut World::new(world), &mut Nobody).unwrap();
        plan.steps().iter().map(|step| plan.reason(step.op)).collect()
    })
}

#[test]
fn why_a_mimic_is_made() {
    let layout = "/tmp/s /usr/b none bind,x-snapd.origin=layout 0 0";
    for (world, reason) in [
        ("d /tmp/s\nd /usr ro", Reason::ReadOnly),
        ("d /tmp/s\nd /usr", Reason::WouldShowOnHost),
        ("d /tmp/s\nf /usr/b text\nd /usr ro", Reason::InTheWay),
    ] {
        assert_eq!(reasons(world, "", layout)[0], reason, "{world}");
    }
}

#[test]
fn why_something_is_made_again() {
    let world = "d /tmp/s/in\nd /tmp/1";
    let current = "/tmp/s /tmp/1 none bind 0 0\n/tmp/s /tmp/1/in none bind 0 0";
    let desired = "/tmp/s /tmp/1 none bind,ro 0 0\n/tmp/s /tmp/1/in none bind 0 0";
    let (differs, related) = (Reason::Differs(Field::Options), Reason::Related(Which::Current(0)));
    let mut found = reasons(world, current, desired);
    found.dedup();
    assert_eq!(found, [related, differs, related]);
}

#[test]
fn what_is_not_mounted_is_made_again() {
    let entry = "/tmp/s /tmp/1 none bind 0 0";
    let desired = "/tmp/s /tmp/1 none bind 0 0\n/tmp/s /tmp/2 none bind 0 0";
    for (noted, steps) in [(None, 1), (Some(false), 3), (Some(true), 3)] {
        with_plan(entry, desired, |plan, compared| {
            assert_eq!(compared, Comparison::Differ);
            assert_eq!((plan.recorded(), plan.recorded_mount(0)), (1, Some(&b"/tmp/1"[..])));
            assert!(plan.asks_beneath());
            match noted {
                Some(true) => plan.note_nothing_mounted(),
                Some(false) => plan.note_not_mounted(0),
                None => {}
            }
            let mut world = World::new("d /tmp/s\nd /tmp/1\nd /tmp/2");
            plan.complete(&mut world, &mut Nobody).unwrap();
            assert_eq!(plan.steps().len(), steps);
            assert_eq!(plan.reason(plan.steps()[0].op) == Reason::NotMounted, noted.is_some());
        });
    }
}

/// A link and the root file system are no mounts to look beneath; and without anything desired nobody
/// looks.
#[test]
fn what_is_looked_beneath() {
    let link = "none /tmp/l none x-snapd.kind=symlink,x-snapd.symlink=/a 0 0";
    let root = "tmpfs / tmpfs x-snapd.origin=rootfs 0 0";
    let bind = "/tmp/s /tmp/1 none bind 0 0";
    for (current, desired, asks) in [
        ("", bind, false),
        (link, bind, false),
        (root, bind, false),
        (bind, link, true),
        (bind, "", false),
    ] {
        let asked = with_plan(current, desired, |plan, _| plan.asks_beneath());
        assert_eq!(asked, asks, "{current} {desired}");
    }
}

#[test]
fn what_is_to_be_done() {
    let needed = |by: &str| MIMIC.replace("/usr/b", by);
    let (b, c) = ("/tmp/s /usr/b none bind 0 0", "/tmp/s /usr/c none bind 0 0");
    let ensured = "none /tmp/e none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/tmp 0 0";
    let both = std::format!("{b}\n{c}");
    for (current, desired, empty, touches) in [
        // The record says that an entry needs the mimic which is not there any more.
        (std::format!("{}\n{b}\n{c}", needed("/usr/x")), both.clone(), false, false),
        (std::format!("{ensured}\n{MIMIC}\n{b}\n{c}"), both.clone(), false, false),
        (std::format!("{MIMIC}\n{b}"), both, false, true),
    ] {
        with_plan(&current, &desired, |plan, _| {
            let mut world = World::new("d /tmp/s\nd /usr ro\nd /tmp/e");
            plan.complete(&mut world, &mut Nobody).unwrap();
            assert_eq!((plan.is_empty(), plan.touches_tree()), (empty, touches), "{current}");
        });
    }
}

/// What a plan was used for before does not matter.
#[test]
fn a_plan_that_is_used_again() {
    let desired = "/tmp/s /tmp/1 none bind 0 0\n/tmp/s /usr/b none bind 0 0";
    big_stack(|| {
        with_profile("", snap_profile::Role::Current, |current| {
            with_profile(desired, snap_profile::Role::Desired, |desired| {
                let mut plan = Plan::new();
                let mut steps = || {
                    let compared = plan.compare(current, desired, SYSTEM).unwrap();
                    assert_eq!(compared, Comparison::Differ);
                    let mut world = World::new("d /tmp/s\nd /usr ro");
                    plan.complete(&mut world, &mut Nobody).unwrap();
                    plan.steps().to_vec()
                };
                assert_eq!(steps(), steps());
            });
        });
    });
}

/// Which entry a step is for.
#[test]
fn whose_step_it_is() {
    let (old, new) = ("/tmp/s /tmp/1 none bind 0 0", "/tmp/s /tmp/2 none bind 0 0");
    with_plan(old, new, |plan, _| {
        plan.complete(&mut World::new("d /tmp/s\nd /tmp/1"), &mut Nobody).unwrap();
        let item = |op| plan.item(op).map(|item| utf8(item.entry.mount_point));
        let paths: Vec<_> = plan.steps().iter().filter_map(|step| item(step.op)).collect();
        assert_eq!(paths, ["/tmp/1", "/tmp/1", "/tmp/2", "/tmp/2"]);
    });
}

#[test]
fn nothing_is_to_be_done() {
    let entry = "/tmp/s /tmp/1 none bind 0 0";
    assert!(with_plan(entry, entry, |plan, _| plan.is_empty()));
}

/// Mimics may be needed by entries whose ID is not their mount point.
#[test]
fn the_same_with_names() {
    let mut current = std::string::String::new();
    let mut desired = std::string::String::new();
    for name in ["b", "c", "a", "d"] {
        let entry = std::format!("/tmp/s /usr/{name}/1 none bind,x-snapd.id=id-{name} 0 0\n");
        let mimic = MIMIC.replace("/usr/b", &std::format!("id-{name}"));
        current +=
            &std::format!("{}\n{entry}", mimic.replace("/usr", &std::format!("/usr/{name}")));
        desired += &entry;
    }
    let compare = |desired: &str| with_plan(&current, desired, |_, compared| compared);
    assert_eq!(compare(&desired), Comparison::Same);
    assert_eq!(compare(&desired.replace("id-c", "id-x")), Comparison::Differ);
}

/// What goes and what comes never stand at the same time.
#[test]
fn room_for_what_is_saved() {
    let (long, short) = ("/tmp/s /tmp/long/er none bind 0 0\n", "/tmp/s /tmp/2 none bind 0 0\n");
    for (current, desired) in [(long, short), (short, long)] {
        with_plan(current, desired, |plan, _| {
            plan.complete(&mut World::new("d /tmp/s\nd /tmp/2\nd /tmp/long/er"), &mut Nobody)
                .unwrap();
            assert_eq!(plan.saved_len(), long.len(), "{}", saved(plan));
        });
    }
}

/// Somebody removes what a mimic was to show: it shows the others, and that is what is recorded.
#[test]
fn a_child_that_is_gone() {
    let desired = "/tmp/s /opt/new none bind,x-snapd.origin=layout 0 0
        /tmp/s /usr/new none bind,x-snapd.origin=layout 0 0";
    let all = ["/opt/a", "/usr/b"];
    let recorded = |planned: &[&str], there: &[&str]| {
        with_plan("", desired, |plan, _| {
            let mut world = World::new("d /tmp/s\nd /opt/a\nd /usr/a\nd /usr/b\nd /usr ro");
            let remove = |world: &mut World, keep: &[&str]| {
                for gone in all.iter().filter(|path| !keep.contains(path)) {
                    world.nodes.remove(gone.as_bytes());
                }
            };
            remove(&mut world, planned);
            plan.complete(&mut world, &mut Nobody).unwrap();
            remove(&mut world, there);
            plan.drive(&mut world, &mut Nobody).map(|()| saved(plan)).unwrap()
        })
    };
    assert_eq!(recorded(&all, &[]), recorded(&[], &[]));
    assert_ne!(recorded(&all, &[]), recorded(&all, &all));
}

/// The world changes after the plan was made: the step that meets it fails with entry and path, and
/// no step is added. What stands then is what was made before.
#[test]
fn a_world_that_races() {
    for origin in ["x-snapd.origin=layout", "x-snapd.id=content"] {
        let desired = std::format!(
            "/tmp/s /usr/new none bind,{origin} 0 0\n/tmp/s /tmp/a/new none bind,{origin} 0 0"
        );
        let (end, steps, before, saved) = with_plan("", &desired, |plan, _| {
            let mut world = World::new("d /tmp/s\nd /tmp/a\nd /usr/b\nd /usr ro");
            plan.complete(&mut world, &mut Nobody).unwrap();
            let before = plan.steps().len();
            world = World::new("d /tmp/s\nd /tmp/a ro\nd /usr/b\nd /usr ro");
            let end = plan.drive(&mut world, &mut Nobody);
            (end, plan.steps().len(), before, saved(plan))
        });
        assert_eq!(steps, before);
        if origin == "x-snapd.id=content" {
            assert_eq!(end, Ok(()), "content is left out");
            continue;
        }
        let fault = end.unwrap_err().fault;
        assert_eq!((fault.what, fault.place.len), (What::ReadOnly, 6));
        assert!(saved.starts_with("tmpfs /usr") && !saved.contains(" /tmp/a/new "), "{saved}");
    }
}
