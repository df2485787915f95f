//! Finding groups in the tree of cgroup v2.

use core::ffi::CStr;
use core::mem::MaybeUninit;

use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, open, openat, statat};
use rustix::io::{self, Errno};
use snap_path::{PATH_MAX, Text, is_at_or_below};

use crate::error::{GroupName, SessionError, Subject, Task, failed};
use crate::freezer::{OwnGroup, is_gone};
use crate::instance::Instance;
use crate::join::{InstancePath, instance_path};

/// How deep groups are looked for below `/sys/fs/cgroup`. systemd puts those of snaps at depth 6 at
/// most; any user can nest others as deep as the kernel lets them, which must stop nobody.
const DEPTH_MAX: usize = 32;

/// Room for one batch of directory entries at each depth.
const LIST_BYTES: usize = 2048;

/// A directory of the cgroup file system has two links, and one for each directory in it.
const LINKS_OF_A_LEAF: u32 = 2;

const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A group of the instance.
#[derive(Clone, Copy)]
pub(crate) struct Found<'g> {
    pub(crate) fd: BorrowedFd<'g>,
    /// What the path from the topmost group on has after `snap.` and the instance's name.
    path: &'g [u8],
}

impl Found<'_> {
    pub(crate) fn name(&self) -> GroupName {
        GroupName::new(self.path)
    }
}

type Visitor<'v> = dyn FnMut(Found<'_>) -> Result<(), SessionError> + 'v;

/// Which groups of an instance are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Those with its name.
    Topmost,
    /// Those below them as well.
    All,
}

/// Shows every group of the instance to `visitor`, except the one that this process is in (`own`
/// is its path). An error does not keep the other groups from being visited; the first one is
/// returned.
pub(crate) fn groups_of(
    instance: &Instance<'_>,
    own: &[u8],
    reach: Reach,
    visitor: &mut Visitor<'_>,
) -> Result<OwnGroup, SessionError> {
    let root = open(c"/sys/fs/cgroup", DIRECTORY, Mode::empty())
        .map_err(failed(Task::Open, Subject::Freezer))?;
    let prefix = instance_path(b"snap.", instance, b".");
    let mut walk = Walk::new(prefix, own, reach, visitor);
    walk.descend(root.as_fd(), 0, None);
    walk.result.map(|()| walk.own_group)
}

/// Shows `group` and every group below it to `visitor`, as [`groups_of`] does.
pub(crate) fn groups_at(
    group: BorrowedFd<'_>,
    visitor: &mut Visitor<'_>,
) -> Result<(), SessionError> {
    let mut walk = Walk::new(InstancePath::new(), b"", Reach::All, visitor);
    walk.show(group, 0);
    walk.descend(group, 0, Some(0));
    walk.result
}

struct Walk<'w, 'v> {
    /// What the names of the instance's groups start with.
    prefix: InstancePath,
    /// The path of the group that this process is in.
    own: &'w [u8],
    own_group: OwnGroup,
    /// The path of the group that is looked at.
    path: Text<PATH_MAX>,
    reach: Reach,
    visitor: &'w mut Visitor<'v>,
    /// The first error.
    result: Result<(), SessionError>,
}

/// Where the name of the instance's topmost group begins in the path of one at or below it.
type Inside = Option<usize>;

impl<'w, 'v> Walk<'w, 'v> {
    fn new(
        prefix: InstancePath,
        own: &'w [u8],
        reach: Reach,
        visitor: &'w mut Visitor<'v>,
    ) -> Self {
        let (own_group, path, result) = (OwnGroup::Elsewhere, Text::new(), Ok(()));
        Self { prefix, own, own_group, path, reach, visitor, result }
    }

    fn note(&mut self, result: Result<(), SessionError>) {
        if self.result.is_ok() {
            self.result = result;
        }
    }

    /// An error while groups are gone through.
    fn note_unless_gone(&mut self, errno: Errno) {
        if !is_gone(errno) {
            self.note(Err(failed(Task::Read, Subject::Freezer)(errno)));
        }
    }

    fn show(&mut self, fd: BorrowedFd<'_>, inside: usize) {
        let start = inside.saturating_add(self.prefix.as_bytes().len().saturating_sub(1));
        let path = self.path.as_bytes().get(start..).unwrap_or_default();
        let result = (self.visitor)(Found { fd, path });
        self.note(result);
    }

    fn descend(&mut self, group: BorrowedFd<'_>, depth: usize, inside: Inside) {
        let mut buffer = [MaybeUninit::uninit(); LIST_BYTES];
        let mut entries = RawDir::new(group, &mut buffer);
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(errno) => return self.note_unless_gone(errno),
            };
            let name = entry.file_name();
            if entry.file_type() != FileType::Directory || matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let len = self.path.as_bytes().len();
            let pushed = self.path.push(b"/").and_then(|()| self.path.push(name.to_bytes()));
            if pushed.is_some()
                && let Err(errno) = self.look_at(group, name, depth, inside)
            {
                self.note_unless_gone(errno);
            }
            self.path.truncate(len);
        }
    }

    fn look_at(
        &mut self,
        dir: BorrowedFd<'_>,
        name: &CStr,
        depth: usize,
        inside: Inside,
    ) -> io::Result<()> {
        let start = self.path.as_bytes().len().saturating_sub(name.to_bytes().len());
        let inside = inside.or_else(|| self.belongs_to_instance(name.to_bytes()).then_some(start));
        // Most groups have none below them: a look at one costs less than going through it.
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        let is_leaf = u32::try_from(statat(dir, name, flags)?.st_nlink) == Ok(LINKS_OF_A_LEAF);
        if is_leaf && inside.is_none() {
            return Ok(());
        }
        // What is below a frozen group is frozen with it; if we are, it is left alone.
        if inside.is_some() && is_at_or_below(self.own, self.path.as_bytes()) {
            self.own_group = OwnGroup::Spared;
            return Ok(());
        }
        let group = openat(dir, name, DIRECTORY, Mode::empty())?;
        if let Some(start) = inside {
            self.show(group.as_fd(), start);
            if self.reach == Reach::Topmost {
                return Ok(());
            }
        }
        if !is_leaf && depth < DEPTH_MAX {
            self.descend(group.as_fd(), depth.saturating_add(1), inside);
        }
        Ok(())
    }

    fn belongs_to_instance(&self, name: &[u8]) -> bool {
        name.strip_prefix(self.prefix.as_bytes())
            .is_some_and(|rest| rest.ends_with(b".scope") || rest.ends_with(b".service"))
    }
}
