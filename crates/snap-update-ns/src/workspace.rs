//! Every buffer of a run, in one place (docs/limits.md).

use snap_ns_plan::Plan;
use snap_profile::{Arena, Profile, TEXT_MAX};

/// Room for expanded variables and translated options of both profiles: the text of one, and 128
/// bytes more for each entry it can have.
const ARENA_BYTES: usize = TEXT_MAX + 2 * 1024 * 1024;

/// Every buffer of a run: about 34 MiB of zeros, of which only what is used is ever touched.
#[derive(Debug)]
pub struct Workspace {
    desired_text: [u8; TEXT_MAX],
    current_text: [u8; TEXT_MAX],
    arena: [u8; ARENA_BYTES],
    desired: Profile<'static>,
    current: Profile<'static>,
    plan: Plan<'static>,
}

/// The buffers, each on its own.
pub(crate) struct Buffers {
    pub(crate) desired_text: &'static mut [u8],
    pub(crate) current_text: &'static mut [u8],
    pub(crate) arena: Arena<'static>,
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
            desired_text: [0; TEXT_MAX],
            current_text: [0; TEXT_MAX],
            arena: [0; ARENA_BYTES],
            desired: Profile::new_const(),
            current: Profile::new_const(),
            plan: Plan::new(),
        }
    }

    pub(crate) fn split(&'static mut self) -> Buffers {
        Buffers {
            desired_text: &mut self.desired_text,
            current_text: &mut self.current_text,
            arena: Arena::new(&mut self.arena),
            desired: &mut self.desired,
            current: &mut self.current,
            plan: &mut self.plan,
        }
    }
}
