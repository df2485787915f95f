//! Who runs first when there are more processes than processors.

use anyhow::{Result, anyhow};
use rustix::process::setpriority_process;

/// For this process, and those that it starts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Priority {
    /// The highest of an ordinary process (nice(2)).
    First,
    /// What is left over.
    Last,
}

impl Priority {
    /// Takes it, which only root may do for the first.
    pub(crate) fn take(self) -> Result<()> {
        let nice = match self {
            Self::First => -20,
            Self::Last => 19,
        };
        setpriority_process(None, nice).map_err(|errno| anyhow!("priority: {errno}"))
    }
}
