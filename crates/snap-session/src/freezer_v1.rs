//! The freezer of cgroup v1: one group for each instance (freezer-subsystem of the kernel's
//! cgroup-v1 documentation).

use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::thread::nanosleep;
use rustix::time::Timespec;
use snap_path::is_at_or_below;

use crate::error::{GroupName, SessionError, Subject, Task, failed};
use crate::freezer::{Deadline, FREEZE_WAIT, OWN_GROUP_BYTES, is_gone, own_group};
use crate::instance::Instance;
use crate::join::instance_path;

/// The first pause between two looks, in nanoseconds; each is twice as long as the one before.
const PAUSE_FIRST: i64 = 100_000;

/// The longest pause.
const PAUSE_MAX: i64 = 20_000_000;

pub(crate) fn freeze(instance: &Instance<'_>) -> Result<(), SessionError> {
    let Some(state) = open_state(instance)? else { return Ok(()) };
    let mut buffer = [0; OWN_GROUP_BYTES];
    let own = own_group(&mut buffer, |list| list.split(|&byte| byte == b',').any(is_freezer))?;
    if is_at_or_below(own, instance_path(b"/snap.", instance, b"").as_bytes()) {
        return Ok(());
    }
    write_state(&state, b"FROZEN")?;
    // There is no notification in this version: the state has to be read until it changes.
    let deadline = Deadline::after(FREEZE_WAIT);
    let mut pause = PAUSE_FIRST;
    loop {
        let mut text = [0_u8; 16];
        match rustix::io::pread(&state, &mut text, 0) {
            Ok(len) if text.get(..len).unwrap_or_default().starts_with(b"FROZEN") => break,
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) if is_gone(errno) => break,
            Err(errno) => return Err(failed(Task::Read, Subject::Freezer)(errno)),
        }
        if deadline.left().is_none() {
            let name = instance_path(b"snap.", instance, b"");
            return Err(SessionError::NotFrozen(GroupName::new(name.as_bytes())));
        }
        // Woken too early is only looked too early.
        let _ = nanosleep(&Timespec { tv_sec: 0, tv_nsec: pause });
        pause = pause.saturating_mul(2).min(PAUSE_MAX);
    }
    Ok(())
}

fn is_freezer(controller: &[u8]) -> bool {
    controller == b"freezer"
}

pub(crate) fn thaw(instance: &Instance<'_>) -> Result<(), SessionError> {
    open_state(instance)?.map_or(Ok(()), |state| write_state(&state, b"THAWED"))
}

/// Opens the state, if there is such a group.
fn open_state(instance: &Instance<'_>) -> Result<Option<OwnedFd>, SessionError> {
    let path = instance_path(b"/sys/fs/cgroup/freezer/snap.", instance, b"/freezer.state");
    let flags = OFlags::RDWR | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match open(path.as_c_str(), flags, Mode::empty()) {
        Ok(file) => Ok(Some(file)),
        Err(errno) if is_gone(errno) => Ok(None),
        Err(errno) => Err(failed(Task::Write, Subject::Freezer)(errno)),
    }
}

/// Writes the state; a group that vanished has none.
fn write_state(file: &OwnedFd, state: &[u8]) -> Result<(), SessionError> {
    match rustix::io::write(file, state) {
        Err(errno) if !is_gone(errno) => Err(failed(Task::Write, Subject::Freezer)(errno)),
        Ok(_) | Err(_) => Ok(()),
    }
}
