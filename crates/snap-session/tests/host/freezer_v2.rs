//! The freezer on a real cgroup2, mounted where the program looks for it.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use snap_ns_testbed::{is_root_or_skips, mount_new, skip};
use snap_session::{Freezer, Instance, SessionError};

use crate::group::{Busy, Group};
use crate::isolated;
use crate::stuck::Stuck;

const ROOT: &str = "/sys/fs/cgroup";

/// Runs `body` with a cgroup2, as the test `name`. Its groups' names have this process's number in
/// them, so that they are nobody else's.
#[track_caller]
fn with_cgroup2(name: &str, body: impl FnOnce(&str) -> Result<()>) {
    if !is_root_or_skips(name) {
        return;
    }
    let filesystems = fs::read_to_string("/proc/filesystems").expect("filesystems");
    if !filesystems.contains("\tcgroup2\n") {
        return skip(name, "the kernel has no cgroup2");
    }
    isolated(name, || {
        mount_new("cgroup2", ROOT, "")?;
        body(&format!("t{}", std::process::id()))
    });
}

/// Puts this process into a group, and back where it was when this is dropped.
struct Inside<'g>(&'g Group, String);

impl<'g> Inside<'g> {
    fn new(group: &'g Group) -> Self {
        let text = fs::read_to_string("/proc/self/cgroup").expect("cgroup");
        let own = text.lines().find_map(|line| line.strip_prefix("0::")).expect("a cgroup2");
        group.write("cgroup.procs", "0");
        Self(group, own.to_owned())
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        // A process in a frozen group could not leave it.
        self.0.write("cgroup.freeze", "0");
        fs::write(format!("{ROOT}{}/cgroup.procs", self.1), "0").expect("leave the group");
    }
}

#[test]
fn nested_groups_are_frozen_and_thawed() {
    with_cgroup2("freezer_v2::nested_groups_are_frozen_and_thawed", |snap| {
        let instance = Instance::parse(snap.as_bytes()).unwrap();
        let top = Group::new(format!("{ROOT}/top-{snap}"));
        let middle = top.below("user.slice");
        let scope = middle.below(&format!("snap.{snap}.app.scope"));
        let service = top.below(&format!("snap.{snap}.daemon.service"));
        // A group with processes of its own, and one that has them below it only.
        let runner = top.below(&format!("snap.{snap}.runner.service"));
        let below = runner.below("payload");
        let others = [
            format!("snap.{snap}x.app.scope"),
            format!("snap.{snap}_key.app.scope"),
            format!("snap.{snap}.app.slice"),
            format!("snap.{snap}.app"),
            format!("{snap}.app.scope"),
        ]
        .map(|name| middle.below(&name));
        let busy = [&scope, &service, &below].map(Busy::in_group);
        let free: Vec<_> = others.iter().map(Busy::in_group).collect();
        let mut freezer = Freezer::new(instance);
        for _ in 0..3 {
            assert_eq!(freezer.freeze(), Ok(()));
            // Not at some time, but at once: it was waited for.
            let frozen = [&scope, &service, &below].map(Group::is_frozen);
            assert_eq!(frozen, [true; 3], "scope, service, group below a service");
            assert!(busy.iter().all(Busy::stands));
            assert!(others.iter().all(|other| !other.is_frozen()));
            assert_eq!(others.each_ref().map(|it| it.read("cgroup.freeze")), ["0\n"; 5]);
            assert_eq!((top.is_frozen(), middle.is_frozen()), (false, false));
            assert_eq!(freezer.thaw(), Ok(()));
            assert!(busy.iter().all(Busy::runs) && free.iter().all(Busy::runs));
        }
        Ok(())
    });
}

#[test]
fn groups_below_one_with_processes_are_waited_for() {
    with_cgroup2("freezer_v2::groups_below_one_with_processes_are_waited_for", |snap| {
        let top = Group::new(format!("{ROOT}/top-{snap}"));
        let scope = top.below(&format!("snap.{snap}.app.scope"));
        let below = scope.below("payload");
        let deeper = below.below("payload");
        let busy = [&scope, &below, &deeper].map(Busy::in_group);
        let mut freezer = Freezer::new(Instance::parse(snap.as_bytes()).unwrap());
        for _ in 0..20 {
            assert_eq!(freezer.freeze(), Ok(()));
            assert_eq!([&scope, &below, &deeper].map(Group::is_frozen), [true; 3]);
            assert_eq!(freezer.thaw(), Ok(()));
            assert!(busy.iter().all(Busy::runs));
        }
        Ok(())
    });
}

#[test]
fn the_own_group_is_never_frozen() {
    with_cgroup2("freezer_v2::the_own_group_is_never_frozen", |snap| {
        let instance = Instance::parse(snap.as_bytes()).unwrap();
        let top = Group::new(format!("{ROOT}/top-{snap}"));
        let own = top.below(&format!("snap.{snap}.own.scope"));
        let deeper = own.below("deeper");
        let other = top.below(&format!("snap.{snap}.other.scope"));
        let busy = Busy::in_group(&other);
        for inside in [&own, &deeper] {
            let _inside = Inside::new(inside);
            let mut freezer = Freezer::new(instance);
            assert_eq!(freezer.freeze(), Ok(()));
            assert!(other.is_frozen() && busy.stands());
            assert!(freezer.spared_own_group());
            assert_eq!(own.read("cgroup.freeze"), "0\n");
            assert_eq!(deeper.read("cgroup.freeze"), "0\n");
            assert_eq!(freezer.thaw(), Ok(()));
            assert!(!other.is_frozen() && busy.runs());
        }
        Ok(())
    });
}

#[test]
fn no_group_is_fine() {
    with_cgroup2("freezer_v2::no_group_is_fine", |snap| {
        let mut freezer = Freezer::new(Instance::parse(snap.as_bytes()).unwrap());
        assert_eq!(freezer.freeze(), Ok(()));
        assert_eq!(freezer.thaw(), Ok(()));
        let empty = Group::new(format!("{ROOT}/snap.{snap}.empty.scope"));
        assert_eq!(freezer.freeze(), Ok(()));
        assert_eq!(empty.read("cgroup.freeze"), "1\n");
        assert_eq!(freezer.thaw(), Ok(()));
        assert_eq!(empty.read("cgroup.freeze"), "0\n");
        Ok(())
    });
}

#[test]
fn many_groups_in_one_directory() {
    with_cgroup2("freezer_v2::many_groups_in_one_directory", |snap| {
        // More than one batch of directory entries.
        let top = Group::new(format!("{ROOT}/top-{snap}"));
        let name = |n| format!("snap.{snap}.{}-{n}.scope", "long".repeat(20));
        let groups: Vec<_> = (0..100).map(|n| top.below(&name(n))).collect();
        let below: Vec<_> = groups.iter().map(|group| group.below("payload")).collect();
        let busy = [&groups[0], &below[0], &groups[99], &below[99]].map(Busy::in_group);
        let mut freezer = Freezer::new(Instance::parse(snap.as_bytes()).unwrap());
        assert_eq!(freezer.freeze(), Ok(()));
        assert!(groups.iter().chain(&below).all(Group::is_frozen));
        assert!(groups.iter().all(|group| group.read("cgroup.freeze") == "1\n"));
        assert_eq!(freezer.thaw(), Ok(()));
        assert!(groups.iter().all(|group| group.read("cgroup.freeze") == "0\n"));
        assert!(busy.iter().all(Busy::runs));
        Ok(())
    });
}

/// Runs `body`, as the test `name`, with the instance's name and a group that cannot be frozen,
/// in a group `top`, as long as its process is stuck.
#[track_caller]
fn with_a_stuck_group(name: &str, body: impl FnOnce(&str, &Group, Group, Stuck) -> Result<()>) {
    if !Path::new("/dev/fuse").exists() {
        return skip(name, "there is no /dev/fuse");
    }
    with_cgroup2(name, |snap| {
        let top = Group::new(format!("{ROOT}/top-{snap}"));
        let group = top.below(&format!("snap.{snap}.stuck.scope"));
        let stuck = Stuck::in_group(&group)?;
        body(snap, &top, group, stuck)
    });
}

fn wait_until(what: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(5);
    while !what() {
        assert!(Instant::now() < end, "waited in vain");
        std::thread::yield_now();
    }
}

#[test]
fn a_group_that_does_not_freeze_is_named_and_all_are_thawed() {
    let name = "freezer_v2::a_group_that_does_not_freeze_is_named_and_all_are_thawed";
    with_a_stuck_group(name, |snap, top, group, stuck| {
        let other = top.below(&format!("snap.{snap}.other.scope"));
        let busy = Busy::in_group(&other);
        let began = Instant::now();
        let frozen = Freezer::new(Instance::parse(snap.as_bytes()).unwrap()).freeze();
        let took = began.elapsed();
        let Err(SessionError::NotFrozen(named)) = frozen else { panic!("{frozen:?}") };
        assert_eq!(named.as_bytes(), b".stuck.scope");
        assert!((Duration::from_secs(3)..Duration::from_secs(6)).contains(&took), "{took:?}");
        let states = [&group, &other].map(|group| group.read("cgroup.freeze"));
        assert_eq!(states, ["0\n", "0\n"]);
        assert!(busy.runs());
        drop(stuck);
        Ok(())
    });
}

#[test]
fn a_name_below_a_group_is_told_as_far_as_there_is_room() {
    let name = "freezer_v2::a_name_below_a_group_is_told_as_far_as_there_is_room";
    with_a_stuck_group(name, |snap, top, _, stuck| {
        let scope = top.below(&format!("snap.{snap}.app.scope"));
        let below = scope.below(&"payload".repeat(20));
        below.write("cgroup.procs", &stuck.id().to_string());
        // The kernel says of this one that it is frozen, whatever is below it.
        let _busy = Busy::in_group(&scope);
        let frozen = Freezer::new(Instance::parse(snap.as_bytes()).unwrap()).freeze();
        let Err(SessionError::NotFrozen(named)) = frozen else { panic!("{frozen:?}") };
        let whole = format!(".app.scope/{}", "payload".repeat(20));
        assert_eq!(String::from_utf8_lossy(named.as_bytes()), format!("{}...", &whole[..85]));
        drop(stuck);
        Ok(())
    });
}

#[test]
fn a_group_that_appears_while_others_freeze_is_frozen_too() {
    let name = "freezer_v2::a_group_that_appears_while_others_freeze_is_frozen_too";
    appears_while_others_freeze(name, |_| None);
}

#[test]
fn a_group_that_appears_where_another_was_is_frozen_too() {
    let name = "freezer_v2::a_group_that_appears_where_another_was_is_frozen_too";
    // There are as many groups then as before.
    appears_while_others_freeze(name, |top| Some(top.below("another.scope")));
}

/// What `another` makes vanishes when the other group appears.
#[track_caller]
fn appears_while_others_freeze(name: &str, another: impl FnOnce(&Group) -> Option<Group>) {
    with_a_stuck_group(name, |snap, top, group, mut stuck| {
        let another = another(top);
        let mut freezer = Freezer::new(Instance::parse(snap.as_bytes()).unwrap());
        let (frozen, late, busy) = std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                wait_until(|| group.read("cgroup.freeze") == "1\n");
                drop(another);
                let late = top.below(&format!("snap.{snap}.late.scope"));
                let busy = Busy::in_group(&late);
                stuck.release();
                (late, busy)
            });
            let frozen = freezer.freeze();
            let (late, busy) = other.join().unwrap();
            (frozen, late, busy)
        });
        let states = [group.is_frozen(), late.is_frozen(), busy.stands()];
        assert_eq!((frozen, freezer.thaw()), (Ok(()), Ok(())));
        assert_eq!(states, [true; 3]);
        assert!(busy.runs());
        Ok(())
    });
}

#[test]
fn a_group_that_vanishes_while_it_freezes_is_fine() {
    let name = "freezer_v2::a_group_that_vanishes_while_it_freezes_is_fine";
    with_a_stuck_group(name, |snap, top, group, stuck| {
        let other = top.below(&format!("snap.{snap}.other.scope"));
        let busy = Busy::in_group(&other);
        let mut freezer = Freezer::new(Instance::parse(snap.as_bytes()).unwrap());
        let frozen = std::thread::scope(|scope| {
            scope.spawn(move || {
                wait_until(|| group.read("cgroup.freeze") == "1\n");
                drop(stuck);
                drop(group);
            });
            freezer.freeze()
        });
        let states = [other.is_frozen(), busy.stands()];
        assert_eq!((frozen, freezer.thaw()), (Ok(()), Ok(())));
        assert_eq!(states, [true; 2]);
        assert!(busy.runs());
        Ok(())
    });
}

#[test]
fn what_somebody_who_was_killed_left_frozen_is_thawed() {
    with_cgroup2("freezer_v2::what_somebody_who_was_killed_left_frozen_is_thawed", |snap| {
        let top = Group::new(format!("{ROOT}/top-{snap}"));
        let [one, two] = ["one", "two"].map(|app| top.below(&format!("snap.{snap}.{app}.scope")));
        let busy = [&one, &two].map(Busy::in_group);
        one.write("cgroup.freeze", "1");
        let mut freezer = Freezer::new(Instance::parse(snap.as_bytes()).unwrap());
        assert_eq!(freezer.freeze(), Ok(()));
        assert_eq!([one.is_frozen(), two.is_frozen()], [true; 2]);
        assert_eq!(freezer.thaw(), Ok(()));
        assert!(busy.iter().all(Busy::runs));
        Ok(())
    });
}
