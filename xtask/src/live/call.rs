//! Updates while a snap's programs run: by snapd, and for a user who starts one more.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use snap_ns_testbed::Without;

use crate::conformance::become_user;

/// Far more than any run needs; the freezer gives up after 3 s.
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two looks whether it has ended.
const PAUSE: Duration = Duration::from_micros(100);

/// What is called.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Program {
    /// Where it is, seen from the host's namespace.
    pub(crate) path: String,
    /// The system calls that it has to do without.
    pub(crate) without: Without,
}

/// How it ended, and what it said.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) output: String,
    pub(crate) notices: String,
}

impl Program {
    /// Updates the namespace of the snap `hello`; this process is in the host's.
    pub(crate) fn update(&self) -> Result<Ended> {
        let mut command = Command::new(&self.path);
        command.arg("hello");
        let env = [("SNAPD_DEBUG", "0"), ("PATH", "/usr/sbin:/usr/bin"), ("LANG", "C.UTF-8")];
        self.run(command.env_clear().envs(env))
    }

    /// Makes the mounts of user 1000 in the namespace that this process is in, a copy of the snap's.
    pub(crate) fn update_user(&self) -> Result<Ended> {
        let mut command = Command::new(&self.path);
        command.args(["--from-snap-confine", "--user-mounts", "hello"]).env_clear();
        command.env("SNAPD_DEBUG", "0").env("SNAP_REAL_HOME", "/home/user");
        command.env("XDG_RUNTIME_DIR", "/run/user/1000/snap.hello");
        // SAFETY: the closure makes system calls and small allocations, in the forked child of a
        // process that has a single thread.
        unsafe { command.pre_exec(become_user) };
        self.run(&mut command)
    }

    /// What it says is little, so that nobody has to read along.
    fn run(&self, command: &mut Command) -> Result<Ended> {
        command.arg0("snap-update-ns").current_dir("/").stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.without.apply(command).spawn().context("start the program")?;
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if Instant::now() > deadline {
                child.kill()?;
                bail!("it did not end within {PATIENCE:?}");
            }
            sleep(PAUSE);
        };
        let (mut output, mut notices) = (String::new(), String::new());
        child.stdout.take().context("stdout")?.read_to_string(&mut output)?;
        child.stderr.take().context("stderr")?.read_to_string(&mut notices)?;
        Ok(Ended { status, output, notices })
    }
}
