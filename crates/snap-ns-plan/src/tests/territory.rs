//! Where something may be created, and with which mode.

extern crate std;

use snap_ns_forecast::directory_mode;

use super::big_stack;
use super::run::with_profile;
use super::world::World;
use crate::{
    Access, Fault, FsKind, Ground, Observer, Outcome, Plan, Rule, Step, Territory, Verdict,
};

const USER: Territory<'_> = Territory::User { home: Some(b"/home/u") };

/// Who is told, and does not listen.
pub(super) struct Nobody;

impl Observer for Nobody {
    fn left_out(&mut self, _: &Plan<'_>, _: u16, _: Fault) {}

    fn tried(&mut self, _: &Plan<'_>, _: Step, _: Outcome) {}
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
                    let _ = plan.compare(current, desired, territory).unwrap();
                    plan.complete(&mut world, &mut Nobody).unwrap();
                    // The bind shows another place, wherever that is.
                    let shown = dir.starts_with("/opt/t/bind");
                    let changes = shown || territory.contains(dir.as_bytes());
                    assert_eq!(plan.may_change(dir.as_bytes()), changes, "{dir}");
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
        ("/opt/t/bind/a", TMPFS, Verdict::Trespass),
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

/// What an entry of either profile shows there may be in the snap's hands; a tmpfs is not, nor what
/// a mimic shows, nor a link.
#[test]
fn what_may_change() {
    let current = "/tmp/s / none bind,x-snapd.origin=rootfs 0 0
        /tmp/s /opt/old none bind 0 0
        tmpfs /opt/m tmpfs x-snapd.synthetic,x-snapd.needed-by=/opt/new 0 0
        /opt/m/a /opt/m/a none rbind,x-snapd.synthetic,x-snapd.needed-by=/opt/new 0 0";
    let desired = "/tmp/s /opt/new none bind 0 0
        tmpfs /opt/t tmpfs defaults 0 0
        /tmp/s /opt/t/in none bind,x-snapd.origin=layout 0 0
        /dev/a /opt/disk ext4 defaults 0 0
        none /opt/l none x-snapd.kind=symlink,x-snapd.symlink=/a,x-snapd.origin=layout 0 0";
    let world = "d /tmp/s\nd /opt tmpfs\nd /opt/old\nm /opt/old\nd /opt/m/a\nd /opt/new\n\
        d /opt/t/in\nd /opt/disk\nl /opt/l /a";
    for (dir, want) in [
        ("/", false),
        ("/opt", false),
        ("/opt/old", true),
        ("/opt/old/a/b", true),
        ("/opt/older", false),
        ("/opt/m", false),
        ("/opt/m/a/b", false),
        ("/opt/new/a", true),
        ("/opt/t", false),
        ("/opt/t/on", false),
        ("/opt/t/in", true),
        ("/opt/disk/a", true),
        ("/opt/l/a", false),
        ("/tmp/a", true),
    ] {
        let may_change = big_stack(|| {
            with_profile(current, snap_profile::Role::Current, |current| {
                with_profile(desired, snap_profile::Role::Desired, |desired| {
                    let mut plan = Plan::new();
                    let mut world = World::new(world);
                    let _ = plan.compare(current, desired, super::run::SYSTEM).unwrap();
                    plan.complete(&mut world, &mut Nobody).unwrap();
                    plan.may_change(dir.as_bytes())
                })
            })
        });
        assert_eq!(may_change, want, "{dir}");
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
