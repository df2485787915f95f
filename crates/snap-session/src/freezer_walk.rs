//! Finding the groups of an instance in the tree of cgroup v2, before any of them is frozen.

use core::ffi::CStr;
use core::mem::MaybeUninit;

use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{AtFlags, CWD, FileType, OFlags, RawDir, statat};
use rustix::io::{self, Errno, read};
use rustix::process::getpid;
use snap_path::{PATH_MAX, Text, is_at_or_below};

use crate::error::{SessionError, Subject, Task, failed};
use crate::freezer_groups::{Groups, Owner, open_in};
use crate::freezer_state::{OWN_GROUP_BYTES, is_gone, own_group};
use crate::instance::Instance;
use crate::join::{InstancePath, instance_path};

/// How deep groups are looked for below `/sys/fs/cgroup`. systemd puts those of snaps at depth 6 at
/// most; any user can nest others as deep as the kernel lets them, which must stop nobody.
const DEPTH_MAX: usize = 32;

/// How many groups of one user are looked at: whoever has more only hides their own.
const LOOKS_MAX: u32 = 4096;

/// Room for one batch of directory entries at each depth.
const LIST_BYTES: usize = 2048;

/// A directory of the cgroup file system has two links, and one for each directory in it.
const LINKS_OF_A_LEAF: u32 = 2;

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY);

/// Fills `groups` with those that have the name of one of `instance`, wherever they are: what is
/// below them is frozen with them.
pub(crate) fn find(instance: &Instance<'_>, groups: &mut Groups) -> Result<(), SessionError> {
    let mut buffer = [0; OWN_GROUP_BYTES];
    let own = own_group(&mut buffer, <[u8]>::is_empty)?;
    let root =
        open_in(CWD, c"/sys/fs/cgroup", DIRECTORY).map_err(failed(Task::Open, Subject::Freezer))?;
    if lists_this_process(root.as_fd(), own) != Ok(true) {
        // It might be in any of them: none is frozen.
        groups.passed_over = true;
        return Ok(());
    }
    let prefix = instance_path(b"snap.", instance, b".");
    let mut walk = Walk { prefix, own, path: Text::new(), groups, looks: 0 };
    walk.descend(root.as_fd(), 0, Owner::Root).map_err(|errno| match errno {
        Errno::MFILE => SessionError::ManyGroups,
        errno => failed(Task::Read, Subject::Freezer)(errno),
    })
}

/// Whether this process is in the group `path` below `root`. The path in `/proc/self/cgroup` begins
/// where the process's cgroup namespace does, which need not be what is mounted.
fn lists_this_process(root: BorrowedFd<'_>, path: &[u8]) -> io::Result<bool> {
    let mut file = Text::<PATH_MAX>::new();
    let whole = [b".", path, b"/cgroup.threads"];
    whole.iter().try_for_each(|part| file.push(part)).ok_or(Errno::NAMETOOLONG)?;
    let file = open_in(root, file.as_c_str(), OFlags::RDONLY)?;
    let (me, mut number) = (getpid().as_raw_pid(), 0_i32);
    let mut buffer = [0; LIST_BYTES];
    loop {
        let len = read(&file, &mut buffer)?;
        if len == 0 {
            return Ok(false);
        }
        for &byte in buffer.get(..len).unwrap_or_default() {
            match byte {
                b'\n' if number == me => return Ok(true),
                b'\n' => number = 0,
                digit => {
                    number = number.saturating_mul(10).saturating_add(i32::from(digit & 15));
                }
            }
        }
    }
}

struct Walk<'w> {
    /// What the names of the instance's groups start with.
    prefix: InstancePath,
    /// The path of the group that this process is in.
    own: &'w [u8],
    /// The path of the group that is looked at.
    path: Text<PATH_MAX>,
    groups: &'w mut Groups,
    /// How many more groups of this user are looked at.
    looks: u32,
}

impl Walk<'_> {
    fn descend(&mut self, group: BorrowedFd<'_>, depth: usize, owner: Owner) -> io::Result<()> {
        let mut buffer = [MaybeUninit::uninit(); LIST_BYTES];
        let mut entries = RawDir::new(group, &mut buffer);
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = entry.file_name();
            if entry.file_type() != FileType::Directory || matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            if owner == Owner::User {
                let Some(looks) = self.looks.checked_sub(1) else {
                    self.groups.passed_over = true;
                    break;
                };
                self.looks = looks;
            }
            let len = self.path.as_bytes().len();
            let pushed = self.path.push(b"/").and_then(|()| self.path.push(name.to_bytes()));
            let looked = pushed.map_or(Ok(()), |()| self.look_at(group, name, depth, owner));
            self.path.truncate(len);
            looked?;
        }
        Ok(())
    }

    fn look_at(
        &mut self,
        dir: BorrowedFd<'_>,
        name: &CStr,
        depth: usize,
        above: Owner,
    ) -> io::Result<()> {
        let stat = match statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(errno) if is_gone(errno) => return Ok(()),
            stat => stat?,
        };
        let owner = if stat.st_uid == 0 { above } else { Owner::User };
        if owner != above {
            self.looks = LOOKS_MAX;
        }
        let is_ours = self.belongs_to_instance(name.to_bytes());
        // If we are in what would be frozen, it is left alone.
        if is_ours && is_at_or_below(self.own, self.path.as_bytes()) {
            return Ok(());
        }
        // Most groups have none below them: a look at one costs less than going through it.
        let is_leaf = u32::try_from(stat.st_nlink) == Ok(LINKS_OF_A_LEAF);
        if !is_ours && (is_leaf || depth >= DEPTH_MAX) {
            return Ok(());
        }
        let found = open_in(dir, name, DIRECTORY).and_then(|group| {
            if is_ours {
                self.groups.add(group.as_fd(), owner)
            } else {
                self.descend(group.as_fd(), depth.saturating_add(1), owner)
            }
        });
        match found {
            Err(errno) if is_gone(errno) => Ok(()),
            // What a user does to their groups must not end the run.
            Err(_) if owner == Owner::User => {
                self.groups.passed_over = true;
                Ok(())
            }
            found => found,
        }
    }

    fn belongs_to_instance(&self, name: &[u8]) -> bool {
        name.strip_prefix(self.prefix.as_bytes())
            .is_some_and(|rest| rest.ends_with(b".scope") || rest.ends_with(b".service"))
    }
}
