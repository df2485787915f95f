//! The freezer of cgroup v2: systemd makes a scope or service for each program of a snap, anywhere
//! in the tree (the kernel's cgroup-v2 documentation, "cgroup.freeze" and "cgroup.events").

use core::mem::MaybeUninit;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, FileType, Mode, OFlags, RawDir, open, openat};
use rustix::io::{self, Errno};
use snap_path::{PATH_MAX, Text, is_at_or_below};

use crate::error::{SessionError, Subject, Task, failed};
use crate::freezer::{Deadline, is_gone};
use crate::instance::Instance;
use crate::join::{InstancePath, instance_path};

/// How deep groups are looked for below `/sys/fs/cgroup`. systemd puts those of snaps at depth 6 at
/// most; any user can nest others as deep as the kernel lets them, which must stop nobody.
const DEPTH_MAX: usize = 32;

/// Room for one batch of directory entries at each depth.
const LIST_BYTES: usize = 2048;

pub(crate) fn freeze(instance: &Instance<'_>) -> Result<(), SessionError> {
    visit_groups(instance, Reach::Topmost, &mut |group| write_freeze(group, b"1"))?;
    let deadline = Deadline::start();
    // A group with processes of its own says that it is frozen before those below it are.
    visit_groups(instance, Reach::All, &mut |group| wait_until_frozen(group, &deadline))
}

pub(crate) fn thaw(instance: &Instance<'_>) -> Result<(), SessionError> {
    visit_groups(instance, Reach::Topmost, &mut |group| write_freeze(group, b"0"))
}

fn write_freeze(group: BorrowedFd<'_>, state: &[u8]) -> Result<(), SessionError> {
    let write = || -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(group, c"cgroup.freeze", flags, Mode::empty())?;
        rustix::io::write(&file, state).map(|_| ())
    };
    match write() {
        Err(errno) if !is_gone(errno) => Err(failed(Task::Write, Subject::Freezer)(errno)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn wait_until_frozen(group: BorrowedFd<'_>, deadline: &Deadline) -> Result<(), SessionError> {
    let wait = || -> io::Result<bool> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let events = openat(group, c"cgroup.events", flags, Mode::empty())?;
        loop {
            let mut text = [0_u8; 256];
            let len = rustix::io::pread(&events, &mut text, 0)?;
            let text = text.get(..len).unwrap_or_default();
            let mut lines = text.split(|&byte| byte == b'\n');
            match lines.find_map(|line| line.strip_prefix(b"frozen ")) {
                // Before Linux 5.2 there is no freezer, and nothing to wait for.
                Some(b"1") | None => return Ok(true),
                Some(_) => {}
            }
            let Some(left) = deadline.left() else { return Ok(false) };
            let mut changed = [PollFd::new(&events, PollFlags::PRI)];
            match poll(&mut changed, Some(&left)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    };
    match wait() {
        Ok(true) => Ok(()),
        Ok(false) => Err(SessionError::NotFrozen),
        Err(errno) if is_gone(errno) => Ok(()),
        Err(errno) => Err(failed(Task::Read, Subject::Freezer)(errno)),
    }
}

/// An error while groups are gone through.
fn unless_gone(errno: Errno) -> Result<(), SessionError> {
    if is_gone(errno) { Ok(()) } else { Err(failed(Task::Read, Subject::Freezer)(errno)) }
}

type Visitor<'v> = dyn FnMut(BorrowedFd<'_>) -> Result<(), SessionError> + 'v;

/// Which groups of an instance are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Those with its name.
    Topmost,
    /// Those below them as well.
    All,
}

/// Shows every group of the instance to `visitor`, except the one that this process is in. An
/// error does not keep the other groups from being visited; the first one is returned.
fn visit_groups(
    instance: &Instance<'_>,
    reach: Reach,
    visitor: &mut Visitor<'_>,
) -> Result<(), SessionError> {
    let prefix = instance_path(b"snap.", instance, b".");
    let mut own = [0_u8; PATH_MAX];
    let own = own_group(&mut own)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = open(c"/sys/fs/cgroup", flags, Mode::empty())
        .map_err(failed(Task::Open, Subject::Freezer))?;
    let mut walk = Walk { prefix, own, path: Text::new(), reach, visitor, result: Ok(()) };
    walk.descend(root, 0, None);
    walk.result
}

/// Something for a group that lies below one of the instance.
type Inside = Option<()>;

struct Walk<'w, 'v> {
    /// What the names of the instance's groups start with.
    prefix: InstancePath,
    /// The path of the group that this process is in.
    own: &'w [u8],
    /// The path of the group that is looked at.
    path: Text<PATH_MAX>,
    reach: Reach,
    visitor: &'w mut Visitor<'v>,
    /// The first error.
    result: Result<(), SessionError>,
}

impl Walk<'_, '_> {
    fn note(&mut self, result: Result<(), SessionError>) {
        if self.result.is_ok() {
            self.result = result;
        }
    }

    fn descend(&mut self, group: OwnedFd, depth: usize, inside: Inside) {
        let mut buffer = [MaybeUninit::uninit(); LIST_BYTES];
        let mut entries = RawDir::new(group.as_fd(), &mut buffer);
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(errno) => {
                    self.note(unless_gone(errno));
                    return;
                }
            };
            let name = entry.file_name();
            if entry.file_type() != FileType::Directory || matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let len = self.path.as_bytes().len();
            let pushed = self.path.push(b"/").and_then(|()| self.path.push(name.to_bytes()));
            if pushed.is_some() {
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                match openat(group.as_fd(), name, flags, Mode::empty()) {
                    Ok(child) => self.look_at(child, name.to_bytes(), depth, inside),
                    Err(errno) => self.note(unless_gone(errno)),
                }
            }
            self.path.truncate(len);
        }
    }

    fn look_at(&mut self, group: OwnedFd, name: &[u8], depth: usize, inside: Inside) {
        let inside = inside.or(self.belongs_to_instance(name).then_some(()));
        if inside.is_some() {
            // What is below a frozen group is frozen with it; if we are, it is left alone.
            if is_at_or_below(self.own, self.path.as_bytes()) {
                return;
            }
            let result = (self.visitor)(group.as_fd());
            self.note(result);
            if self.reach == Reach::Topmost {
                return;
            }
        }
        if depth < DEPTH_MAX {
            self.descend(group, depth.saturating_add(1), inside);
        }
    }

    fn belongs_to_instance(&self, name: &[u8]) -> bool {
        name.strip_prefix(self.prefix.as_bytes())
            .is_some_and(|rest| rest.ends_with(b".scope") || rest.ends_with(b".service"))
    }
}

/// The path of the group that this process is in (cgroups(7): the line that starts with `0::`).
fn own_group(buffer: &mut [u8; PATH_MAX]) -> Result<&[u8], SessionError> {
    let read = |buffer: &mut [u8]| -> io::Result<usize> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(CWD, c"/proc/self/cgroup", flags, Mode::empty())?;
        let mut len = 0_usize;
        loop {
            match rustix::io::read(&file, buffer.get_mut(len..).unwrap_or_default())? {
                0 => return Ok(len),
                more => len = len.saturating_add(more),
            }
        }
    };
    let len = read(buffer).map_err(failed(Task::Read, Subject::OwnGroup))?;
    let text = buffer.get(..len).unwrap_or_default();
    let mut lines = text.split(|&byte| byte == b'\n');
    Ok(lines.find_map(|line| line.strip_prefix(b"0::")).unwrap_or_default())
}
