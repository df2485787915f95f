//! Every buffer of a run, in one place (docs/limits.md).

use snap_ns_plan::Plan;
use snap_profile::{Arena, ENTRIES_MAX, Profile, TEXT_MAX};

/// Room for expanded variables and translated options of both profiles: the text of one, and 128
/// bytes more for each entry it can have.
const ARENA_BYTES: usize = TEXT_MAX + 2 * 1024 * 1024;

/// Room for a journal: what was recorded and what will be, with an option more for each.
const JOURNAL_MAX: usize = 2 * (TEXT_MAX + 64 * ENTRIES_MAX);

/// Room for lines of the log that are told while the snap's processes are frozen: about 2,500.
pub(crate) const LOG_BYTES: usize = 256 * 1024;

/// Every buffer of a run: about 82 MiB of zeros, of which only what is used is ever touched.
#[derive(Debug)]
pub struct Workspace {
    arena: [u8; ARENA_BYTES],
    log: [u8; LOG_BYTES],
    first: Stage,
    second: Stage,
}

/// Starts at a page: what is short touches no second one.
#[derive(Debug)]
#[repr(align(4096))]
struct Paged<T>(T);

/// The buffers of one plan.
#[derive(Debug)]
struct Stage {
    desired_text: Paged<[u8; TEXT_MAX]>,
    current_text: Paged<[u8; JOURNAL_MAX]>,
    desired: Paged<Profile<'static>>,
    current: Paged<Profile<'static>>,
    plan: Plan<'static>,
}

/// The buffers, each on its own.
pub(crate) struct Buffers {
    pub(crate) arena: Arena<'static>,
    /// For the way to the desired profile.
    pub(crate) forth: StageBuffers,
    /// For the way back, if that fails.
    pub(crate) back: StageBuffers,
}

/// The buffers of one plan, each on its own.
pub(crate) struct StageBuffers {
    pub(crate) desired_text: &'static mut [u8],
    pub(crate) current_text: &'static mut [u8],
    pub(crate) desired: &'static mut Profile<'static>,
    pub(crate) current: &'static mut Profile<'static>,
    pub(crate) plan: &'static mut Plan<'static>,
}

impl Workspace {
    /// All buffers empty.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "it is only ever a static or a buffer")]
    pub const fn new() -> Self {
        Self {
            arena: [0; ARENA_BYTES],
            log: [0; LOG_BYTES],
            first: Stage::new(),
            second: Stage::new(),
        }
    }

    /// The buffers of a run, and that of the log.
    pub(crate) fn split(&'static mut self) -> (Buffers, &'static mut [u8]) {
        let buffers = Buffers {
            arena: Arena::new(&mut self.arena),
            forth: self.first.split(),
            back: self.second.split(),
        };
        (buffers, &mut self.log)
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

    fn split(&'static mut self) -> StageBuffers {
        StageBuffers {
            desired_text: &mut self.desired_text.0,
            current_text: &mut self.current_text.0,
            desired: &mut self.desired.0,
            current: &mut self.current.0,
            plan: &mut self.plan,
        }
    }
}
