//! The freezer of cgroup v2: systemd makes a scope or service for each program of a snap, anywhere
//! in the tree (the kernel's cgroup-v2 documentation, "cgroup.freeze" and "cgroup.events").

use core::cell::Cell;
use core::ffi::CStr;

use arrayvec::ArrayVec;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags, open, openat};
use rustix::io::{self, Errno, fcntl_dupfd_cloexec};
use rustix::time::Timespec;
use snap_path::PATH_MAX;

use crate::error::{SessionError, Subject, Task, failed};
use crate::freezer::{Deadline, OwnGroup, is_gone, now, own_group};
use crate::freezer_walk::{Found, Reach, groups_at, groups_of};
use crate::instance::Instance;

/// How many groups of an instance are kept open. Others are looked for when they are needed again.
const OPEN_MAX: usize = 32;

/// How often the state is read before a notification is waited for: a process that runs on another
/// processor stands still within some microseconds, and waking up takes longer.
const LOOKS: u32 = 16;

/// How long a notification is waited for, in nanoseconds, before the state is read again; each time
/// is twice as long as the one before. (A second notification within 10 ms is kept back by the
/// kernel until these are over.)
const WAIT_FIRST: i64 = 50_000;

/// The longest wait.
const WAIT_MAX: i64 = 20_000_000;

/// The groups of an instance that are frozen.
#[derive(Debug)]
pub(crate) struct Groups {
    open: ArrayVec<Open, OPEN_MAX>,
    others: Others,
}

/// A group, and its file `cgroup.freeze`: one that is gone has none.
#[derive(Debug)]
struct Open {
    group: OwnedFd,
    freeze: Option<OwnedFd>,
}

/// Whether groups are frozen that are not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Others {
    None,
    Perhaps,
}

/// What the tree is gone through for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// All groups. Those that were frozen before are thawed with the others: whoever did that may
    /// have been killed.
    First,
    /// Those that have appeared since.
    Again,
}

impl Groups {
    /// None is frozen.
    pub(crate) fn new() -> Self {
        Self { open: ArrayVec::new_const(), others: Others::None }
    }

    /// Freezes the groups of `instance`, all at once, and waits for them; then looks for others,
    /// until there are none. Nobody has to look if all stood still at once and no group was made
    /// meanwhile.
    pub(crate) fn freeze(&mut self, instance: &Instance<'_>) -> Result<OwnGroup, SessionError> {
        let mut buffer = [0; PATH_MAX];
        let own = own_group(&mut buffer, <[u8]>::is_empty)?;
        let deadline = Deadline::start();
        let at_once = Cell::new(true);
        let wait = &mut |group: Found<'_>| wait_until_frozen(&group, &deadline, &at_once);
        let census = Census::open();
        let mut pass = Pass::First;
        loop {
            let (start, before) = (now(), census.take());
            let known = self.open.len();
            let mut crowd = Others::None;
            let own_group = groups_of(instance, own, Reach::Topmost, &mut |group| {
                if pass == Pass::Again {
                    if is_told(group.fd)? {
                        return Ok(());
                    }
                    deadline.left().ok_or(SessionError::NotFrozen(group.name()))?;
                }
                match Open::new(group.fd).map(|open| self.open.try_push(open)) {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(_)) | Err(_) => {
                        crowd = Others::Perhaps;
                        write_state(group.fd, b"1")
                    }
                }
            })?;
            let new = self.open.get(known..).unwrap_or_default();
            if new.is_empty() && crowd == Others::None {
                return Ok(own_group);
            }
            // From here on they stand still: nothing is done that can be done before or afterwards.
            new.iter().try_for_each(|open| open.write_state(b"1"))?;
            let waited = new.iter().try_for_each(|open| groups_at(open.group.as_fd(), wait));
            if crowd == Others::Perhaps {
                self.others = crowd;
            }
            // Only the path tells the name of one that does not freeze.
            if crowd == Others::Perhaps || waited.is_err() {
                groups_of(instance, own, Reach::All, wait)?;
            }
            let same = at_once.get() && before.is_some() && before == census.take();
            if same && now().saturating_sub(start) < CENSUS_VALID {
                return Ok(own_group);
            }
            pass = Pass::Again;
        }
    }

    /// Thaws all; the first error is returned.
    pub(crate) fn thaw(self, instance: &Instance<'_>) -> Result<(), SessionError> {
        let thaw = |open: &Open| open.write_state(b"0");
        let open = self.open.iter().map(thaw).fold(Ok(()), Result::and);
        match self.others {
            Others::None => open,
            Others::Perhaps => {
                let thaw = &mut |group: Found<'_>| write_state(group.fd, b"0");
                let all = groups_of(instance, b"", Reach::Topmost, thaw);
                open.and(all.map(|_| ()))
            }
        }
    }
}

impl Open {
    fn new(group: BorrowedFd<'_>) -> io::Result<Self> {
        let group = fcntl_dupfd_cloexec(group, 0)?;
        match open_freeze(group.as_fd()) {
            Ok(freeze) => Ok(Self { group, freeze: Some(freeze) }),
            Err(errno) if is_gone(errno) => Ok(Self { group, freeze: None }),
            Err(errno) => Err(errno),
        }
    }

    fn write_state(&self, state: &[u8]) -> Result<(), SessionError> {
        let write = |freeze| rustix::io::write(freeze, state).map(|_| ());
        unless_gone(self.freeze.as_ref().map_or(Ok(()), write))
    }
}

fn write_state(group: BorrowedFd<'_>, state: &[u8]) -> Result<(), SessionError> {
    let write = |freeze| rustix::io::write(&freeze, state).map(|_| ());
    unless_gone(open_freeze(group).and_then(write))
}

fn unless_gone(result: io::Result<()>) -> Result<(), SessionError> {
    match result {
        Err(errno) if !is_gone(errno) => Err(failed(Task::Write, Subject::Freezer)(errno)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn open_freeze(group: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    open_file(group, c"cgroup.freeze", OFlags::WRONLY)
}

/// Room for `cgroup.stat` of the root: two numbers, and since Linux 6.14 two for each controller.
const CENSUS_BYTES: usize = 1024;

/// How long two counts that are the same say that no group was made between them, in nanoseconds.
/// The kernel gives a removed group back after two grace periods, which take milliseconds.
const CENSUS_VALID: i64 = 1_000_000;

/// How many groups there are, and how many were removed and are not given back yet. A group that is
/// made adds to the first number. It is the same again if another one is removed, but that adds to
/// the second: for both to be the same again, one that was removed has to be given back as well.
/// After [`CENSUS_VALID`], however it passed (somebody was waited for, this process had no
/// processor), the census says nothing.
struct Census(Option<OwnedFd>);

type Count = ([u8; CENSUS_BYTES], usize);

impl Census {
    fn open() -> Self {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Self(open(c"/sys/fs/cgroup/cgroup.stat", flags, Mode::empty()).ok())
    }

    /// None if nobody tells.
    fn take(&self) -> Option<Count> {
        let mut text = [0; CENSUS_BYTES];
        let len = rustix::io::pread(self.0.as_ref()?, &mut text, 0).ok()?;
        (len != 0 && len < text.len()).then_some((text, len))
    }
}

fn open_file(group: BorrowedFd<'_>, name: &CStr, access: OFlags) -> io::Result<OwnedFd> {
    openat(group, name, access | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

/// What follows `key` at the beginning of a line of `file`.
fn value(file: &OwnedFd, key: &[u8]) -> io::Result<Option<u8>> {
    let mut text = [0_u8; 256];
    let len = rustix::io::pread(file, &mut text, 0)?;
    let mut lines = text.get(..len).unwrap_or_default().split(|&byte| byte == b'\n');
    Ok(lines.find_map(|line| line.strip_prefix(key)?.first().copied()))
}

/// Whether the group was told to freeze, or is gone.
fn is_told(group: BorrowedFd<'_>) -> Result<bool, SessionError> {
    let file = open_file(group, c"cgroup.freeze", OFlags::RDONLY);
    match file.and_then(|file| value(&file, b"")) {
        Ok(told) => Ok(told != Some(b'0')),
        Err(errno) if is_gone(errno) => Ok(true),
        Err(errno) => Err(failed(Task::Read, Subject::Freezer)(errno)),
    }
}

/// `at_once` becomes false if it takes longer than some looks.
fn wait_until_frozen(
    group: &Found<'_>,
    deadline: &Deadline,
    at_once: &Cell<bool>,
) -> Result<(), SessionError> {
    let wait = || -> io::Result<bool> {
        let events = open_file(group.fd, c"cgroup.events", OFlags::RDONLY)?;
        let (mut looks, mut pause) = (LOOKS, WAIT_FIRST);
        loop {
            // Before Linux 5.2 there is no freezer, and nothing to wait for.
            if value(&events, b"frozen ")? != Some(b'0') {
                return Ok(true);
            }
            if deadline.left().is_none() {
                return Ok(false);
            }
            if looks > 0 {
                looks = looks.saturating_sub(1);
                continue;
            }
            at_once.set(false);
            let mut changed = [PollFd::new(&events, PollFlags::PRI)];
            match poll(&mut changed, Some(&Timespec { tv_sec: 0, tv_nsec: pause })) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
            pause = pause.saturating_mul(2).min(WAIT_MAX);
        }
    };
    match wait() {
        Ok(true) => Ok(()),
        Ok(false) => Err(SessionError::NotFrozen(group.name())),
        Err(errno) if is_gone(errno) => Ok(()),
        Err(errno) => Err(failed(Task::Read, Subject::Freezer)(errno)),
    }
}
