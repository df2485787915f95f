//! `cargo xtask demo`: what the program does, played in a throw-away world.

mod inside;
mod moment;
mod mounts;
mod paint;
mod snap;
mod story;
mod tree;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use snap_ns_testbed::{Isolation, isolate};

pub(crate) use inside::main as inside;

use crate::{bench, peer};

const DESIRED: &str = "/var/lib/snapd/mount/snap.hello.fstab";
const CURRENT: &str = "/run/snapd/ns/snap.hello.fstab";
const LOCK: &str = "/run/snapd/lock/hello.lock";
/// Where the program is in the world.
const PROGRAM: &str = "/snap-update-ns";
/// What snap-confine has saved before the first call.
const ROOTFS: &str = "tmpfs / tmpfs x-snapd.origin=rootfs 0 0\n";

/// The options of the command.
#[derive(clap::Args)]
pub(crate) struct Demo {
    /// Show this program instead of building ours.
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
}

/// Builds, plays, and leaves nothing behind.
pub(crate) fn run(options: Demo) -> Result<()> {
    let program = options.program.map_or_else(bench::build, Ok)?;
    let program = fs::canonicalize(&program).with_context(|| program.display().to_string())?;
    let name = format!("target/demo.{}", std::process::id());
    let scratch = peer::workspace_root()?.join(name);
    fs::create_dir_all(&scratch).with_context(|| scratch.display().to_string())?;
    let played = play(program, &scratch);
    let clean = clean_up(&scratch);
    played.and(clean)
}

fn play(program: PathBuf, scratch: &Path) -> Result<()> {
    let task = inside::Task {
        program,
        scratch: scratch.to_owned(),
        root: Isolation::here() == Isolation::Root,
    };
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("demo-inside").arg(serde_json::to_string(&task)?);
    let status = isolate(&mut command)
        .status()
        .context("cannot make a mount namespace (as an ordinary user this needs user namespaces: /proc/sys/user/max_user_namespaces, and no policy that forbids them)")?;
    ensure!(status.success(), "the demo failed: {status}");
    Ok(())
}

/// Removes the scratch directory, and makes sure that no mount and no loop device uses it.
fn clean_up(scratch: &Path) -> Result<()> {
    let place = scratch.display().to_string();
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    ensure!(!mounts.contains(&place), "something is mounted in {place}");
    // The kernel frees the loop devices when the namespace goes, which may be a moment later.
    for _ in 0..100 {
        if !loop_devices()?.iter().any(|file| file.contains(&place)) {
            return fs::remove_dir_all(scratch).with_context(|| place);
        }
        thread::sleep(Duration::from_millis(20));
    }
    bail!("a loop device still uses {place}")
}

/// The files behind the machine's loop devices.
fn loop_devices() -> Result<Vec<String>> {
    let mut files = Vec::new();
    for device in fs::read_dir("/sys/block").context("/sys/block")? {
        let file = device?.path().join("loop/backing_file");
        files.extend(fs::read_to_string(file));
    }
    Ok(files)
}
