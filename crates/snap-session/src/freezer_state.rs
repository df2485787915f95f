//! The state of a group, in either version of cgroups: whose it is, writing it, and waiting for it.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, pread, retry_on_intr};
use rustix::time::{ClockId, Timespec, clock_gettime};
use snap_path::PATH_MAX;

use crate::error::{SessionError, Subject, Task, failed};

/// How long freezing may take (contract section 2), in nanoseconds.
pub(crate) const FREEZE_WAIT: i64 = 3_000_000_000;

/// How often the state is read before a notification is waited for: a process that runs on another
/// processor stands still within some microseconds, and waking up takes longer.
const LOOKS: u32 = 16;

/// How long a notification is waited for, in nanoseconds, before the state is read again; each time
/// is twice as long as the one before. (In cgroup v2 a second notification within 10 ms is kept back
/// by the kernel until these are over; in cgroup v1 there is none at all.)
const WAIT_FIRST: i64 = 50_000;

/// The longest wait.
const WAIT_MAX: i64 = 20_000_000;

/// Room for two lines of `/proc/self/cgroup`: in each is a path of at most a page.
pub(crate) const OWN_GROUP_BYTES: usize = 2 * PATH_MAX;

/// Reads `/proc/self/cgroup` into `buffer`: the path of the group that this process is in, in the
/// hierarchy that `is_it` tells by the list of its controllers (cgroups(7)).
pub(crate) fn own_group(
    buffer: &mut [u8; OWN_GROUP_BYTES],
    is_it: impl Fn(&[u8]) -> bool,
) -> Result<&[u8], SessionError> {
    let failed = failed(Task::Read, Subject::OwnGroup);
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = open(c"/proc/self/cgroup", flags, Mode::empty()).map_err(&failed)?;
    let mut from = 0;
    // One line after the other: there may be more than fits, of hierarchies that do not matter.
    let end = loop {
        let len = pread(&file, &mut buffer[..], from).map_err(&failed)?;
        let mut lines = buffer.get(..len).unwrap_or_default().split(|&byte| byte == b'\n');
        let line = lines.next().unwrap_or_default();
        if lines.next().is_none() || line.split(|&byte| byte == b':').nth(1).is_some_and(&is_it) {
            break line.len();
        }
        from = u64::try_from(line.len()).map_or(from, |len| from.saturating_add(len));
        from = from.saturating_add(1);
    };
    let line = buffer.get(..end).unwrap_or_default();
    Ok(line.splitn(3, |&byte| byte == b':').nth(2).unwrap_or_default())
}

/// Writes the state of a group into its file; a group that vanished has none.
pub(crate) fn write_state(file: &OwnedFd, state: &[u8]) -> Result<(), SessionError> {
    match rustix::io::write(file, state) {
        Err(errno) if !is_gone(errno) => Err(failed(Task::Write, Subject::Freezer)(errno)),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Waits until the kernel says, by the line `frozen` in `file`, that all processes in a group stand
/// still; false if that is not so at the time `deadline`. A group that vanished has none.
pub(crate) fn stands_still(
    file: &OwnedFd,
    frozen: &[u8],
    deadline: i64,
) -> Result<bool, SessionError> {
    let (mut looks, mut pause) = (LOOKS, WAIT_FIRST);
    loop {
        let mut text = [0_u8; 256];
        let len = match retry_on_intr(|| pread(file, &mut text, 0)) {
            Err(errno) if is_gone(errno) => return Ok(true),
            len => len.map_err(failed(Task::Read, Subject::Freezer))?,
        };
        let mut lines = text.get(..len).unwrap_or_default().split(|&byte| byte == b'\n');
        if lines.any(|line| line == frozen) {
            return Ok(true);
        }
        let left = deadline.saturating_sub(now());
        if left < 0 {
            return Ok(false);
        }
        if looks > 0 {
            looks = looks.saturating_sub(1);
            continue;
        }
        let mut changed = [PollFd::new(file, PollFlags::PRI)];
        let wait = Timespec { tv_sec: 0, tv_nsec: pause.min(left) };
        // Woken too early is only looked too early.
        let _ = poll(&mut changed, Some(&wait));
        pause = pause.saturating_mul(2).min(WAIT_MAX);
    }
}

/// Whether a group vanished, which it may at any moment.
pub(crate) fn is_gone(errno: Errno) -> bool {
    matches!(errno, Errno::NOENT | Errno::NODEV)
}

/// The time in nanoseconds, by the clock that nobody sets.
pub(crate) fn now() -> i64 {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::Monotonic);
    tv_sec.saturating_mul(1_000_000_000).saturating_add(tv_nsec)
}
