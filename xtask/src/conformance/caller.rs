//! Starting the program as one of its callers does.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, MemfdFlags, Mode};
use rustix::process::{Gid, Uid};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::case::{Caller, Case, Lock, Step, Streams};

/// Far more than any run needs; the freezer gives up after 3 s.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a run ended.
pub(super) struct Outcome {
    pub(super) exit: String,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

/// Runs `program` for `step` in this process's namespace. It is executed by descriptor, as
/// snap-confine does it: no name of it exists in the world.
pub(super) fn run(case: &Case, step: &Step, program: &File) -> Result<Outcome> {
    let lock = match (step.lock, step.caller) {
        (Some(Lock::Held), _) | (None, Caller::SnapConfine) => Some(hold_lock(case)?),
        (Some(Lock::Free), _) | (None, Caller::Snapd | Caller::User) => None,
    };
    let (stdout, stderr) = (memory_file("stdout")?, memory_file("stderr")?);
    let mut command = Command::new(format!("/proc/self/fd/{}", program.as_raw_fd()));
    command.arg0("snap-update-ns").env_clear().current_dir("/");
    command.args(arguments(case, step)).envs(environment(step.caller)).envs(&step.env);
    command.stdin(Stdio::null()).stdout(stdout.try_clone()?).stderr(stderr.try_clone()?);
    if step.caller == Caller::User {
        // SAFETY: the closure only makes system calls, in the forked child of a process that has
        // a single thread.
        unsafe { command.pre_exec(become_user) };
    }
    if step.streams == Streams::Closed {
        // SAFETY: as above; the three descriptors are the child's own and nothing uses them
        // before the exec.
        unsafe { command.pre_exec(close_streams) };
    }
    // snap-confine sets it to 0; what snapd has is inherited.
    let umask = if step.caller == Caller::Snapd { 0o022 } else { 0 };
    let before = rustix::process::umask(Mode::from_raw_mode(umask));
    let mut child = command.spawn().context("start the program")?;
    rustix::process::umask(before);
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            bail!("still running after {PATIENCE:?}");
        }
        sleep(Duration::from_micros(300));
    };
    drop(lock);
    let exit = match (status.code(), status.signal()) {
        (Some(code), _) => code.to_string(),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "unknown".to_owned(),
    };
    Ok(Outcome { exit, stdout: written(stdout)?, stderr: written(stderr)? })
}

/// A file in memory takes what is written however much it is; a pipe would make a talkative
/// program wait for us while we wait for it.
fn memory_file(name: &str) -> Result<File> {
    Ok(File::from(rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC)?))
}

fn written(mut file: File) -> Result<Vec<u8>> {
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

fn environment(caller: Caller) -> Vec<(&'static str, &'static str)> {
    match caller {
        Caller::SnapConfine => vec![("SNAPD_DEBUG", "0")],
        Caller::Snapd => vec![("PATH", "/usr/sbin:/usr/bin"), ("LANG", "C.UTF-8")],
        Caller::User => vec![
            ("SNAPD_DEBUG", "0"),
            ("XDG_RUNTIME_DIR", "/run/user/1000/snap.hello"),
            ("SNAP_REAL_HOME", "/home/user"),
        ],
    }
}

fn hold_lock(case: &Case) -> Result<File> {
    let path = format!("/run/snapd/lock/{}.lock", case.instance);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    rustix::fs::flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}

fn close_streams() -> std::io::Result<()> {
    for stream in 0..=2 {
        // SAFETY: the forked child owns its standard streams and does not use them any more.
        unsafe { rustix::io::close(stream) };
    }
    Ok(())
}

/// uid 1000 with the three ambient capabilities, as snap-confine 2.77 calls it.
fn become_user() -> std::io::Result<()> {
    let (uid, gid) = (Uid::from_raw(1000), Gid::from_raw(1000));
    let three = CapabilitySet::SYS_ADMIN | CapabilitySet::CHOWN | CapabilitySet::DAC_OVERRIDE;
    rustix::thread::set_keep_capabilities(true)?;
    rustix::thread::set_thread_groups(&[gid])?;
    rustix::thread::set_thread_res_gid(gid, gid, gid)?;
    rustix::thread::set_thread_res_uid(uid, uid, uid)?;
    let sets = CapabilitySets { effective: three, permitted: three, inheritable: three };
    rustix::thread::set_capabilities(None, sets)?;
    for one in [CapabilitySet::SYS_ADMIN, CapabilitySet::CHOWN, CapabilitySet::DAC_OVERRIDE] {
        rustix::thread::configure_capability_in_ambient_set(one, true)?;
    }
    Ok(())
}
