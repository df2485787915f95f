//! The freezer of cgroup v1: a real one for root, and files that behave badly for everybody.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::Result;
use snap_ns_testbed::{is_root_or_skips, mount_bind, mount_new, skip};
use snap_session::{Freezer, Instance, SessionError};

use crate::group::{Busy, Group};
use crate::{hello, in_a_world, isolated};

const ROOT: &str = "/sys/fs/cgroup/freezer";

/// Runs `body` with the freezer of cgroup v1, as the test `name`. Its groups' names have this
/// process's number in them, so that they are nobody else's.
#[track_caller]
fn with_freezer(name: &str, body: impl FnOnce(&str) -> Result<()>) {
    if !is_root_or_skips(name) {
        return;
    }
    let controllers = fs::read_to_string("/proc/cgroups").unwrap_or_default();
    if !controllers.lines().any(|line| line.starts_with("freezer\t")) {
        return skip(name, "the kernel has no freezer of cgroup v1");
    }
    isolated(name, || {
        mount_new("tmpfs", "/sys/fs/cgroup", "")?;
        fs::create_dir(ROOT)?;
        mount_new("cgroup", ROOT, "freezer")?;
        body(&format!("t{}", std::process::id()))
    });
}

#[test]
fn a_real_group_is_frozen_and_thawed() {
    with_freezer("freezer_v1::a_real_group_is_frozen_and_thawed", |snap| {
        let mut freezer = Freezer::new(Instance::parse(snap.as_bytes()).unwrap());
        // No group is fine.
        assert_eq!((freezer.freeze(), freezer.thaw()), (Ok(()), Ok(())));
        let group = Group::new(format!("{ROOT}/snap.{snap}"));
        let other = Group::new(format!("{ROOT}/snap.{snap}_key"));
        let (busy, free) = (Busy::in_group(&group), Busy::in_group(&other));
        for _ in 0..3 {
            assert_eq!(freezer.freeze(), Ok(()));
            let state = group.read("freezer.state");
            // A process that stays frozen could not be killed: thaw before anything is asserted.
            let (stands, other_state) = (busy.stands(), other.read("freezer.state"));
            assert_eq!(freezer.thaw(), Ok(()));
            assert_eq!((state.as_str(), stands), ("FROZEN\n", true));
            assert_eq!(other_state, "THAWED\n");
            assert_eq!(group.read("freezer.state"), "THAWED\n");
            assert!(busy.runs() && free.runs());
        }
        Ok(())
    });
}

#[test]
fn the_own_group_is_never_frozen() {
    with_freezer("freezer_v1::the_own_group_is_never_frozen", |snap| {
        let group = Group::new(format!("{ROOT}/snap.{snap}"));
        let below = group.below("below");
        let other = Group::new(format!("{ROOT}/snap.{snap}-2"));
        for (own, spared) in [(&group, true), (&below, true), (&other, false)] {
            own.write("cgroup.procs", "0");
            let mut freezer = Freezer::new(Instance::parse(snap.as_bytes()).unwrap());
            let frozen = freezer.freeze();
            let state = group.read("freezer.state");
            assert_eq!((frozen, freezer.thaw()), (Ok(()), Ok(())));
            assert_eq!(state, if spared { "THAWED\n" } else { "FROZEN\n" });
        }
        fs::write(format!("{ROOT}/cgroup.procs"), "0")?;
        Ok(())
    });
}

#[test]
fn what_somebody_who_was_killed_left_frozen_is_thawed() {
    with_freezer("freezer_v1::what_somebody_who_was_killed_left_frozen_is_thawed", |snap| {
        let group = Group::new(format!("{ROOT}/snap.{snap}"));
        group.write("freezer.state", "FROZEN");
        let mut freezer = Freezer::new(Instance::parse(snap.as_bytes()).unwrap());
        assert_eq!((freezer.freeze(), freezer.thaw()), (Ok(()), Ok(())));
        assert_eq!(group.read("freezer.state"), "THAWED\n");
        Ok(())
    });
}

#[test]
fn a_group_that_does_not_freeze_is_given_up_and_thawed() {
    in_a_world("freezer_v1::a_group_that_does_not_freeze_is_given_up_and_thawed", |_| {
        mount_new("tmpfs", "/sys", "")?;
        let state = format!("{ROOT}/snap.hello/freezer.state");
        fs::create_dir_all(format!("{ROOT}/snap.hello"))?;
        fs::write(&state, "")?;
        // Takes every state, and never has one.
        mount_bind("/dev/null", &state)?;
        let began = Instant::now();
        let frozen = Freezer::new(hello()).freeze();
        let took = began.elapsed();
        let Err(SessionError::NotFrozen(group)) = frozen else { panic!("{frozen:?}") };
        assert_eq!(group.as_bytes(), b"snap.hello");
        assert!((Duration::from_secs(3)..Duration::from_secs(6)).contains(&took), "{took:?}");
        Ok(())
    });
}

#[test]
fn what_is_written() {
    in_a_world("freezer_v1::what_is_written", |_| {
        mount_new("tmpfs", "/sys", "")?;
        let mut freezer = Freezer::new(hello());
        assert_eq!((freezer.freeze(), freezer.thaw()), (Ok(()), Ok(())));
        let state = format!("{ROOT}/snap.hello/freezer.state");
        fs::create_dir_all(format!("{ROOT}/snap.hello"))?;
        fs::write(&state, "THAWED\n")?;
        assert_eq!(freezer.freeze(), Ok(()));
        assert_eq!(fs::read_to_string(&state)?, "FROZEN");
        assert_eq!(freezer.thaw(), Ok(()));
        assert_eq!(fs::read_to_string(&state)?, "THAWED");
        Ok(())
    });
}
