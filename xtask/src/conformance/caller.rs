//! Starting the program as one of its callers does.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use caps::{CapSet, Capability};
use nix::fcntl::{Flock, FlockArg};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::prctl::set_keepcaps;
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Gid, Uid, close, setgroups, setresgid, setresuid};

use super::case::{Caller, Case, Lock, Step, Streams};
use super::conditions::{Conditions, Identity};

/// Far more than any run needs; the freezer gives up after 3 s.
const PATIENCE: Duration = Duration::from_secs(20);

/// What our debug log says of a step for which nothing may be created where the plan thought so.
pub(super) const UNFORESEEN: &str = "cannot create anything in ";

/// Whether a line on standard error is the debug log's, and says so.
pub(super) fn is_unforeseen(line: &str) -> bool {
    line.starts_with("DEBUG: ") && line.contains(UNFORESEEN)
}

/// A program under test.
pub(super) struct Program {
    pub(super) file: File,
    pub(super) conditions: Conditions,
}

/// How a run ended.
pub(super) struct Outcome {
    pub(super) exit: String,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

/// Runs `program` for `step` in this process's namespace. It is executed by descriptor, as
/// snap-confine does it: no name of it exists in the world.
pub(super) fn run(case: &Case, step: &Step, program: &Program) -> Result<Outcome> {
    let lock = match (step.lock, step.caller) {
        (Some(Lock::Held), _) | (None, Caller::SnapConfine) => Some(hold_lock(case)?),
        (Some(Lock::Free), _) | (None, Caller::Snapd | Caller::User) => None,
    };
    let (stdout, stderr) = (memory_file("stdout")?, memory_file("stderr")?);
    let mut command = Command::new(format!("/proc/self/fd/{}", program.file.as_raw_fd()));
    command.arg0("snap-update-ns").env_clear().current_dir("/");
    command.args(arguments(case, step)).envs(environment(step.caller)).envs(&step.env);
    command.stdin(Stdio::null()).stdout(stdout.try_clone()?).stderr(stderr.try_clone()?);
    program.conditions.apply(step.caller, &mut command);
    let become_caller = match program.conditions.identity(step.caller) {
        Identity::Root => None,
        Identity::User => Some(become_user as fn() -> std::io::Result<()>),
        Identity::Setuid => Some(become_setuid as fn() -> std::io::Result<()>),
    };
    if let Some(become_caller) = become_caller {
        // SAFETY: the function makes system calls and small allocations, in the forked child of a
        // process that has a single thread.
        unsafe { command.pre_exec(become_caller) };
    }
    if step.streams == Streams::Closed {
        // SAFETY: as above; the three descriptors are the child's own and nothing uses them
        // before the exec.
        unsafe { command.pre_exec(close_streams) };
    }
    // snap-confine sets it to 0; what snapd has is inherited.
    let mask = if step.caller == Caller::Snapd { 0o022 } else { 0 };
    let before = umask(Mode::from_bits_truncate(mask));
    let mut child = command.spawn().context("start the program")?;
    umask(before);
    let deadline = Instant::now() + PATIENCE;
    let mut hung = false;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() > deadline {
            hung = true;
            child.kill()?;
        }
        sleep(Duration::from_micros(300));
    };
    drop(lock);
    let exit = match (status.code(), status.signal()) {
        _ if hung => format!("killed after {PATIENCE:?}"),
        (Some(code), _) => code.to_string(),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "unknown".to_owned(),
    };
    Ok(Outcome { exit, stdout: written(stdout)?, stderr: written(stderr)? })
}

/// A file in memory takes what is written however much it is; a pipe would make a talkative
/// program wait for us while we wait for it.
pub(crate) fn memory_file(name: &str) -> Result<File> {
    Ok(File::from(memfd_create(name, MFdFlags::MFD_CLOEXEC)?))
}

pub(crate) fn written(mut file: File) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn arguments(case: &Case, step: &Step) -> Vec<String> {
    if let Some(args) = &step.args {
        return args.clone();
    }
    let mut args: Vec<String> = match step.caller {
        Caller::SnapConfine => vec!["--from-snap-confine".to_owned()],
        Caller::Snapd => vec![],
        Caller::User => vec!["--from-snap-confine".to_owned(), "--user-mounts".to_owned()],
    };
    args.push(case.instance.clone());
    args
}

/// What the caller sets, with debugging turned on: ours says then whether it met an obstacle.
fn environment(caller: Caller) -> Vec<(&'static str, &'static str)> {
    match caller {
        Caller::SnapConfine => vec![("SNAPD_DEBUG", "1")],
        Caller::Snapd => {
            vec![("SNAPD_DEBUG", "1"), ("PATH", "/usr/sbin:/usr/bin"), ("LANG", "C.UTF-8")]
        }
        Caller::User => vec![
            ("SNAPD_DEBUG", "1"),
            ("XDG_RUNTIME_DIR", "/run/user/1000/snap.hello"),
            ("SNAP_REAL_HOME", "/home/user"),
        ],
    }
}

pub(crate) fn hold_lock(case: &Case) -> Result<Flock<File>> {
    let path = format!("/run/snapd/lock/{}.lock", case.instance);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, errno)| errno).context("lock")
}

fn close_streams() -> std::io::Result<()> {
    for stream in 0..=2 {
        close(stream)?;
    }
    Ok(())
}

/// As a program is that belongs to root, is setuid, and was started by uid 1000.
fn become_setuid() -> std::io::Result<()> {
    let (uid, gid) = (Uid::from_raw(1000), Gid::from_raw(1000));
    setgroups(&[gid])?;
    setresgid(gid, gid, gid)?;
    setresuid(uid, Uid::from_raw(0), Uid::from_raw(0))?;
    Ok(())
}

/// uid 1000 with the three ambient capabilities, as snap-confine 2.77 calls it.
pub(crate) fn become_user() -> std::io::Result<()> {
    let (uid, gid) = (Uid::from_raw(1000), Gid::from_raw(1000));
    let three =
        [Capability::CAP_SYS_ADMIN, Capability::CAP_CHOWN, Capability::CAP_DAC_OVERRIDE].into();
    set_keepcaps(true)?;
    setgroups(&[gid])?;
    setresgid(gid, gid, gid)?;
    setresuid(uid, uid, uid)?;
    // The ambient ones must be inheritable, and the effective ones permitted.
    for set in [CapSet::Inheritable, CapSet::Effective, CapSet::Permitted, CapSet::Ambient] {
        caps::set(None, set, &three).map_err(std::io::Error::other)?;
    }
    Ok(())
}
