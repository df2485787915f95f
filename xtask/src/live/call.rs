//! Updates as snapd makes them.

use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result};
use snap_ns_testbed::Without;

/// What is called.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// Where it is, seen from the host's namespace.
    pub(crate) path: String,
    /// The system calls that it has to do without.
    pub(crate) without: Without,
}

/// Updates the namespace of the snap `hello` once, from the host's namespace.
pub(crate) fn update(program: &Program) -> Result<Output> {
    let mut command = Command::new(&program.path);
    command
        .arg0("snap-update-ns")
        .arg("hello")
        .env_clear()
        .envs([("SNAPD_DEBUG", "0"), ("PATH", "/usr/sbin:/usr/bin"), ("LANG", "C.UTF-8")])
        .current_dir("/")
        .stdin(Stdio::null());
    program.without.apply(&mut command).output().context("start the program")
}
