//! The host's namespace, and the snap's that is preserved there.

use std::fs::{self, File};
use std::os::fd::AsRawFd;

use anyhow::{Context, Result};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};

/// Where snapd looks for the namespace.
const PRESERVED: &str = "/run/snapd/ns/hello.mnt";

/// Both namespaces, as copies of the one that they were made in.
pub(crate) struct Namespaces {
    host: File,
    snap: File,
}

impl Namespaces {
    /// Makes both from `home`; `prepare` is run in the host's, before the snap's is copied from it.
    /// This process must have one thread and be pinned to one processor. It is left in the host's
    /// namespace.
    pub(crate) fn new(home: &File, prepare: impl FnOnce() -> Result<()>) -> Result<Self> {
        setns(home, CloneFlags::CLONE_NEWNS).context("enter the world's namespace")?;
        unshare(CloneFlags::CLONE_NEWNS).context("unshare")?;
        prepare()?;
        let host = own()?;
        unshare(CloneFlags::CLONE_NEWNS).context("unshare")?;
        let namespaces = Self { host, snap: own()? };
        namespaces.enter_host()?;
        fs::write(PRESERVED, "")?;
        let from = format!("/proc/self/fd/{}", namespaces.snap.as_raw_fd());
        mount(Some(from.as_str()), PRESERVED, None::<&str>, MsFlags::MS_BIND, None::<&str>)
            .context("preserve the namespace")?;
        Ok(namespaces)
    }

    /// Puts this process into the host's namespace.
    pub(crate) fn enter_host(&self) -> Result<()> {
        setns(&self.host, CloneFlags::CLONE_NEWNS).context("enter the host's namespace")
    }

    /// Runs `body` in the snap's namespace.
    pub(crate) fn in_snap<T>(&self, body: impl FnOnce() -> Result<T>) -> Result<T> {
        setns(&self.snap, CloneFlags::CLONE_NEWNS).context("enter the snap's namespace")?;
        let result = body();
        self.enter_host()?;
        result
    }
}

fn own() -> Result<File> {
    File::open("/proc/self/ns/mnt").context("own namespace")
}
