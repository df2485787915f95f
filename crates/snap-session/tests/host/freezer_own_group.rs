//! The group that the program is in: it is never frozen, however the kernel tells which one it is.

use std::{fs, io};

use anyhow::Result;
use rustix::thread::{UnshareFlags, unshare_unsafe};
use snap_ns_testbed::mount_bind;
use snap_session::{Freezer, Instance};

use crate::freezer_v2::{ROOT, with_cgroup2};
use crate::group::{Busy, Group};

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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Freezes {
    Others,
    Nothing,
}

/// Which group of the snap's the program is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Own {
    Topmost,
    Below,
}

/// Freezes from there, as the test `name`, when `prepare` was done.
#[track_caller]
fn check(name: &str, own_group: Own, freezes: Freezes, prepare: fn(&str) -> Result<()>) {
    let name = format!("freezer_own_group::{name}");
    with_cgroup2(&name, |snap| {
        let top = Group::new(format!("{ROOT}/top-{snap}"));
        let own = top.below(&format!("snap.{snap}.own.scope"));
        let deeper = own.below("deeper");
        let other = top.below(&format!("snap.{snap}.other.scope"));
        let busy = Busy::in_group(&other);
        let _inside = Inside::new(match own_group {
            Own::Topmost => &own,
            Own::Below => &deeper,
        });
        prepare(snap)?;
        let mut freezer = Freezer::new(Instance::parse(snap.as_bytes()).unwrap());
        assert_eq!(freezer.freeze(), Ok(()));
        assert_eq!(other.is_frozen(), freezes == Freezes::Others);
        assert_eq!(freezer.passed_over(), freezes == Freezes::Nothing);
        assert_eq!(own.read("cgroup.freeze"), "0\n");
        assert_eq!(deeper.read("cgroup.freeze"), "0\n");
        assert_eq!(freezer.thaw(), Ok(()));
        assert!(!other.is_frozen() && busy.runs());
        Ok(())
    });
}

#[test]
fn is_never_frozen() {
    check("is_never_frozen", Own::Topmost, Freezes::Others, |_| Ok(()));
}

#[test]
fn is_never_frozen_with_one_above() {
    check("is_never_frozen_with_one_above", Own::Below, Freezes::Others, |_| Ok(()));
}

#[test]
fn is_told_behind_long_paths_of_other_hierarchies() {
    let name = "is_told_behind_long_paths_of_other_hierarchies";
    check(name, Own::Topmost, Freezes::Others, |snap| {
        let whole = fs::read_to_string("/proc/self/cgroup")?;
        let own = whole.lines().find(|line| line.starts_with("0::")).expect("a cgroup2");
        let long = |n: usize| format!("{n}:name=n{n}:{}\n", "/long".repeat(800));
        let lines: String = (1..=12).rev().map(long).collect();
        let text = format!("/tmp/cgroup-of-{snap}");
        fs::write(&text, format!("{lines}{own}\n"))?;
        mount_bind(&text, "/proc/self/cgroup")?;
        Ok(fs::remove_file(&text)?)
    });
}

/// Lets what is mounted be the tree of the namespace from before.
fn leave_the_cgroup_namespace(_: &str) -> Result<()> {
    // SAFETY: nothing is unshared that memory or descriptors depend on.
    let done = unsafe { unshare_unsafe(UnshareFlags::NEWCGROUP) };
    Ok(done.map_err(|errno| io::Error::from_raw_os_error(errno.raw_os_error()))?)
}

#[test]
fn in_another_cgroup_namespace_nothing_is_frozen() {
    let name = "in_another_cgroup_namespace_nothing_is_frozen";
    check(name, Own::Topmost, Freezes::Nothing, leave_the_cgroup_namespace);
}

#[test]
fn in_another_cgroup_namespace_nothing_is_frozen_below_one() {
    let name = "in_another_cgroup_namespace_nothing_is_frozen_below_one";
    check(name, Own::Below, Freezes::Nothing, leave_the_cgroup_namespace);
}
