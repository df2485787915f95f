//! The ways in which a live namespace is updated.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use snap_ns_testbed::{Group, Without};

use super::job::Who;
use super::world::DESIRED;
use crate::live::{Ended, Program};

/// Who does the updates, and with which system calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Way {
    /// Ours, as the kernel lets it.
    Ours,
    /// Ours without the calls of the new mount API.
    Classic,
    /// The packaged original.
    Original,
}

impl Way {
    /// Everybody, in the order in which they take turns.
    pub(crate) const ALL: [Self; 3] = [Self::Ours, Self::Classic, Self::Original];

    /// What is called, as the world has it.
    pub(crate) fn program(self) -> Program {
        let (who, groups) = match self {
            Self::Ours => (Who::Ours, vec![]),
            Self::Classic => (Who::Ours, vec![Group::OpenTree]),
            Self::Original => (Who::Original, vec![]),
        };
        let without = Without { groups, ..Without::default() };
        Program { path: format!("/bench/{}", who.word()), without }
    }

    /// Lets it update the snap's namespace to the profile `desired`, and in silence.
    pub(crate) fn update(self, desired: &str) -> Result<()> {
        fs::write(DESIRED, desired).context(DESIRED)?;
        let Ended { status, output, notices } = self.program().update()?;
        let silent = status.success() && output.is_empty();
        ensure!(silent, "{self:?}: {status}: {output}{notices}");
        Ok(())
    }
}
