//! Where something may be created, and with which mode.

extern crate std;

use super::big_stack;
use super::run::with_profile;
use super::world::World;
use crate::territory::directory_mode;
use crate::{
    Access, Fault, FsKind, Ground, Observer, Outcome, Plan, Rule, Step, Territory, Verdict,
};

const USER: Territory<'_> = Territory::User { home: Some(b"/home/u") };

struct Nobody;

impl Observer for Nobody {
    fn left_out(&mut self, _: &Plan<'_>, _: u16, _: Fault) {}

    fn tried(&mut self, _: &Plan<'_>, _: Step, _: Outcome) {}

    fn make_room(&mut self, _: usize) -> Result<(), Fault> {
        Ok(())
    }
}

#[test]
fn unrestricted_directories() {
    for (dir, system, user) in [
        ("/", false, false),
        ("/tmp", true, false),
        ("/tmp/a/b", true, false),
        ("/tmpfs", false, false),
        ("/var/snap", true, false),
        ("/var/snap/x/common", true, false),
        ("/var", false, false),
        ("/var/snapd", false, false),
        ("/dev/shm", true, false),
        ("/dev", false, false),
        ("/run/systemd", true, false),
        ("/run/systemd/resolve", true, false),
        ("/run", false, false),
        ("/var/lib/snapd/hostfs/tmp", true, false),
        ("/var/lib/snapd/hostfs/tmp/a", true, false),
        ("/var/lib/snapd/hostfs", false, false),
        ("/snap/x", true, false),
        ("/snap/x/1", true, false),
        ("/snap/x_1/1", true, false),
        ("/snap/x_2", false, false),
        ("/snap/xx", false, false),
        ("/snap", false, false),
        ("/home/u", false, true),
        ("/home/u/a", false, true),
        ("/home/uu", false, false),
        ("/home", false, false),
    ] {
        let dir_bytes = dir.as_bytes();
        assert_eq!(super::run::SYSTEM.contains(dir_bytes), system, "{dir}");
        assert_eq!(USER.contains(dir_bytes), user, "{dir}");
        assert!(!Territory::User { home: None }.contains(dir_bytes), "{dir}");
    }
}

const WRITABLE: Ground = Ground { access: Access::Writable, fs: FsKind::Other };
const TMPFS: Ground = Ground { access: Access::Writable, fs: FsKind::Tmpfs };
const READ_ONLY: Ground = Ground { access: Access::ReadOnly, fs: FsKind::Other };
const READ_ONLY_TMPFS: Ground = Ground { access: Access::ReadOnly, fs: FsKind::Tmpfs };

const RECORDED: &str = "tmpfs / tmpfs x-snapd.origin=rootfs 0 0
    tmpfs /opt/t tmpfs defaults 0 0
    /tmp/s /opt/t/bind none bind 0 0
    tmpfs /opt/gone tmpfs defaults 0 0";

/// A verdict depends on the ground, the territory, and the tmpfs that this program mounted.
#[test]
fn verdicts() {
    let verdict = |territory, dir: &str, ground| {
        big_stack(|| {
            with_profile(RECORDED, snap_profile::Role::Current, |current| {
                let desired = "tmpfs /opt/t tmpfs defaults 0 0\n/tmp/s /opt/t/bind none bind 0 0";
                with_profile(desired, snap_profile::Role::Desired, |desired| {
                    let mut plan = Plan::new();
                    let mut world = World::new("d / tmpfs\nd /opt/t/bind\nd /tmp/s");
                    plan.make(current, desired, territory, &mut world, &mut Nobody).unwrap();
                    assert_eq!(plan.may_change(dir.as_bytes()), territory.contains(dir.as_bytes()));
                    plan.verdict(dir.as_bytes(), ground)
                })
            })
        })
    };
    for (dir, ground, want) in [
        ("/tmp", WRITABLE, Verdict::Write),
        ("/tmp", TMPFS, Verdict::Write),
        ("/tmp", READ_ONLY, Verdict::ReadOnly),
        ("/tmp", READ_ONLY_TMPFS, Verdict::ReadOnly),
        ("/opt", WRITABLE, Verdict::Trespass),
        ("/opt", READ_ONLY, Verdict::ReadOnly),
        ("/opt", TMPFS, Verdict::WriteIfOn(1)),
        ("/", TMPFS, Verdict::WriteIfOn(1)),
        ("/opt/t", TMPFS, Verdict::WriteIfOn(6)),
        ("/opt/t/bind/a", TMPFS, Verdict::WriteIfOn(6)),
        ("/opt/tt", TMPFS, Verdict::WriteIfOn(1)),
        ("/opt/gone/a", TMPFS, Verdict::WriteIfOn(1)),
    ] {
        assert_eq!(verdict(super::run::SYSTEM, dir, ground), want, "{dir} {ground:?}");
    }
    for (dir, ground, want) in [
        ("/home/u/a", WRITABLE, Verdict::Write),
        ("/home/u/a", READ_ONLY, Verdict::ReadOnly),
        ("/tmp", WRITABLE, Verdict::Trespass),
        ("/tmp", TMPFS, Verdict::WriteIfOn(1)),
    ] {
        assert_eq!(verdict(USER, dir, ground), want, "{dir} {ground:?}");
    }
}

#[test]
fn modes_of_directories() {
    let private = "/var/lib/snapd/hostfs/tmp/snap-private-tmp";
    for (below, mode) in [
        ("", 0o755),
        ("/other", 0o755),
        ("/snap.x", 0o700),
        ("/snap.x/tmp", 0o1777),
        ("/snap.x/tmp/.X11-unix", 0o1777),
        ("/snap.x/tmp/a", 0o755),
        ("/snap.x/var", 0o755),
    ] {
        let path = std::format!("{private}{below}");
        assert_eq!(directory_mode(path.as_bytes()), mode, "{path}");
    }
    for (path, mode) in [
        ("/", 0o755),
        ("/tmp", 0o755),
        ("/tmp/.X11-unix", 0o1777),
        ("/tmp/.X11-unix/a", 0o755),
        ("/dev/shm", 0o755),
        ("/dev/shm/snap.x", 0o1777),
        ("/dev/shm/snap.x/a", 0o755),
        ("/dev/shm/other", 0o755),
    ] {
        assert_eq!(directory_mode(path.as_bytes()), mode, "{path}");
    }
}
