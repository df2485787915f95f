//! New processes in new namespaces.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result, bail};
use rustix::io::Errno;
use rustix::thread::UnshareFlags;

use crate::without::Without;

/// Set in the environment of the isolated child of [`run_test_isolated`].
const INSIDE: &str = "SNAP_NS_TESTBED_INSIDE";

/// What kind of namespace the caller may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Real root: a mount namespace is enough.
    Root,
    /// An ordinary user: a user namespace that maps only that user, to root, around it.
    UserNamespace,
}

impl Isolation {
    /// What this process has to use.
    #[must_use]
    pub fn here() -> Self {
        if rustix::process::geteuid().is_root() { Self::Root } else { Self::UserNamespace }
    }
}

/// Makes `command` start in a new mount namespace (and user namespace, for ordinary users) whose
/// mounts are all private, so that nothing reaches the machine's mount table.
pub fn isolate(command: &mut Command) -> &mut Command {
    let isolation = Isolation::here();
    let uid = rustix::process::geteuid().as_raw();
    let gid = rustix::process::getegid().as_raw();
    // SAFETY: the closure runs in the forked child before exec and only makes system calls and
    // small allocations; the parent's other threads hold no lock that these need.
    unsafe { command.pre_exec(move || enter(isolation, uid, gid)) }
}

fn enter(isolation: Isolation, uid: u32, gid: u32) -> std::io::Result<()> {
    let mut flags = UnshareFlags::NEWNS;
    if isolation == Isolation::UserNamespace {
        flags |= UnshareFlags::NEWUSER;
    }
    // SAFETY: this is a freshly forked child; nothing shares its descriptor table or namespaces.
    unsafe { rustix::thread::unshare_unsafe(flags).map_err(io_error)? };
    if isolation == Isolation::UserNamespace {
        fs::write("/proc/self/setgroups", "deny")?;
        fs::write("/proc/self/uid_map", format!("0 {uid} 1"))?;
        fs::write("/proc/self/gid_map", format!("0 {gid} 1"))?;
    }
    rustix::mount::mount_change(
        "/",
        rustix::mount::MountPropagationFlags::PRIVATE | rustix::mount::MountPropagationFlags::REC,
    )
    .map_err(io_error)
}

/// rustix is built without `std` in this workspace and does not know its errors.
pub(crate) fn io_error(errno: Errno) -> std::io::Error {
    std::io::Error::from_raw_os_error(errno.raw_os_error())
}

/// Runs `body` as the test `name` (its full path, as `cargo test` prints it) in a process and
/// namespace of its own: the test binary is started again for just this test.
///
/// # Errors
///
/// What `body` returned, as the child's output; or the namespace could not be made.
pub fn run_test_isolated(name: &str, body: impl FnOnce() -> Result<()>) -> Result<()> {
    run_test_without(name, &Without::default(), body)
}

/// The same, in a process that misses system calls.
///
/// # Errors
///
/// As for [`run_test_isolated`].
pub fn run_test_without(
    name: &str,
    without: &Without,
    body: impl FnOnce() -> Result<()>,
) -> Result<()> {
    if std::env::var_os(INSIDE).is_some() {
        return body();
    }
    let exe = std::env::current_exe().context("path of the test binary")?;
    let mut command = Command::new(exe);
    command
        .args(["--exact", name, "--include-ignored", "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1");
    let output = without.apply(isolate(&mut command)).output();
    let output = output.context("cannot make a namespace for the test")?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() || !text.contains("1 passed") {
        bail!("{name}: {}\n{text}{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
