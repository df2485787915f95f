//! What is looked at is really seen: a check that cannot fail is none.

use std::fs::File;
use std::panic::catch_unwind;

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};
use snap_ns_testbed::{is_root_or_skips, mount_new, run_test_isolated};

use super::super::facts::Aspect;
use super::super::judge::compare;
use super::super::scenario::{Version, rows};
use super::*;
use crate::conformance::pin;
use crate::workers::scratch;

#[test]
fn each_kind_of_remains_is_seen() {
    let name = "each_kind_of_remains_is_seen";
    if is_root_or_skips(name) {
        run_test_isolated(&format!("faults::stage::tests::{name}"), alone).unwrap();
    }
}

/// Only a process with one thread can go from one mount namespace to the other.
fn alone() -> Result<()> {
    // SAFETY: the child does not go back to the test harness, whose threads it lacks.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => {
            ensure!(waitpid(child, None)? == WaitStatus::Exited(child, 0), "see above");
            Ok(())
        }
        ForkResult::Child => {
            let done = catch_unwind(remains);
            if let Ok(Err(error)) = &done {
                eprintln!("{error:#}");
            }
            // SAFETY: ends this process without running what belongs to its parent.
            unsafe { nix::libc::_exit(i32::from(!matches!(done, Ok(Ok(()))))) }
        }
    }
}

fn remains() -> Result<()> {
    pin(0)?;
    let row = rows()?.into_iter().find(|row| row.scenario.freezer == Version::V1);
    let mut row = row.context("a row with the first freezer")?;
    row.scenario.before.clear();
    let programs = [File::open("/proc/self/exe")?, File::open("/proc/self/exe")?];
    let base = own()?;
    let check = |aspects: &[Aspect], spoil: &dyn Fn(&Stage<'_>) -> Result<()>| -> Result<()> {
        enter(&base)?;
        let stage = Stage::new(&row, &programs, &scratch()?)?;
        let before = stage.facts("0")?;
        spoil(&stage)?;
        let seen: Vec<Aspect> =
            compare(&before, &stage.facts("0")?).iter().map(|one| one.aspect).collect();
        assert_eq!(seen, aspects);
        Ok(())
    };
    check(&[], &|_| Ok(()))?;
    check(&[Aspect::Mounts], &|stage| {
        enter(&stage.live)?;
        world::bind(Path::new("/opt"), Path::new("/opt"), MsFlags::empty())
    })?;
    check(&[Aspect::HostMounts], &|stage| {
        enter(&stage.host)?;
        world::bind(Path::new("/opt"), Path::new("/opt"), MsFlags::empty())
    })?;
    check(&[Aspect::Profile, Aspect::Tree, Aspect::Host], &|stage| {
        enter(&stage.host)?;
        fs::write("/var/snap/hello/common/left", "")?;
        Ok(fs::write(stage.profile(), "/a /b none bind 0 0\n")?)
    })?;
    check(&[Aspect::State, Aspect::Tree, Aspect::Host], &|stage| {
        enter(&stage.host)?;
        Ok(fs::write("/run/snapd/ns/snap.hello.fstab.new", "half")?)
    })?;
    // The tree leaves empty profiles out.
    check(&[Aspect::State], &|stage| {
        enter(&stage.host)?;
        Ok(fs::write("/run/snapd/ns/snap.other.fstab", "")?)
    })?;
    check(&[Aspect::Tree, Aspect::Host], &|stage| {
        enter(&stage.live)?;
        Ok(fs::create_dir_all("/tmp/.snap/usr")?)
    })?;
    check(&[Aspect::Freezer], &|stage| {
        enter(&stage.host)?;
        Ok(fs::write("/sys/fs/cgroup/freezer/snap.hello/freezer.state", "FROZEN")?)
    })?;
    check(&[Aspect::Mounts, Aspect::Tree], &|stage| {
        enter(&stage.live)?;
        mount_new("tmpfs", "/usr/share", "mode=700")
    })
}
