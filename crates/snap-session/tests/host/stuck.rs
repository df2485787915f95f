//! A process that nothing but its death gets out of a system call, so that it cannot be frozen.

use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use snap_ns_testbed::mount_new;

use crate::group::Group;

/// It asks a FUSE file system for something, whose server never answers: the kernel waits for
/// that without minding signals other than SIGKILL, and the freezer of cgroup v2 works like one.
pub(crate) struct Stuck {
    process: Child,
    /// The server's side. When it is closed, whoever waits gets an error.
    server: Option<File>,
}

impl Stuck {
    /// Needs a mount namespace of its own, and `/dev/fuse`.
    pub(crate) fn in_group(group: &Group) -> Result<Self> {
        let server = OpenOptions::new().read(true).write(true).open("/dev/fuse")?;
        let data = format!("fd={},rootmode=40000,user_id=0,group_id=0", server.as_raw_fd());
        let dir = "/mnt";
        mount_new("fuse", dir, &data)?;
        let asks = || {
            let mut asks = Command::new("stat");
            asks.stdout(Stdio::null()).stderr(Stdio::null());
            asks
        };
        // From now on it does not wait for a disk before it asks.
        ensure!(asks().arg("/").status()?.success(), "stat fails");
        let process = asks().arg(dir).spawn()?;
        group.write("cgroup.procs", &process.id().to_string());
        let stuck = Self { process, server: Some(server) };
        let end = Instant::now() + Duration::from_secs(5);
        // Others wait like this as well, but not for long.
        let mut waits = 0;
        while waits < 20 {
            let state = stuck.state()?;
            waits = if state == "D" { waits + 1 } else { 0 };
            ensure!(Instant::now() < end, "stat does not wait: {state}");
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(stuck)
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    fn state(&self) -> Result<String> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let state = stat.rsplit(") ").next().and_then(|fields| fields.split(' ').next());
        state.map(ToOwned::to_owned).context("state")
    }

    /// Gives it its answer; it ends if it is not frozen.
    pub(crate) fn release(&mut self) {
        self.server = None;
    }
}

impl Drop for Stuck {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
