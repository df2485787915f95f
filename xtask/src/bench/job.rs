//! What the bench's two processes tell each other: a job in, samples out, both as JSON.

use serde::{Deserialize, Serialize};

use super::scenario::{Phase, Shape};

/// Whose program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Who {
    /// The program of this workspace.
    Ours,
    /// The packaged original.
    Original,
    /// The same system calls without parsing and checks.
    Floor,
}

impl Who {
    /// Everybody, in the order in which they take turns.
    pub(crate) const ALL: [Self; 3] = [Self::Ours, Self::Original, Self::Floor];

    /// As the tables spell it; also the program's file name in the world.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Original => "original",
            Self::Floor => "floor",
        }
    }
}

/// One scenario for the isolated process.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) shape: Shape,
    /// Counted runs; one more comes first, uncounted, and is verified.
    pub(crate) runs: usize,
    /// The programs that there are, and where the machine has them.
    pub(crate) programs: Vec<(Who, String)>,
    /// An empty directory of the machine to mount the world on.
    pub(crate) scratch: String,
}

/// One timed call.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub(crate) who: Who,
    pub(crate) phase: Phase,
    /// From before the spawn to after the wait, in microseconds.
    pub(crate) wall_us: f64,
    /// User and system time of the child alone, in microseconds.
    pub(crate) cpu_us: f64,
}

/// What the traced calls, which are not timed, found.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Footprint {
    pub(crate) who: Who,
    pub(crate) phase: Phase,
    /// `VmHWM` at exit, in KiB.
    pub(crate) peak_rss_kib: u64,
    /// Entries into the kernel by all threads, `execve` included.
    pub(crate) syscalls: u64,
}

/// Everything about one scenario.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) shape: Shape,
    pub(crate) samples: Vec<Sample>,
    pub(crate) footprints: Vec<Footprint>,
    /// Programs that failed at this scenario, with the reason; they have no figures.
    pub(crate) failures: Vec<(Who, String)>,
}
