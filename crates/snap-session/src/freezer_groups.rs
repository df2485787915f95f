//! The groups of an instance in cgroup v2 that are frozen together.

use core::ffi::CStr;
use core::mem::MaybeUninit;
use core::str;

use arrayvec::ArrayVec;
use rustix::fd::{AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags, openat, readlinkat_raw};
use rustix::io::{self, Errno, pread};
use snap_path::{PATH_MAX, Text};

use crate::error::SessionError;
use crate::freezer_state::write_state;

/// How many groups of root's are frozen. With two descriptors for each group, root's and users' are
/// together fewer than most processes may have (1,024).
const ROOTS_MAX: usize = 256;

/// How many groups of users are frozen.
pub(crate) const USERS_MAX: usize = 128;

/// How many groups there may be below one of a user's: while it freezes the kernel goes through all
/// of them, also those that were removed and are not given back yet (1.5 us for each).
const BELOW_MAX: u32 = 32;

/// Who can make groups in a group, and decides what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Its directory, and each one above it below `/sys/fs/cgroup`, is root's.
    Root,
    /// One of these is somebody else's: a user's manager runs there, or a container.
    User,
}

/// The topmost groups of an instance. All that is needed to freeze and thaw them is open before the
/// first one is frozen.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    pub(crate) roots: ArrayVec<Group, ROOTS_MAX>,
    pub(crate) users: ArrayVec<Group, USERS_MAX>,
    /// How many groups of users there is room for.
    pub(crate) room: usize,
    /// Whether there may be others that are not frozen.
    pub(crate) passed_over: bool,
    /// The first of `users` that did not stand still in time.
    pub(crate) restless: Option<usize>,
}

#[derive(Debug)]
pub(crate) struct Group {
    /// `cgroup.freeze`
    pub(crate) freeze: OwnedFd,
    /// `cgroup.events`
    pub(crate) events: OwnedFd,
}

impl Groups {
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
    pub(crate) fn path<'b>(&self, buffer: &'b mut GroupPath) -> &'b [u8] {
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
