//! The freezer of cgroup v2: systemd makes a scope or service for each program of a snap, anywhere
//! in the tree (the kernel's cgroup-v2 documentation, "cgroup.freeze" and "cgroup.events").

use core::mem::MaybeUninit;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, FileType, Mode, OFlags, RawDir, open, openat};
use rustix::io::{self, Errno};
use snap_path::{PATH_MAX, Text, is_at_or_below};

use crate::error::{SessionError, Subject, Task, failed};
use crate::freezer::Deadline;
use crate::instance::Instance;
use crate::join::{InstancePath, instance_path};

/// How deep groups can be nested below `/sys/fs/cgroup`.
const DEPTH_MAX: usize = 32;

/// Room for one batch of directory entries at each depth.
const LIST_BYTES: usize = 2048;

pub(crate) fn freeze(instance: &Instance<'_>) -> Result<(), SessionError> {
    visit_groups(instance, &mut |group| write_freeze(group, b"1"))?;
    let deadline = Deadline::start();
    visit_groups(instance, &mut |group| wait_until_frozen(group, &deadline))
}

pub(crate) fn thaw(instance: &Instance<'_>) -> Result<(), SessionError> {
    let mut first_error = Ok(());
    let walked = visit_groups(instance, &mut |group| {
        // One that cannot be thawed is no reason to leave the others frozen.
        let thawed = write_freeze(group, b"0");
        if first_error.is_ok() {
            first_error = thawed;
        }
        Ok(())
    });
    walked.and(first_error)
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
            if text.split(|&byte| byte == b'\n').any(|line| line == b"frozen 1") {
                return Ok(true);
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

/// Whether a group vanished, which it may at any moment.
fn is_gone(errno: Errno) -> bool {
    matches!(errno, Errno::NOENT | Errno::NODEV)
}

type Visitor<'v> = dyn FnMut(BorrowedFd<'_>) -> Result<(), SessionError> + 'v;

/// Shows every group of the instance to `visitor`, except the one that this process is in.
fn visit_groups(instance: &Instance<'_>, visitor: &mut Visitor<'_>) -> Result<(), SessionError> {
    let prefix = instance_path(b"snap.", instance, b".");
    let mut own = [0_u8; PATH_MAX];
    let own = own_group(&mut own)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = open(c"/sys/fs/cgroup", flags, Mode::empty())
        .map_err(failed(Task::Open, Subject::Freezer))?;
    let mut walk = Walk { prefix, own, path: Text::new(), visitor };
    walk.descend(root, 0)
}

struct Walk<'w, 'v> {
    /// What the names of the instance's groups start with.
    prefix: InstancePath,
    /// The path of the group that this process is in.
    own: &'w [u8],
    /// The path of the group that is looked at.
    path: Text<PATH_MAX>,
    visitor: &'w mut Visitor<'v>,
}

impl Walk<'_, '_> {
    fn descend(&mut self, group: OwnedFd, depth: usize) -> Result<(), SessionError> {
        let failed_here = failed(Task::Read, Subject::Freezer);
        let mut buffer = [MaybeUninit::uninit(); LIST_BYTES];
        let mut entries = RawDir::new(group.as_fd(), &mut buffer);
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(errno) if is_gone(errno) => return Ok(()),
                Err(errno) => return Err(failed_here(errno)),
            };
            let name = entry.file_name();
            if entry.file_type() != FileType::Directory || matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let child = match openat(group.as_fd(), name, flags, Mode::empty()) {
                Ok(child) => child,
                Err(errno) if is_gone(errno) => continue,
                Err(errno) => return Err(failed_here(errno)),
            };
            let len = self.path.as_bytes().len();
            let pushed = self.path.push(b"/").and_then(|()| self.path.push(name.to_bytes()));
            if pushed.is_none() || depth >= DEPTH_MAX {
                return Err(failed_here(Errno::NAMETOOLONG));
            }
            if self.belongs_to_instance(name.to_bytes()) {
                // What is below a frozen group is frozen with it, we ourselves included.
                if !is_at_or_below(self.own, self.path.as_bytes()) {
                    (self.visitor)(child.as_fd())?;
                }
            } else {
                self.descend(child, depth.saturating_add(1))?;
            }
            self.path.truncate(len);
        }
        Ok(())
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
