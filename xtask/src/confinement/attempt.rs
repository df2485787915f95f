//! One forbidden operation, in a process and a world of its own.
//!
//! The process makes the world while nothing confines it, changes to the profile if there is one, and
//! tries. It ends with the error number, or 0 when it could do it.

use std::fs::{self, File, OpenOptions};
use std::io::{Error, Result as IoResult};
use std::net::UdpSocket;
use std::os::unix::fs::{OpenOptionsExt, chown, symlink};
use std::path::Path;
use std::process::exit;

use anyhow::{Context, Result};
use nix::fcntl::{Flock, FlockArg};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use nix::time::{ClockId, clock_gettime, clock_settime};
use nix::unistd::{Pid, Uid, chroot, execv, pivot_root, setresuid};
use rustix::mount::{MoveMountFlags, OpenTreeFlags, move_mount, open_tree};

use super::guest::MEDIATED;
use super::suite::Calls;
use crate::conformance::{Case, enter_world};

/// The name of the hidden subcommand.
pub(crate) const ATTEMPT: &str = "confinement-attempt";

/// Something that is none of the program's business.
pub(super) struct Attempt {
    pub(super) name: &'static str,
    /// Where it is forbidden.
    when: When,
    act: fn() -> IoResult<()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    /// Updates need what allows it, to come back from a copy of the namespace.
    UnlessUpdates,
    /// The newer mount calls are mediated from Linux 6.7 on.
    SinceMediated,
}

impl Attempt {
    pub(super) fn applies(&self, calls: Calls, kernel: (u32, u32)) -> bool {
        match self.when {
            When::Always => true,
            When::UnlessUpdates => calls == Calls::FirstStart,
            When::SinceMediated => kernel >= MEDIATED,
        }
    }
}

/// What is there besides the standard world.
const WORLD: &str = "
file /snap/hello/1/app/f = app
file /snap/hello/1/c/f = c
file /snap/other/1/c/f = c
dir /snap/bin
dir /snap/new
dir /media/disk
dir /usr/share/app
dir /usr/share/other
dir /usr/share/t
file /run/tool 0755 = tool
dir /home/user/sub
file /home/user/.bashrc = user's
file /etc/shadow 0600 = secret
file /etc/passwd = root
dir /etc/cron.d
file /var/snap/other/common/secret = secret
file /var/snap/hello/common/data = data
file /var/lib/snapd/state.json = state
file /var/lib/snapd/mount/snap.hello.fstab
file /var/lib/snapd/mount/snap.other.fstab
file /run/snapd/ns/snap.other.fstab
file /run/snapd/lock/other.lock
file /sys/fs/cgroup/freezer/snap.other/freezer.state = THAWED
dir /tmp/.snap/usr/share
";

/// A program for x86-64 that does nothing but end well: exit(0).
const TOOL: &[u8] = b"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\
    \x02\x00>\x00\x01\x00\x00\x00x\x00@\x00\x00\x00\x00\x00\
    @\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
    \x00\x00\x00\x00@\x008\x00\x01\x00\x00\x00\x00\x00\x00\x00\
    \x01\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
    \x00\x00@\x00\x00\x00\x00\x00\x00\x00@\x00\x00\x00\x00\x00\
    \x81\x00\x00\x00\x00\x00\x00\x00\x81\x00\x00\x00\x00\x00\x00\x00\
    \x00\x10\x00\x00\x00\x00\x00\x001\xff\xb8<\x00\x00\x00\x0f\
    \x05";

const fn always(name: &'static str, act: fn() -> IoResult<()>) -> Attempt {
    Attempt { name, when: When::Always, act }
}

/// All of them.
pub(super) const ATTEMPTS: &[Attempt] = &[
    // Mounts in other places, or of something else.
    always("bind the layout's source over /media/disk", || {
        bind("/snap/hello/1/app", "/media/disk")
    }),
    always("bind the layout's source over /snap/bin", || bind("/snap/hello/1/app", "/snap/bin")),
    always("bind the layout's source over /etc", || bind("/snap/hello/1/app", "/etc")),
    always("bind the layout's source over another directory beside its mount point", || {
        bind("/snap/hello/1/app", "/usr/share/other")
    }),
    always("bind a home over the layout's mount point", || bind("/home/user", "/usr/share/app")),
    always("bind another snap over the layout's mount point", || {
        bind("/snap/other/1/c", "/usr/share/app")
    }),
    always("bind the root over the layout's mount point", || {
        call(mount(Some("/"), "/usr/share/app", NONE, MsFlags::MS_BIND | MsFlags::MS_REC, NONE))
    }),
    always("bind content over another directory of the snap", || {
        bind("/snap/other/1/c", "/snap/hello/1/app")
    }),
    always("bind the layout's source aside", || bind("/snap/hello/1/app", "/tmp/.snap/usr/share")),
    always("mount a tmpfs over a home", || new("tmpfs", "/home/user")),
    always("mount a tmpfs over /usr/share/other", || new("tmpfs", "/usr/share/other")),
    always("mount a tmpfs over the root", || new("tmpfs", "/")),
    always("mount a tmpfs with other flags", || {
        call(mount(Some("tmpfs"), "/usr/share/t", Some("tmpfs"), MsFlags::MS_NOEXEC, NONE))
    }),
    always("mount a proc on the place of a tmpfs", || new("proc", "/usr/share/t")),
    always("remount the root", || remount("/", MsFlags::empty())),
    always("make read-only content writable", || remount("/snap/hello/1/c", MsFlags::MS_BIND)),
    always("make the base writable", || remount("/usr", MsFlags::MS_BIND)),
    always("move a layout somewhere else", || {
        call(mount(Some("/usr/share/app"), "/media/disk", NONE, MsFlags::MS_MOVE, NONE))
    }),
    always("share the root", || propagate("/", MsFlags::MS_SHARED)),
    always("make the whole tree a slave", || propagate("/", MsFlags::MS_REC | MsFlags::MS_SLAVE)),
    always("share a layout", || propagate("/usr/share/app", MsFlags::MS_SHARED)),
    Attempt {
        name: "attach a copy of the layout's source to /media/disk",
        when: When::SinceMediated,
        act: || attach("/snap/hello/1/app", "/media/disk"),
    },
    Attempt {
        name: "attach a copy of a home to /snap/bin",
        when: When::SinceMediated,
        act: || attach("/home/user", "/snap/bin"),
    },
    // Unmounting what is not ours.
    always("unmount the root", || unmount("/")),
    always("unmount the base", || unmount("/var")),
    always("unmount /proc", || unmount("/proc")),
    always("unmount another snap", || unmount("/snap/other/1")),
    always("unmount the host's snaps", || unmount("/snap")),
    always("unmount another instance of the snap", || unmount("/snap/hello_foo/1")),
    always("unmount the host's directories of snapd", || unmount("/var/lib/snapd")),
    // Another root.
    always("pivot_root", || call(pivot_root("/media/disk", "/media/disk"))),
    Attempt { name: "chroot", when: When::UnlessUpdates, act: || call(chroot("/media/disk")) },
    // Files.
    always("read /etc/shadow", || read("/etc/shadow")),
    always("write /etc/passwd", || append("/etc/passwd")),
    always("create a file in /etc/cron.d", || create("/etc/cron.d/job")),
    always("read the data of another snap", || read("/var/snap/other/common/secret")),
    always("read the own snap's data", || read("/var/snap/hello/common/data")),
    always("create a file in the own snap's data", || create("/var/snap/hello/common/new")),
    always("read a user's file", || read("/home/user/.bashrc")),
    always("write a user's file", || append("/home/user/.bashrc")),
    always("list a home", || fs::read_dir("/home/user").map(drop)),
    always("read the state of snapd", || read("/var/lib/snapd/state.json")),
    always("read another snap's desired profile", || read("/var/lib/snapd/mount/snap.other.fstab")),
    always("write the own desired profile", || append("/var/lib/snapd/mount/snap.hello.fstab")),
    always("write another snap's current profile", || append("/run/snapd/ns/snap.other.fstab")),
    always("lock another snap", || {
        let file = OpenOptions::new().read(true).write(true).open("/run/snapd/lock/other.lock")?;
        let locked = Flock::lock(file, FlockArg::LockExclusiveNonblock);
        locked.map(drop).map_err(|(_, errno)| errno.into())
    }),
    always("freeze another snap", || append("/sys/fs/cgroup/freezer/snap.other/freezer.state")),
    always("make a directory below /snap", || fs::create_dir("/snap/newer")),
    always("remove a directory below /snap", || fs::remove_dir("/snap/new")),
    always("rename a user's file", || fs::rename("/home/user/.bashrc", "/home/user/sub/x")),
    always("link a user's file into a mimic's place", || {
        fs::hard_link("/home/user/.bashrc", "/home/user/sub/x")
    }),
    always("make a symbolic link in a home", || symlink("/etc/shadow", "/home/user/link")),
    always("give a user's file to root", || chown("/home/user/.bashrc", Some(0), Some(0))),
    always("make a device", || {
        call(mknod("/dev/new", SFlag::S_IFCHR, Mode::S_IRUSR, makedev(1, 3)))
    }),
    always("read the environment of another process", || read("/proc/1/environ")),
    always("write to a setting of the kernel", || append("/proc/sys/kernel/printk_ratelimit")),
    // Other processes, and what they are told.
    // (If it can, this process ends as the program does: well.)
    always("execute a program", || call(execv(c"/run/tool", &[c"tool"]).map(drop))),
    always("trace a process", || {
        ptrace::seize(Pid::parent(), ptrace::Options::empty())?;
        call(ptrace::detach(Pid::parent(), None).or(Ok(())))
    }),
    always("send a signal to a process", || call(kill(Pid::parent(), Signal::SIGWINCH))),
    always("use the network", || UdpSocket::bind("0.0.0.0:0").map(drop)),
    always("change to no profile", || {
        fs::write("/proc/self/attr/current", "changeprofile unconfined")
    }),
    always("set the clock of the machine", || {
        let now = clock_gettime(ClockId::CLOCK_REALTIME)?;
        call(clock_settime(ClockId::CLOCK_REALTIME, now))
    }),
    always("become another user", || {
        call(setresuid(Uid::from_raw(4711), Uid::from_raw(0), Uid::from_raw(0)))
    }),
];

const NONE: Option<&str> = None;

/// Makes the world, confines itself, tries, and ends.
pub(crate) fn run() -> Result<()> {
    let setting = |name| std::env::var(name).context(name);
    let name = setting("ATTEMPT")?;
    let attempt =
        ATTEMPTS.iter().find(|attempt| attempt.name == name).context("no such attempt")?;
    enter_world(Path::new(&setting("SCRATCH")?), &Case::of_world("hello", WORLD))?;
    prepare()?;
    if let Ok(profile) = std::env::var("PROFILE") {
        fs::write("/proc/self/attr/current", format!("changeprofile {profile}"))
            .with_context(|| format!("change to {profile}"))?;
    }
    let result = (attempt.act)();
    let code = result.map_or_else(|error| error.raw_os_error().unwrap_or(255), |()| 0);
    exit(code)
}

/// What is mounted, as after a first start.
fn prepare() -> Result<()> {
    new("tmpfs", "/media/disk")?;
    mount(Some("/snap/hello/1/app"), "/usr/share/app", NONE, MsFlags::MS_BIND, NONE)?;
    mount(Some("/snap/other/1/c"), "/snap/hello/1/c", NONE, MsFlags::MS_BIND, NONE)?;
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
    mount(NONE, "/snap/hello/1/c", NONE, flags, NONE)?;
    Ok(fs::write("/run/tool", TOOL)?)
}

fn call(result: nix::Result<()>) -> IoResult<()> {
    result.map_err(Error::from)
}

fn bind(source: &str, target: &str) -> IoResult<()> {
    call(mount(Some(source), target, NONE, MsFlags::MS_BIND, NONE))
}

fn new(fs_type: &str, target: &str) -> IoResult<()> {
    call(mount(Some(fs_type), target, Some(fs_type), MsFlags::empty(), NONE))
}

fn remount(target: &str, flags: MsFlags) -> IoResult<()> {
    call(mount(NONE, target, NONE, MsFlags::MS_REMOUNT | flags, NONE))
}

fn propagate(target: &str, flags: MsFlags) -> IoResult<()> {
    call(mount(NONE, target, NONE, flags, NONE))
}

fn unmount(target: &str) -> IoResult<()> {
    call(umount2(target, MntFlags::MNT_DETACH))
}

fn attach(source: &str, target: &str) -> IoResult<()> {
    let cwd = rustix::fs::CWD;
    let attached = open_tree(cwd, source, OpenTreeFlags::OPEN_TREE_CLONE).and_then(|tree| {
        move_mount(&tree, "", cwd, target, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
    });
    attached.map_err(|errno| Error::from_raw_os_error(errno.raw_os_error()))
}

fn read(path: &str) -> IoResult<()> {
    File::open(path).map(drop)
}

fn append(path: &str) -> IoResult<()> {
    OpenOptions::new().append(true).open(path).map(drop)
}

fn create(path: &str) -> IoResult<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map(drop)
}
