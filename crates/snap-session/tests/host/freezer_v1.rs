//! The freezer of cgroup v1: a real one for root, and files that behave badly for everybody.

use std::fs;
use std::time::{Duration, Instant};

use snap_ns_testbed::{is_root_or_skips, mount_bind, mount_new, skip};
use snap_session::{Freezer, Instance, SessionError};

use crate::group::{Busy, Group};
use crate::{hello, in_a_world, isolated};

const ROOT: &str = "/sys/fs/cgroup/freezer";

#[test]
fn a_real_group_is_frozen_and_thawed() {
    let name = "freezer_v1::a_real_group_is_frozen_and_thawed";
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
        let snap = format!("t{}", std::process::id());
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
fn a_group_that_does_not_freeze_is_given_up_and_thawed() {
    in_a_world("freezer_v1::a_group_that_does_not_freeze_is_given_up_and_thawed", |_| {
        mount_new("tmpfs", "/sys", "")?;
        let state = format!("{ROOT}/snap.hello/freezer.state");
        fs::create_dir_all(format!("{ROOT}/snap.hello"))?;
        fs::write(&state, "")?;
        // Takes every state, and never has one.
        mount_bind("/dev/null", &state)?;
        let began = Instant::now();
        assert_eq!(Freezer::new(hello()).freeze(), Err(SessionError::NotFrozen));
        let took = began.elapsed();
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
