//! The freezer on a real cgroup2, mounted where the program looks for it.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use snap_ns_testbed::{is_root_or_skips, mount_new, skip};
use snap_session::{Freezer, Instance, SessionError};

use crate::group::{Busy, Group};
use crate::isolated;
use crate::stuck::Stuck;

pub(crate) const ROOT: &str = "/sys/fs/cgroup";

/// Runs `body` with a cgroup2, as the test `name`. Its groups' names have this process's number in
/// them, so that they are nobody else's.
#[track_caller]
pub(crate) fn with_cgroup2(name: &str, body: impl FnOnce(&str) -> Result<()>) {
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
fn groups_below_one_with_processes_stand_still() {
    with_cgroup2("freezer_v2::groups_below_one_with_processes_stand_still", |snap| {
        let top = Group::new(format!("{ROOT}/top-{snap}"));
        let scope = top.below(&format!("snap.{snap}.app.scope"));
        let below = scope.below("payload");
        let deeper = below.below("payload");
        let busy = [&scope, &below, &deeper].map(Busy::in_group);
        let mut freezer = Freezer::new(Instance::parse(snap.as_bytes()).unwrap());
        for _ in 0..3 {
            assert_eq!(freezer.freeze(), Ok(()));
            // Of these the kernel says only that those in the topmost group stand still.
            let (frozen, stand) = (scope.is_frozen(), busy.each_ref().map(Busy::stands));
            assert_eq!(freezer.thaw(), Ok(()));
            assert_eq!((frozen, stand), (true, [true; 3]));
            assert!(busy.iter().all(Busy::runs));
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
        assert!(groups.iter().all(Group::is_frozen) && busy.iter().all(Busy::stands));
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
pub(crate) fn with_a_stuck_group(
    name: &str,
    body: impl FnOnce(&str, &Group, Group, Stuck) -> Result<()>,
) {
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

pub(crate) fn wait_until(what: impl Fn() -> bool) {
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
        assert_eq!(named.as_bytes(), format!("snap.{snap}.stuck.scope").as_bytes());
        assert!((Duration::from_secs(3)..Duration::from_secs(6)).contains(&took), "{took:?}");
        let states = [&group, &other].map(|group| group.read("cgroup.freeze"));
        assert_eq!(states, ["0\n", "0\n"]);
        assert!(busy.runs());
        drop(stuck);
        Ok(())
    });
}

#[test]
fn a_name_is_told_as_far_as_there_is_room() {
    let name = "freezer_v2::a_name_is_told_as_far_as_there_is_room";
    with_a_stuck_group(name, |snap, top, _, stuck| {
        let name = format!("snap.{snap}.{}.scope", "long".repeat(20));
        let group = top.below(&name);
        group.write("cgroup.procs", &stuck.id().to_string());
        let frozen = Freezer::new(Instance::parse(snap.as_bytes()).unwrap()).freeze();
        let Err(SessionError::NotFrozen(named)) = frozen else { panic!("{frozen:?}") };
        assert_eq!(named.as_bytes(), &name.as_bytes()[..88]);
        drop(stuck);
        Ok(())
    });
}

#[test]
fn a_group_that_appears_while_others_freeze_goes_on() {
    let name = "freezer_v2::a_group_that_appears_while_others_freeze_goes_on";
    with_a_stuck_group(name, |snap, top, group, mut stuck| {
        let mut freezer = Freezer::new(Instance::parse(snap.as_bytes()).unwrap());
        let (frozen, late, busy) = std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                wait_until(|| group.read("cgroup.freeze") == "1\n");
                let late = top.below(&format!("snap.{snap}.late.scope"));
                let busy = Busy::in_group(&late);
                stuck.release();
                (late, busy)
            });
            let frozen = freezer.freeze();
            let (late, busy) = other.join().unwrap();
            (frozen, late, busy)
        });
        let states = [group.is_frozen(), late.is_frozen(), busy.runs()];
        assert_eq!((frozen, freezer.thaw()), (Ok(()), Ok(())));
        assert_eq!(states, [true, false, true]);
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

#[test]
fn more_groups_than_there_is_room_for_are_refused_before_one_is_frozen() {
    let name = "freezer_v2::more_groups_than_there_is_room_for_are_refused_before_one_is_frozen";
    with_cgroup2(name, |snap| {
        let top = Group::new(format!("{ROOT}/top-{snap}"));
        let group = |n| top.below(&format!("snap.{snap}.app-{n}.scope"));
        let mut groups: Vec<_> = (0..256).map(group).collect();
        let mut freezer = Freezer::new(Instance::parse(snap.as_bytes()).unwrap());
        assert_eq!(freezer.freeze(), Ok(()));
        assert!(groups.iter().all(Group::is_frozen));
        assert_eq!(freezer.thaw(), Ok(()));
        assert!(!groups.iter().any(Group::is_frozen));
        groups.push(group(256));
        assert_eq!(freezer.freeze(), Err(SessionError::ManyGroups));
        assert!(groups.iter().all(|group| group.read("cgroup.freeze") == "0\n"));
        Ok(())
    });
}

#[test]
fn with_few_descriptors_all_are_frozen_or_none() {
    with_cgroup2("freezer_v2::with_few_descriptors_all_are_frozen_or_none", |snap| {
        let top = Group::new(format!("{ROOT}/top-{snap}"));
        let group = |n| top.below(&format!("snap.{snap}.app-{n}.scope"));
        let groups: Vec<_> = (0..20).map(group).collect();
        let (mut done, mut refused) = (0, 0);
        for limit in 12..=60 {
            let mut freezer = Freezer::new(Instance::parse(snap.as_bytes()).unwrap());
            let before = descriptors(limit);
            let frozen = freezer.freeze();
            descriptors(before);
            let states = groups.iter().filter(|group| group.is_frozen()).count();
            match frozen {
                Ok(()) => {
                    assert_eq!(states, 20, "{limit} descriptors");
                    done += 1;
                }
                Err(_) => {
                    assert_eq!(states, 0, "{limit} descriptors: {frozen:?}");
                    refused += 1;
                }
            }
            assert_eq!(freezer.thaw(), Ok(()));
            assert!(!groups.iter().any(Group::is_frozen), "{limit} descriptors");
        }
        assert!(done > 0 && refused > 0);
        Ok(())
    });
}

/// Sets how many descriptors this process may have (setrlimit(2)); the number from before.
pub(crate) fn descriptors(number: u64) -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let new = Rlimit { current: Some(number), ..limit };
    setrlimit(Resource::Nofile, new).expect("setrlimit");
    limit.current.expect("a limit")
}
