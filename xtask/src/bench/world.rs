//! The world of a scenario, made once; and a fresh copy of its namespace for every run.

use std::fs::{self, DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use nix::fcntl::{Flock, FlockArg};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use snap_ns_testbed::World;

use super::job::Job;
use super::scenario::{BASE, Shape, TYPICAL_CHILDREN, child_is_file};

/// The desired profile.
pub(crate) const DESIRED: &str = "/var/lib/snapd/mount/snap.hello.fstab";
/// The current profile.
pub(crate) const CURRENT: &str = "/run/snapd/ns/snap.hello.fstab";
/// What snap-confine has written there before the first call.
pub(crate) const ROOTFS: &str = "tmpfs / tmpfs x-snapd.origin=rootfs 0 0\n";

/// Puts this process into the world of `job`, the programs included.
pub(crate) fn enter(job: &Job) -> Result<()> {
    let programs: Vec<_> = job
        .programs
        .iter()
        .map(|(who, path)| Ok((*who, fs::read(path).with_context(|| path.clone())?)))
        .collect::<Result<_>>()?;
    let world = World::enter(Path::new(&job.scratch))?;
    world.like_a_machine()?.dir("/bench")?;
    for (who, bytes) in programs {
        let path = format!("/bench/{}", who.word());
        fs::write(&path, bytes)?;
        fs::set_permissions(&path, Permissions::from_mode(0o755))?;
    }
    match job.shape {
        Shape::StartUp => {}
        Shape::Nothing => content(&world, 2)?,
        Shape::Typical => typical(&world)?,
        Shape::Layouts(count) => {
            for i in 0..count {
                world.dir(&format!("/var/snap/hello/common/d{i:05}"))?;
                world.dir(&format!("{BASE}/d{i:05}"))?;
            }
            world.read_only("/usr")?;
        }
        Shape::Mimic(children) => {
            world.dir("/var/snap/hello/common/new")?;
            family(&world, BASE, children)?;
            world.read_only("/usr")?;
        }
    }
    world.like_snap_confine();
    Ok(())
}

fn family(world: &World, parent: &str, children: usize) -> Result<()> {
    world.dir(parent)?;
    for i in 0..children {
        let child = format!("{parent}/c{i:05}");
        if child_is_file(i) {
            world.file(&child, "")?;
        } else {
            world.dir(&child)?;
        }
    }
    Ok(())
}

fn content(world: &World, count: usize) -> Result<()> {
    for i in 0..count {
        world.file(&format!("/snap/theme/1/share/c{i}/file"), "content\n")?;
        world.dir(&format!("/snap/hello/1/theme/c{i}"))?;
    }
    Ok(())
}

fn typical(world: &World) -> Result<()> {
    content(world, 8)?;
    for i in 0..3 {
        world.dir(&format!("/snap/hello/1/usr/l{i}"))?;
        world.dir(&format!("/snap/hello/1/usr/n{i}"))?;
        world.file(&format!("/var/snap/hello/common/v{i}/file"), "data\n")?;
        world.dir(&format!("/usr/lib/hello/l{i}"))?;
        world.dir(&format!("/etc/hello/v{i}"))?;
        world.file(&format!("/snap/hello/1/etc/f{i}"), "from the snap\n")?;
        world.file(&format!("/etc/hello/f{i}"), "from the base\n")?;
    }
    world.dir("/usr/lib/hello/scratch")?;
    family(world, "/usr/share/hello", TYPICAL_CHILDREN)?;
    for place in ["/snap/theme/1", "/snap/hello/1", "/usr", "/etc"] {
        world.read_only(place)?;
    }
    Ok(())
}

/// Runs `body` in a copy of the world's namespace with a new `/run` and `/tmp`, the current
/// profile that snap-confine writes, and the lock held as snap-confine holds it; the copy is
/// gone afterwards. `home` is the world's own namespace. This process must have one thread.
pub(crate) fn in_fresh_copy<T>(home: &File, body: impl FnOnce() -> Result<T>) -> Result<T> {
    unshare(CloneFlags::CLONE_NEWNS).context("unshare")?;
    let result = prepare().and_then(|lock| {
        let result = body();
        drop(lock);
        result
    });
    setns(home, CloneFlags::CLONE_NEWNS).context("back to the world's namespace")?;
    result
}

/// A new `/run` and `/tmp` with the current profile that snap-confine writes; the lock is held.
pub(crate) fn prepare() -> Result<Flock<File>> {
    for (place, mode) in [("/run", "mode=755"), ("/tmp", "mode=1777")] {
        let flags = MsFlags::empty();
        mount(Some("tmpfs"), place, Some("tmpfs"), flags, Some(mode)).context(place)?;
    }
    let mut public = DirBuilder::new();
    public.mode(0o755).recursive(true).create("/run/snapd/ns")?;
    DirBuilder::new().mode(0o700).create("/run/snapd/lock")?;
    fs::write(CURRENT, ROOTFS)?;
    let lock = File::create("/run/snapd/lock/hello.lock")?;
    Flock::lock(lock, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| error).context("lock")
}

/// The mount points of this namespace, in the kernel's order.
pub(crate) fn mount_points() -> Result<Vec<String>> {
    let table = fs::read_to_string("/proc/self/mountinfo").context("mountinfo")?;
    let points: Vec<String> =
        table.lines().filter_map(|line| line.split(' ').nth(4).map(str::to_owned)).collect();
    ensure!(!points.is_empty(), "empty mountinfo");
    Ok(points)
}
