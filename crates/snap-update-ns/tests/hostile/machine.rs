//! A small machine with the snap `hello`, in the shape in which snap-confine leaves it.
//!
//! | place | is |
//! |---|---|
//! | `/` | a tmpfs that the current profile records as snap-confine's |
//! | `/usr`, `/opt`, `/snap/hello/1` | read-only |
//! | `/usr/odd` | one of each kind of object, to be in the way |
//! | `/var/snap/hello/common` | writable, with odd objects too |
//! | `/sys/fs/cgroup/freezer` | a plain directory: what is frozen is seen, and nothing is |

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use snap_ns_testbed::{Without, World, run_test_without};

/// What is recorded when nothing is built.
pub(crate) const ROOTFS: &str = "tmpfs / tmpfs x-snapd.origin=rootfs 0 0\n";

pub(crate) const DESIRED: &str = "/var/lib/snapd/mount/snap.hello.fstab";
pub(crate) const USERS: &str = "/var/lib/snapd/mount/snap.hello.user-fstab";
pub(crate) const CURRENT: &str = "/run/snapd/ns/snap.hello.fstab";
pub(crate) const FREEZER: &str = "/sys/fs/cgroup/freezer/snap.hello/freezer.state";

/// Where the binary is in the machine.
pub(crate) const PROGRAM: &str = "/program";

pub(crate) struct Machine {
    pub(crate) world: World,
    lock: File,
}

/// Runs `body` on a new machine, as the test `name`.
#[track_caller]
pub(crate) fn on_a_machine(name: &str, body: impl FnOnce(&mut Machine)) {
    on_a_machine_without(name, &Without::default(), body);
}

/// The same where system calls are missing.
#[track_caller]
pub(crate) fn on_a_machine_without(name: &str, without: &Without, body: impl FnOnce(&mut Machine)) {
    let done = run_test_without(name, without, || {
        body(&mut Machine::start()?);
        Ok(())
    });
    if let Err(error) = done {
        panic!("{error:#}");
    }
}

impl Machine {
    fn start() -> anyhow::Result<Self> {
        let program = fs::read(env!("CARGO_BIN_EXE_snap-update-ns"))?;
        let libraries = libraries()?;
        let world = World::enter(Path::new(env!("CARGO_TARGET_TMPDIR")))?;
        world.like_a_machine()?;
        fs::write(PROGRAM, program)?;
        chmod(PROGRAM, 0o755);
        for (path, bytes) in libraries {
            fs::create_dir_all(path.parent().expect("a directory"))?;
            fs::write(&path, bytes)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        }
        for dir in ["/usr/share/base", "/usr/odd/dir", "/opt/there", "/snap/hello/1/lib/sub"] {
            world.dir(dir)?;
        }
        world
            .file("/var/snap/hello/common/data/sub/text", "data\n")?
            .dir("/home/user")?
            .dir("/run/user/0")?;
        world.file("/usr/share/base/text", "base\n")?.file("/snap/hello/1/lib/text", "snap\n")?;
        world.file("/snap/hello/1/file", "file\n")?.link("/snap/hello/1/link", "lib")?;
        odd_objects(&world, "/usr/odd")?;
        odd_objects(&world, "/var/snap/hello/common")?;
        for place in ["/usr", "/opt", "/snap/hello/1"] {
            world.read_only(place)?;
        }
        // Only root may make a device; everybody may bind one.
        for place in ["/usr/odd/device", "/var/snap/hello/common/device"] {
            mount(Some("/dev/null"), place, None, libc::MS_BIND, None);
        }
        mount(Some("sys"), "/sys", Some("tmpfs"), 0, Some("mode=755"));
        world.file(FREEZER, "THAWED\n")?.file(CURRENT, ROOTFS)?;
        Ok(Self { world, lock: hold("/run/snapd/lock/hello.lock") })
    }

    /// snap-confine's call.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(["--from-snap-confine", "hello"]).env_clear().env("SNAPD_DEBUG", "0");
        command.stdin(Stdio::null());
        command
    }

    /// The call for a user's mounts.
    pub(crate) fn user_command(&self, home: Option<&[u8]>) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(["--from-snap-confine", "--user-mounts", "hello"]).env_clear();
        if let Some(home) = home {
            command.env("SNAP_REAL_HOME", OsStr::from_bytes(home));
        }
        command
    }

    /// A call with just these arguments.
    pub(crate) fn with_arguments(&self, arguments: &[&[u8]]) -> Command {
        let mut command = Command::new(PROGRAM);
        let arguments = arguments.iter().map(|text| OsStr::from_bytes(text));
        command.args(arguments).env_clear().stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self) -> Output {
        self.command().output().expect("run")
    }

    /// Undoes everything; what stands then is what stood in the beginning.
    #[track_caller]
    pub(crate) fn undo(&self) {
        fs::write(DESIRED, "").expect("write");
        let output = self.run();
        assert_eq!(output.status.code(), Some(0), "undo: {output:?}");
        assert_eq!(fs::read_to_string(CURRENT).expect("saved"), ROOTFS);
    }

    /// Holds the instance's lock by a file that is opened anew.
    pub(crate) fn lock_again(&mut self) {
        self.unlock();
        self.lock = hold("/run/snapd/lock/hello.lock");
    }

    /// Lets go of the instance's lock.
    pub(crate) fn unlock(&mut self) {
        // A lock that nobody else knows of.
        self.lock = hold("/run/snapd/lock/other.lock");
    }
}

/// The hosted binary needs a loader and the libraries of std, which this test has loaded as well;
/// the freestanding one needs none.
fn libraries() -> anyhow::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut files = Vec::new();
    let maps =
        if cfg!(freestanding) { String::new() } else { fs::read_to_string("/proc/self/maps")? };
    for path in maps.lines().filter_map(|line| Some(PathBuf::from(&line[line.find('/')?..]))) {
        let name = path.file_name().expect("a file").to_owned();
        let loader = name.as_bytes().starts_with(b"ld");
        let library = name.as_bytes().windows(3).any(|part| part == b".so");
        if !library || files.iter().any(|(known, _)| *known == path) {
            continue;
        }
        let bytes = fs::read(&path)?;
        if loader {
            // By the names under which the binary may ask for it.
            for dir in ["/lib64", "/lib"] {
                files.push((Path::new(dir).join(&name), bytes.clone()));
            }
        }
        files.push((path, bytes));
    }
    Ok(files)
}

/// One of each: a directory, a file, links, a FIFO, a socket, and a place for a device.
fn odd_objects(world: &World, dir: &str) -> anyhow::Result<()> {
    let at = |name: &str| format!("{dir}/{name}");
    world.dir(&at("dir/sub"))?.file(&at("file"), "file\n")?.file(&at("device"), "")?;
    world.link(&at("link"), "dir")?.link(&at("filelink"), "file")?.link(&at("loop"), "loop")?;
    world.link(&at("dangling"), "/nowhere/at/all")?;
    let fifo = std::ffi::CString::new(at("fifo"))?;
    // SAFETY: one system call with a string.
    anyhow::ensure!(unsafe { libc::mkfifo(fifo.as_ptr(), 0o644) } == 0, "mkfifo");
    UnixListener::bind(at("socket"))?;
    Ok(())
}

/// Opens or makes a lock file, and holds its lock.
fn hold(path: &str) -> File {
    let lock = File::options().read(true).write(true).create(true).truncate(false).open(path);
    let lock = lock.expect("lock file");
    // SAFETY: one system call on an open descriptor.
    let result = unsafe { libc::flock(lock.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
    lock
}

pub(crate) fn chmod(path: &str, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect(path);
}

/// mount(2), as the tests need it.
#[track_caller]
pub(crate) fn mount(
    source: Option<&str>,
    at: &str,
    fs_type: Option<&str>,
    flags: libc::c_ulong,
    data: Option<&str>,
) {
    let text = |text: &str| std::ffi::CString::new(text).expect("a string");
    let (source, at, fs_type, data) =
        (source.map(text), text(at), fs_type.map(text), data.map(text));
    let pointer = |text: &Option<std::ffi::CString>| {
        text.as_ref().map_or(std::ptr::null(), |text| text.as_ptr())
    };
    // SAFETY: one system call with strings that live long enough.
    let result = unsafe {
        libc::mount(pointer(&source), at.as_ptr(), pointer(&fs_type), flags, pointer(&data).cast())
    };
    assert_eq!(result, 0, "mount on {at:?}: {}", io::Error::last_os_error());
}

/// Unmounts what is on top at `path`.
#[track_caller]
pub(crate) fn unmount(path: &str) {
    let at = OsString::from(format!("{path}\0"));
    // SAFETY: one system call with a string that ends in NUL.
    let result = unsafe { libc::umount2(at.as_bytes().as_ptr().cast(), libc::UMOUNT_NOFOLLOW) };
    assert_eq!(result, 0, "unmount {path}: {}", io::Error::last_os_error());
}
