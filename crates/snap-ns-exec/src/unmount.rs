//! Undoing: mounts, symbolic links, mount points.

use core::mem::MaybeUninit;

use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{AtFlags, FileType, fstat, statat, unlinkat};
use rustix::io::{self, Errno};
use rustix::mount::{MountPropagationFlags, UnmountFlags, mount_change, unmount};
use rustix::process::fchdir;
use snap_ns_plan::{Call, Fault, Ground, Outcome, Role, Rule, Skip, Verdict, What};
use snap_path::{PATH_MAX, file_name, parent};

use crate::fault::failed;
use crate::here::Here;
use crate::kernel::Kernel;
use crate::remembered::Side;
use crate::stat::{ground, link_is};
use crate::walk::{PATH, PATH_DIR, open_child};

/// No mount of a tree is to spread any more.
pub(crate) const PRIVATE_TREE: MountPropagationFlags =
    MountPropagationFlags::PRIVATE.union(MountPropagationFlags::REC);

impl Kernel {
    /// Undoes the mount at `path` and all below it. One that is in use, or has others below it, is
    /// made private, so that nothing is unmounted in other namespaces, and detached.
    pub(crate) fn unmount(&mut self, path: &[u8]) -> Result<Outcome, Fault> {
        let role = Role::MountPoint;
        let name = file_name(path);
        let Some(above) = parent(path) else { return Err(Fault::new(What::MimicOfRoot, role)) };
        let undo = |dir: BorrowedFd<'_>| -> Result<(), (Call, Errno)> {
            fchdir(dir).map_err(|errno| (Call::ChangeDirectory, errno))?;
            match unmount(name, UnmountFlags::NOFOLLOW) {
                Ok(()) => Ok(()),
                Err(Errno::BUSY) => {
                    let top = open_child(dir, name, PATH).map_err(|errno| (Call::Open, errno))?;
                    detach(dir, name, top.as_fd())
                }
                Err(errno) => Err((Call::Unmount, errno)),
            }
        };
        let dir = self.parent_dir(Side::Target, above).map_err(|errno| (Call::Open, errno));
        let undone = dir.and_then(undo);
        self.parents.forget_at(path);
        match undone {
            Ok(()) => Ok(Outcome::Done),
            // There is nothing, or it is no mount point (umount(2)): it was undone before.
            Err((Call::Open | Call::Unmount, errno)) if is_absent(errno) => {
                Ok(Outcome::Skipped(Skip::NotThere))
            }
            Err((Call::Unmount, Errno::INVAL)) => Ok(Outcome::Skipped(Skip::NotThere)),
            Err((call, errno)) => Err(failed(call, role)(errno)),
        }
    }

    pub(crate) fn remove_symlink(
        &mut self,
        path: &[u8],
        target: &[u8],
        keep: usize,
        rule: &dyn Rule,
    ) -> Result<Outcome, Fault> {
        let role = Role::MountPoint;
        let above = parent(path).unwrap_or_default();
        let remove = || -> io::Result<bool> {
            let (dir, name) = self.open_parent(path)?;
            let mut buffer = [MaybeUninit::uninit(); PATH_MAX];
            if !link_is(dir.as_fd(), name, target, &mut buffer)? {
                return Ok(false);
            }
            // Where nothing may be created the link was there before.
            if !self.may_remove(above, ground(dir.as_fd())?, rule)? {
                return Err(Errno::ROFS);
            }
            unlinkat(&dir, name, AtFlags::empty()).map(|()| true)
        };
        match remove() {
            Ok(true) => {
                self.remove_empty_above(path, keep);
                Ok(Outcome::Done)
            }
            Ok(false) => Ok(Outcome::Skipped(Skip::NotThere)),
            Err(errno) if is_absent(errno) => Ok(Outcome::Skipped(Skip::NotThere)),
            Err(Errno::ROFS) => Ok(Outcome::Skipped(Skip::Stays)),
            Err(errno) => Err(failed(Call::Remove, role)(errno)),
        }
    }

    /// Removes what was created at `path`, if nothing is in it and nothing is mounted on it; then
    /// the directories above it, longer than `keep` bytes, that are empty by now. Where `rule` lets
    /// nothing be created nothing was, and nothing is removed.
    pub(crate) fn remove_mount_point(
        &mut self,
        path: &[u8],
        keep: usize,
        rule: &dyn Rule,
    ) -> Result<Outcome, Fault> {
        let Some(above) = parent(path) else { return Ok(Outcome::Skipped(Skip::Stays)) };
        let mut find = || -> io::Result<Option<AtFlags>> {
            let dir = self.parent_dir(Side::Target, above)?;
            let stat = statat(dir, file_name(path), AtFlags::SYMLINK_NOFOLLOW)?;
            let ground = self.parent_ground(Side::Target, above)?;
            let file_type = FileType::from_raw_mode(stat.st_mode);
            let vacant = file_type.is_dir() || file_type.is_file() && stat.st_size == 0;
            let ours = vacant && self.may_remove(above, ground, rule)?;
            let flags = if file_type.is_dir() { AtFlags::REMOVEDIR } else { AtFlags::empty() };
            Ok(ours.then_some(flags))
        };
        let flags = match find() {
            Ok(Some(flags)) => flags,
            Ok(None) => return Ok(Outcome::Skipped(Skip::Stays)),
            Err(errno) if is_absent(errno) => return Ok(Outcome::Skipped(Skip::NotThere)),
            Err(errno) => return Err(failed(Call::Stat, Role::MountPoint)(errno)),
        };
        let mut remove = || unlinkat(self.parent_dir(Side::Target, above)?, file_name(path), flags);
        // Nobody would come back for it.
        match remove().or_else(|_| remove()) {
            Ok(()) => {
                self.parents.forget_at(path);
                self.remove_empty_above(path, keep);
                Ok(Outcome::Done)
            }
            Err(errno) if is_absent(errno) => Ok(Outcome::Skipped(Skip::NotThere)),
            // In use, not empty, not allowed: it may well have been there before us.
            Err(
                Errno::NOTEMPTY
                | Errno::EXIST
                | Errno::BUSY
                | Errno::ROFS
                | Errno::ACCESS
                | Errno::PERM,
            ) => Ok(Outcome::Skipped(Skip::Stays)),
            Err(errno) => Err(failed(Call::Remove, Role::MountPoint)(errno)),
        }
    }

    /// Whether something that was found in `above`, on this `ground`, may have been created there.
    fn may_remove(&self, above: &[u8], ground: Ground, rule: &dyn Rule) -> io::Result<bool> {
        match rule.verdict(above, ground) {
            Verdict::Write => Ok(true),
            Verdict::WriteIfOn(len) => self.is_on(above, above.get(..len).unwrap_or(above)),
            Verdict::WriteIfIn(_) | Verdict::ReadOnly | Verdict::Trespass => Ok(false),
        }
    }

    /// The same, only in the file system of the directory `own`.
    pub(crate) fn remove_source(
        &mut self,
        path: &[u8],
        own: &[u8],
        keep: usize,
        rule: &dyn Rule,
    ) -> Result<Outcome, Fault> {
        match parent(path).map(|above| self.is_on(above, own)) {
            Some(Ok(true)) => self.remove_mount_point(path, keep, rule),
            Some(Ok(false)) | None => Ok(Outcome::Skipped(Skip::Stays)),
            Some(Err(_)) => Ok(Outcome::Skipped(Skip::NotThere)),
        }
    }

    /// Whether two directories are in the same file system.
    pub(crate) fn is_on(&self, dir: &[u8], other: &[u8]) -> io::Result<bool> {
        let device = |path| -> io::Result<u64> { Ok(fstat(self.open(path, PATH_DIR)?)?.st_dev) };
        Ok(device(dir)? == device(other)?)
    }

    /// Removes the directories above `path`, longer than `keep` bytes, until one is not empty. It ends
    /// at a mount point, too: they are all in the file system where `path` was.
    fn remove_empty_above(&mut self, path: &[u8], keep: usize) {
        let mut next = parent(path);
        while let Some(dir) = next.filter(|dir| dir.len() > keep)
            && let Ok((holds, name)) = self.open_parent(dir)
            && unlinkat(holds, name, AtFlags::REMOVEDIR).is_ok()
        {
            self.parents.forget_at(dir);
            next = parent(dir);
        }
    }
}

/// Whether a walk failed because there is nothing (any more).
pub(crate) fn is_absent(errno: Errno) -> bool {
    matches!(errno, Errno::NOENT | Errno::NOTDIR | Errno::LOOP)
}

/// Makes the mount `top`, which is `name` in `dir`, and all below it private, and detaches it.
pub(crate) fn detach(
    dir: BorrowedFd<'_>,
    name: &[u8],
    top: BorrowedFd<'_>,
) -> Result<(), (Call, Errno)> {
    let change = |errno| (Call::ChangePropagation, errno);
    mount_change(Here::enter(top).path(), PRIVATE_TREE).map_err(change)?;
    fchdir(dir).map_err(|errno| (Call::ChangeDirectory, errno))?;
    let flags = UnmountFlags::DETACH | UnmountFlags::NOFOLLOW;
    unmount(name, flags).map_err(|errno| (Call::Unmount, errno))
}

/// Takes the mount `name` in `dir`, which was just made, away after something failed, as well as it
/// can be done: the fault that matters is the first one. It takes no descriptor, of which there may
/// be none left.
pub(crate) fn take_away(dir: BorrowedFd<'_>, name: &[u8]) {
    let _ = fchdir(dir).and_then(|()| {
        let _ = mount_change(name, PRIVATE_TREE);
        unmount(name, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW)
    });
}
