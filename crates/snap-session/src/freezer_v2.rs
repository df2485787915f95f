//! The freezer of cgroup v2: systemd makes a scope or service for each program of a snap, anywhere
//! in the tree (the kernel's cgroup-v2 documentation, "cgroup.freeze" and "cgroup.events").

use core::ffi::CStr;
use core::mem::MaybeUninit;
use core::str;

use arrayvec::ArrayVec;
use rustix::fd::{AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags, openat, readlinkat_raw};
use rustix::io::{self, Errno, pread};
use rustix::process::{Resource, getrlimit};
use snap_path::{PATH_MAX, Text};

use crate::error::{GroupName, SessionError};
use crate::freezer::{FREEZE_WAIT, now, stands_still, write_state};
use crate::freezer_walk::{Owner, find};
use crate::instance::Instance;

/// How many groups of root's are frozen. With two descriptors for each group, root's and users' are
/// together fewer than most processes may have (1,024).
const ROOTS_MAX: usize = 256;

/// How many groups of users are frozen.
const USERS_MAX: usize = 128;

/// How many groups there may be below one of a user's: while it freezes the kernel goes through all
/// of them, also those that were removed and are not given back yet (1.5 us for each).
const BELOW_MAX: u32 = 32;

/// How long users' groups are waited for when root's stand still, in nanoseconds.
const USERS_WAIT: i64 = 50_000_000;

/// The line of `cgroup.events` when all stand still.
const FROZEN: &[u8] = b"frozen 1";

/// The topmost groups of an instance. All that is needed to freeze and thaw them is open before the
/// first one is frozen.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    roots: ArrayVec<Group, ROOTS_MAX>,
    users: ArrayVec<Group, USERS_MAX>,
    /// How many groups of users there is room for.
    room: usize,
    /// Whether there may be others that are not frozen.
    pub(crate) passed_over: bool,
    /// The first of `users` that did not stand still in time.
    restless: Option<usize>,
}

#[derive(Debug)]
struct Group {
    /// `cgroup.freeze`
    freeze: OwnedFd,
    /// `cgroup.events`
    events: OwnedFd,
}

impl Groups {
    /// Freezes the groups of `instance`, all at once, and waits for them. Those that were frozen
    /// before are thawed with the others: whoever did that may have been killed.
    pub(crate) fn freeze(&mut self, instance: &Instance<'_>) -> Result<(), SessionError> {
        *self = Self::default();
        // Of each eight descriptors users' groups get two: root's, and the rest of the run, need some.
        let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        self.room = usize::try_from(descriptors / 8).map_or(USERS_MAX, |room| room.min(USERS_MAX));
        find(instance, self)?;
        // From here on they stand still: nothing is done that can be done before or afterwards.
        // Users' come first, so that nobody else stands still longer for what they have made slow;
        // one that cannot be told will not stand still.
        for group in &self.users {
            let _ = write_state(&group.freeze, b"1");
        }
        self.roots.iter().try_for_each(|group| write_state(&group.freeze, b"1"))?;
        let deadline = now().saturating_add(FREEZE_WAIT);
        for group in &self.roots {
            if !stands_still(&group.events, FROZEN, deadline)? {
                let mut path = [MaybeUninit::uninit(); PATH_MAX];
                return Err(SessionError::NotFrozen(GroupName::new(group.path(&mut path))));
            }
        }
        let deadline = now().saturating_add(USERS_WAIT);
        for (at, group) in self.users.iter().enumerate() {
            if stands_still(&group.events, FROZEN, deadline) != Ok(true) {
                self.restless.get_or_insert(at);
            }
        }
        Ok(())
    }

    /// Thaws all; the first error is returned.
    pub(crate) fn thaw(&self) -> Result<(), SessionError> {
        let thaw = |group: &Group| write_state(&group.freeze, b"0");
        self.roots.iter().chain(&self.users).map(thaw).fold(Ok(()), Result::and)
    }

    /// The path of the first group of a user's that did not stand still in time.
    pub(crate) fn restless<'b>(&self, path: &'b mut GroupPath) -> Option<&'b [u8]> {
        self.users.get(self.restless?).map(|group| group.path(path))
    }

    /// Adds a group. If there is no room, one of a user's is passed over.
    ///
    /// # Errors
    ///
    /// `EMFILE`: one of root's, and there is no room.
    pub(crate) fn add(&mut self, group: BorrowedFd<'_>, owner: Owner) -> io::Result<()> {
        if owner == Owner::User {
            let stat = open_in(group, c"cgroup.stat", OFlags::RDONLY)?;
            if self.users.len() >= self.room || count_below(&stat)? > BELOW_MAX {
                self.passed_over = true;
                return Ok(());
            }
        }
        let freeze = open_in(group, c"cgroup.freeze", OFlags::WRONLY)?;
        let events = open_in(group, c"cgroup.events", OFlags::RDONLY)?;
        let group = Group { freeze, events };
        let pushed = match owner {
            Owner::Root => self.roots.try_push(group).map_err(drop),
            Owner::User => self.users.try_push(group).map_err(drop),
        };
        pushed.map_err(|()| Errno::MFILE)
    }
}

/// Room for the path of a group.
pub type GroupPath = [MaybeUninit<u8>; PATH_MAX];

impl Group {
    /// The path below `/sys/fs/cgroup`; empty if nobody tells.
    fn path<'b>(&self, buffer: &'b mut GroupPath) -> &'b [u8] {
        let mut link = Text::<32>::new();
        // A number has at most ten digits.
        let _ = link.push_fmt(format_args!("/proc/self/fd/{}", self.events.as_raw_fd()));
        let path = readlinkat_raw(CWD, link.as_c_str(), &mut buffer[..]).map(|(path, _)| &*path);
        let path = path.unwrap_or_default().strip_prefix(b"/sys/fs/cgroup");
        path.and_then(|path| path.strip_suffix(b"/cgroup.events")).unwrap_or_default()
    }
}

pub(crate) fn open_in(dir: BorrowedFd<'_>, name: &CStr, flags: OFlags) -> io::Result<OwnedFd> {
    openat(dir, name, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

/// How many groups there are below one (`cgroup.stat`), and how many were removed there and are not
/// given back yet.
fn count_below(stat: &OwnedFd) -> io::Result<u32> {
    let mut text = [0_u8; 2048];
    let len = pread(stat, &mut text, 0)?;
    let lines = text.get(..len).unwrap_or_default().split(|&byte| byte == b'\n');
    let count = |line: &[u8]| {
        let now = line.strip_prefix(b"nr_descendants ");
        let number = now.or_else(|| line.strip_prefix(b"nr_dying_descendants "))?;
        str::from_utf8(number).ok()?.parse::<u32>().ok()
    };
    Ok(lines.filter_map(count).fold(0, u32::saturating_add))
}
