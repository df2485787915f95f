//! Every buffer of a run, in one place (docs/limits.md).

use snap_ns_plan::Plan;
use snap_profile::{ENTRIES_MAX, Profile, TEXT_MAX};

/// Room for expanded variables and translated options of both profiles: the text of one, and 128
/// bytes more for each entry it can have.
const ARENA_BYTES: usize = TEXT_MAX + 2 * 1024 * 1024;

/// Room for a journal: what was recorded and what will be, with an option more for each.
const JOURNAL_MAX: usize = 2 * (TEXT_MAX + 64 * ENTRIES_MAX);

/// Room for lines of the log that are told while the snap's processes are frozen: about 2,500.
const LOG_BYTES: usize = 256 * 1024;

/// Every buffer of a run: about 82 MiB of zeros, of which only what is used is ever touched.
#[derive(Debug)]
pub struct Workspace {
    pub(crate) log: [u8; LOG_BYTES],
    pub(crate) buffers: Buffers,
}

/// The buffers of an update.
#[derive(Debug)]
pub(crate) struct Buffers {
    pub(crate) arena: [u8; ARENA_BYTES],
    /// For the way to the desired profile.
    pub(crate) forth: Stage,
    /// For the way back, if that fails.
    pub(crate) back: Stage,
}

/// Starts at a page: what is short touches no second one.
#[derive(Debug)]
#[repr(align(4096))]
pub(crate) struct Paged<T>(pub(crate) T);

/// The buffers of one plan.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) desired_text: Paged<[u8; TEXT_MAX]>,
    pub(crate) current_text: Paged<[u8; JOURNAL_MAX]>,
    pub(crate) desired: Paged<Profile<'static>>,
    pub(crate) current: Paged<Profile<'static>>,
    pub(crate) plan: Plan<'static>,
}

impl Workspace {
    /// All buffers empty.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "it is only ever a static or a buffer")]
    pub const fn new() -> Self {
        let buffers = Buffers { arena: [0; ARENA_BYTES], forth: Stage::new(), back: Stage::new() };
        Self { log: [0; LOG_BYTES], buffers }
    }
}

impl Stage {
    const fn new() -> Self {
        Self {
            desired_text: Paged([0; TEXT_MAX]),
            current_text: Paged([0; JOURNAL_MAX]),
            desired: Paged(Profile::new_const()),
            current: Paged(Profile::new_const()),
            plan: Plan::new(),
        }
    }
}
