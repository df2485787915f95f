//! The freezer of cgroup v1: one group for each instance (freezer-subsystem of the kernel's
//! cgroup-v1 documentation).

use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, open};
use snap_path::is_at_or_below;

use crate::error::{GroupName, SessionError, Subject, Task, failed};
use crate::freezer_state::{
    FREEZE_WAIT, OWN_GROUP_BYTES, is_gone, now, own_group, stands_still, write_state,
};
use crate::instance::Instance;
use crate::join::instance_path;

pub(crate) fn freeze(instance: &Instance<'_>) -> Result<(), SessionError> {
    let Some(state) = open_state(instance)? else { return Ok(()) };
    let mut buffer = [0; OWN_GROUP_BYTES];
    let own = own_group(&mut buffer, |list| list.split(|&byte| byte == b',').any(is_freezer))?;
    if is_at_or_below(own, instance_path(b"/snap.", instance, b"").as_bytes()) {
        return Ok(());
    }
    write_state(&state, b"FROZEN")?;
    if stands_still(&state, b"FROZEN", now().saturating_add(FREEZE_WAIT))? {
        return Ok(());
    }
    let name = instance_path(b"snap.", instance, b"");
    Err(SessionError::NotFrozen(GroupName::new(name.as_bytes())))
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
