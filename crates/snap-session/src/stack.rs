//! Room for the stack, which the caller may have limited.

use rustix::process::{Resource, getrlimit};

use crate::error::SessionError;

/// With less the kernel would end the process in the middle of a run, when the stack grows. Arguments
/// and environment are in it, too: of this much they can take a quarter (execve(2)).
const STACK_MIN: u64 = 512 << 10;

/// Makes sure that the stack may grow as far as a run needs (setrlimit(2), `RLIMIT_STACK`).
///
/// # Errors
///
/// It may not.
pub fn check_stack() -> Result<(), SessionError> {
    match getrlimit(Resource::Stack).current {
        Some(limit) if limit < STACK_MIN => Err(SessionError::LittleStack),
        _ => Ok(()),
    }
}
