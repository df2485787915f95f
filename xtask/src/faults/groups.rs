//! Groups to be frozen: real ones of cgroup v2 that nobody else sees, each with a process; and the
//! file that stands for one of v1.

use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use snap_ns_testbed::mount_new;

use super::scenario::{Scenario, Version};

/// Where programs look for groups.
const ROOT: &str = "/sys/fs/cgroup";

/// What a guest's own group is called, before its process's number.
const PREFIX: &str = "xtask-faults.";

/// What the groups are below.
const SLICE: &str = "app.slice";

/// The groups of `instance`, as systemd would make them. They are neighbours, so that it does not
/// matter to a run which of them the kernel lists first.
fn groups(instance: &str) -> [String; 2] {
    ["app.scope", "daemon.service"].map(|unit| format!("{SLICE}/snap.{instance}.{unit}"))
}

/// After it was thawed, a group may say so a moment later.
const MOMENT: Duration = Duration::from_millis(200);

/// A guest's group, with those of a snap below it. What is in it sees nothing of other groups; but
/// whoever is outside sees these, so they belong to an instance that nobody else has.
pub(super) struct Groups {
    instance: String,
    /// As seen from the namespace in which this was made.
    own: PathBuf,
    /// Where this process came from.
    origin: PathBuf,
    processes: Vec<Child>,
}

impl Groups {
    /// Moves this process into a group of its own. It must have a mount namespace for itself.
    pub(super) fn new() -> Result<Self> {
        mount_new("cgroup2", ROOT, "").context("cgroup v2")?;
        let text = fs::read_to_string("/proc/self/cgroup")?;
        let path = text.lines().find_map(|line| line.strip_prefix("0::/")).context("no group")?;
        let origin = Path::new(ROOT).join(path);
        remove_stale(&origin)?;
        let own = origin.join(format!("{PREFIX}{}", std::process::id()));
        fs::create_dir(&own).with_context(|| own.display().to_string())?;
        let instance = instance_of(&std::process::id().to_string());
        let mut groups = Self { instance, own, origin, processes: vec![] };
        fs::write(groups.own.join("cgroup.procs"), "0").context("enter the group")?;
        unshare(CloneFlags::CLONE_NEWCGROUP).context("unshare")?;
        for name in self::groups(&groups.instance) {
            let group = groups.own.join(name);
            fs::create_dir_all(&group)?;
            let mut command = Command::new("sleep");
            command.arg("infinity").stdin(Stdio::null()).stdout(Stdio::null());
            // SAFETY: one system call in the forked child.
            unsafe {
                command.pre_exec(|| set_pdeathsig(Signal::SIGKILL).map_err(io::Error::from));
            }
            let process = command.spawn().context("sleep")?;
            fs::write(group.join("cgroup.procs"), process.id().to_string())?;
            groups.processes.push(process);
        }
        Ok(groups)
    }

    /// Whose groups they are.
    pub(super) fn instance(&self) -> &str {
        &self.instance
    }

    /// Thaws all. To be called in the namespace in which this was made.
    pub(super) fn thaw(&self) -> Result<()> {
        for name in groups(&self.instance) {
            fs::write(self.own.join(name).join("cgroup.freeze"), "0")?;
        }
        Ok(())
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next guest.
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
        let _ = fs::write(self.origin.join("cgroup.procs"), "0");
        remove(&self.own, &self.instance);
    }
}

/// Removes groups of guests that are not there any more.
fn remove_stale(origin: &Path) -> Result<()> {
    for entry in fs::read_dir(origin)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        if let Some(number) = number.filter(|number| !Path::new("/proc").join(number).exists()) {
            remove(&origin.join(&name), &instance_of(number));
        }
    }
    Ok(())
}

fn remove(own: &Path, instance: &str) {
    // A group that has processes stays; a guest's have ended with it.
    for name in groups(instance) {
        let _ = fs::remove_dir(own.join(name));
    }
    let _ = fs::remove_dir(own.join(SLICE));
    let _ = fs::remove_dir(own);
}

/// An instance for the guest with this process number: a snap name with an instance key.
fn instance_of(number: &str) -> String {
    format!("hello_{number:0>7}")
}

/// Puts what `scenario` needs into the world whose host's namespace this process is in.
pub(super) fn prepare(scenario: &Scenario) -> Result<()> {
    match scenario.freezer {
        Version::V1 => {
            let group = first_version(scenario);
            fs::create_dir_all(&group)?;
            Ok(fs::write(group.join("freezer.state"), "THAWED")?)
        }
        Version::V2 => mount_new("cgroup2", ROOT, "").context("cgroup v2"),
    }
}

/// What the groups say, in the host's namespace.
pub(super) fn state(scenario: &Scenario) -> Result<Vec<String>> {
    match scenario.freezer {
        Version::V1 => {
            let state = fs::read_to_string(first_version(scenario).join("freezer.state"))?;
            Ok(vec![format!("freezer.state {state}")])
        }
        Version::V2 => groups(&scenario.instance)
            .iter()
            .map(|name| second_version(Path::new(ROOT), name))
            .collect(),
    }
}

fn first_version(scenario: &Scenario) -> PathBuf {
    Path::new(ROOT).join(format!("freezer/snap.{}", scenario.instance))
}

fn second_version(root: &Path, name: &str) -> Result<String> {
    let group = root.join(name);
    let start = Instant::now();
    loop {
        let freeze = fs::read_to_string(group.join("cgroup.freeze"))?.trim().to_owned();
        let events = fs::read_to_string(group.join("cgroup.events"))?;
        let frozen = events.lines().find_map(|line| line.strip_prefix("frozen "));
        let frozen = frozen.with_context(|| name.to_owned())?;
        if freeze == frozen || start.elapsed() > MOMENT {
            return Ok(format!("{name}: freeze {freeze}, frozen {frozen}"));
        }
        sleep(Duration::from_millis(1));
    }
}

#[cfg(test)]
mod tests;
