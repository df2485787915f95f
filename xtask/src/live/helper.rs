//! Processes that go on beside this one until they are no longer needed.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use anyhow::{Context, Result};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// A child with a stream to it. It is killed when this is dropped, and when this process dies.
pub(crate) struct Helper {
    pid: Pid,
    stream: UnixStream,
}

impl Helper {
    /// Lets a child do `body`, in the namespaces that this process is in now. This process must have
    /// one thread.
    pub(crate) fn start(body: impl FnOnce(UnixStream) -> Result<()>) -> Result<Self> {
        let (ours, its) = UnixStream::pair()?;
        // SAFETY: there are no other threads, whose locks the child might need.
        match unsafe { fork() }.context("fork")? {
            ForkResult::Parent { child } => Ok(Self { pid: child, stream: ours }),
            ForkResult::Child => {
                drop(ours);
                let result =
                    set_pdeathsig(Signal::SIGKILL).context("prctl").and_then(|()| body(its));
                if let Err(error) = &result {
                    eprintln!("helper: {error:#}");
                }
                // Without going back: what the parent has to clear away is not ours.
                std::process::exit(i32::from(result.is_err()))
            }
        }
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// Asks for its figure, which it answers as soon as it runs.
    pub(crate) fn ask<const N: usize>(&mut self) -> Result<[u64; N]> {
        self.stream.write_all(b"?").context("ask a helper")?;
        let mut figures = [0; N];
        for figure in &mut figures {
            let mut bytes = [0; 8];
            self.stream.read_exact(&mut bytes).context("a helper's answer")?;
            *figure = u64::from_le_bytes(bytes);
        }
        Ok(figures)
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = kill(self.pid, Signal::SIGKILL);
        let _ = waitpid(self.pid, None);
    }
}
