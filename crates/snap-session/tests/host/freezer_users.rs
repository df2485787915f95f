//! Groups that a user made and may write to, in the tree of the user's own manager.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use snap_session::{Freezer, GroupPath, Instance, SessionError};

use crate::freezer_v2::{ROOT, descriptors, wait_until, with_a_stuck_group, with_cgroup2};
use crate::group::{Busy, Group};

/// Far less than what root's groups get.
const SHORT: Duration = Duration::from_millis(1500);

fn restless(freezer: &Freezer<'_>) -> Option<String> {
    let mut path: GroupPath = [std::mem::MaybeUninit::uninit(); 4096];
    freezer.restless(&mut path).map(|path| String::from_utf8_lossy(path).into_owned())
}

#[test]
fn of_a_desktop_application_are_frozen() {
    with_cgroup2("freezer_users::of_a_desktop_application_are_frozen", |snap| {
        let slice = Group::new(format!("{ROOT}/user-{snap}.slice"));
        let manager = slice.of_user("user@1000.service");
        let apps = manager.of_user("app.slice");
        let scope = apps.of_user(&format!("snap.{snap}.app-1.scope"));
        // Who made it does not matter: it is where a user may do anything.
        let roots = apps.below(&format!("snap.{snap}.app-2.scope"));
        let below = scope.of_user("payload");
        let other = apps.of_user("other.scope");
        let (busy, free) = ([&scope, &roots, &below].map(Busy::in_group), Busy::in_group(&other));
        let mut freezer = Freezer::new(Instance::parse(snap.as_bytes()).unwrap());
        // On a busy machine 50 ms may be too little: then that is told.
        let mut in_time = 0;
        for _ in 0..20 {
            assert_eq!(freezer.freeze(), Ok(()));
            let late = restless(&freezer);
            let frozen = [&scope, &roots].map(Group::is_frozen);
            wait_until(|| scope.is_frozen() && roots.is_frozen());
            let stand = busy.each_ref().map(Busy::stands);
            assert_eq!(freezer.thaw(), Ok(()));
            assert_eq!(stand, [true; 3]);
            assert!(busy.iter().all(Busy::runs) && free.runs());
            if late.is_none() {
                assert_eq!(frozen, [true; 2]);
                in_time += 1;
                if in_time == 3 {
                    return Ok(());
                }
            }
        }
        panic!("in time: {in_time}");
    });
}

#[test]
fn that_cannot_be_frozen_hold_nobody() {
    with_a_stuck_group(
        "freezer_users::that_cannot_be_frozen_hold_nobody",
        |snap, top, group, stuck| {
            group.give_away();
            let root = top.below(&format!("snap.{snap}.daemon.service"));
            let user = top.of_user(&format!("snap.{snap}.app.scope"));
            let busy = [&root, &user].map(Busy::in_group);
            let mut freezer = Freezer::new(Instance::parse(snap.as_bytes()).unwrap());
            let began = Instant::now();
            assert_eq!(freezer.freeze(), Ok(()));
            let (took, frozen) = (began.elapsed(), root.is_frozen());
            wait_until(|| user.is_frozen());
            let stand = busy.each_ref().map(Busy::stands);
            assert_eq!(freezer.thaw(), Ok(()));
            assert_eq!((frozen, stand), (true, [true; 2]));
            assert!(took < SHORT, "{took:?}");
            let named = restless(&freezer).unwrap_or_default();
            assert!(named.ends_with(&format!("/snap.{snap}.stuck.scope")), "{named:?}");
            let states = [&group, &root, &user].map(|group| group.read("cgroup.freeze"));
            assert_eq!(states, ["0\n"; 3]);
            assert!(busy.iter().all(Busy::runs));
            drop(stuck);
            Ok(())
        },
    );
}

#[test]
fn that_cannot_be_frozen_do_not_excuse_roots() {
    let name = "freezer_users::that_cannot_be_frozen_do_not_excuse_roots";
    with_a_stuck_group(name, |snap, top, root, stuck| {
        let user = top.of_user(&format!("snap.{snap}.app.scope"));
        let busy = Busy::in_group(&user);
        let mut freezer = Freezer::new(Instance::parse(snap.as_bytes()).unwrap());
        let frozen = freezer.freeze();
        assert!(matches!(frozen, Err(SessionError::NotFrozen(_))), "{frozen:?}");
        assert_eq!([&root, &user].map(|group| group.read("cgroup.freeze")), ["0\n"; 2]);
        assert!(busy.runs());
        drop(stuck);
        Ok(())
    });
}

#[test]
fn that_are_thawed_all_the_time_hold_nobody() {
    with_cgroup2("freezer_users::that_are_thawed_all_the_time_hold_nobody", |snap| {
        let top = Group::new(format!("{ROOT}/top-{snap}"));
        let user = top.of_user(&format!("snap.{snap}.app.scope"));
        let root = top.below(&format!("snap.{snap}.daemon.service"));
        let busy = [&user, &root].map(Busy::in_group);
        let end = AtomicBool::new(false);
        let mut freezer = Freezer::new(Instance::parse(snap.as_bytes()).unwrap());
        let (frozen, took) = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !end.load(Ordering::Relaxed) {
                    user.write("cgroup.freeze", "0");
                }
            });
            let began = Instant::now();
            let frozen: Vec<_> = (0..10)
                .map(|_| (freezer.freeze(), root.is_frozen(), freezer.thaw(), root.is_frozen()))
                .collect();
            end.store(true, Ordering::Relaxed);
            (frozen, began.elapsed() / 10)
        });
        assert_eq!(frozen, vec![(Ok(()), true, Ok(()), false); 10]);
        assert!(took < SHORT, "{took:?}");
        assert!(busy.iter().all(Busy::runs));
        Ok(())
    });
}

#[test]
fn that_are_very_many_hide_only_their_own() {
    with_cgroup2("freezer_users::that_are_very_many_hide_only_their_own", |snap| {
        let top = Group::new(format!("{ROOT}/top-{snap}"));
        let hostile = top.of_user("user@1000.service");
        let other = top.of_user("user@1001.service");
        let scope = other.of_user(&format!("snap.{snap}.app.scope"));
        let root = top.below(&format!("snap.{snap}.daemon.service"));
        // Not in a group that is the snap's: there nobody looks at all.
        let many: Vec<_> = (0..4097).map(|n| hostile.below(&format!("{n}"))).collect();
        let mut freezer = Freezer::new(Instance::parse(snap.as_bytes()).unwrap());
        assert_eq!(freezer.freeze(), Ok(()));
        assert_eq!([&scope, &root].map(Group::is_frozen), [true; 2]);
        assert!(freezer.passed_over());
        assert_eq!(freezer.thaw(), Ok(()));
        assert_eq!([&scope, &root].map(Group::is_frozen), [false; 2]);
        drop(many);
        Ok(())
    });
}

#[test]
fn with_very_many_below_are_passed_over() {
    with_cgroup2("freezer_users::with_very_many_below_are_passed_over", |snap| {
        let top = Group::new(format!("{ROOT}/top-{snap}"));
        let scopes =
            ["few", "wide", "deep"].map(|app| top.of_user(&format!("snap.{snap}.{app}.scope")));
        let [few, wide, deep] = &scopes;
        let root = top.below(&format!("snap.{snap}.daemon.service"));
        let mut below: Vec<_> = (0..32).map(|n| few.below(&format!("{n}"))).collect();
        below.extend((0..33).map(|n| wide.below(&format!("{n}"))));
        below.extend((0..33).map(|n| root.below(&format!("{n}"))));
        let mut path = deep.path().to_owned();
        for _ in 0..33 {
            path.push("deep");
            below.push(Group::new(&path));
        }
        let mut freezer = Freezer::new(Instance::parse(snap.as_bytes()).unwrap());
        assert_eq!(freezer.freeze(), Ok(()));
        assert_eq!([few, wide, deep, &root].map(Group::is_frozen), [true, false, false, true]);
        assert!(freezer.passed_over());
        assert_eq!(freezer.thaw(), Ok(()));
        assert!(![few, wide, deep, &root].map(Group::is_frozen).contains(&true));
        // The last ones first.
        while below.pop().is_some() {}
        Ok(())
    });
}

#[test]
fn there_is_no_room_for_take_none_from_roots() {
    with_cgroup2("freezer_users::there_is_no_room_for_take_none_from_roots", |snap| {
        let top = Group::new(format!("{ROOT}/top-{snap}"));
        let users: Vec<_> =
            (0..129).map(|n| top.of_user(&format!("snap.{snap}.u{n}.scope"))).collect();
        let roots: Vec<_> =
            (0..20).map(|n| top.below(&format!("snap.{snap}.r{n}.scope"))).collect();
        for (limit, room) in [(1024, 128), (80, 10)] {
            let mut freezer = Freezer::new(Instance::parse(snap.as_bytes()).unwrap());
            let before = descriptors(limit);
            let frozen = freezer.freeze();
            // There are some left for the rest of the run.
            let rest = fs::read_dir("/").map(|_| ());
            descriptors(before);
            assert_eq!((frozen, rest.is_ok()), (Ok(()), true), "{limit}");
            assert!(roots.iter().all(Group::is_frozen), "{limit}");
            assert_eq!(users.iter().filter(|group| group.is_frozen()).count(), room, "{limit}");
            assert!(freezer.passed_over());
            assert_eq!(freezer.thaw(), Ok(()));
            assert!(!roots.iter().chain(&users).any(Group::is_frozen), "{limit}");
        }
        Ok(())
    });
}
