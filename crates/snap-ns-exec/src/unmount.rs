//! Undoing: mounts, symbolic links, mount points.

use core::mem::MaybeUninit;

use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{AtFlags, FileType, statat, unlinkat};
use rustix::io::{self, Errno};
use rustix::mount::{MountPropagationFlags, UnmountFlags, mount_change, unmount};
use rustix::process::fchdir;
use snap_ns_plan::{Call, Fault, Outcome, Role, Skip};
use snap_path::PATH_MAX;

use crate::fault::failed;
use crate::here::Here;
use crate::kernel::Kernel;
use crate::look::link_is;
use crate::walk::{PATH, kind_of, open_child};

impl Kernel {
    /// Undoes the mount at `path` and all below it, even when it is in use. It is made private
    /// first, so that nothing is unmounted in other namespaces.
    pub(crate) fn unmount(&mut self, path: &[u8]) -> Result<Outcome, Fault> {
        let role = Role::MountPoint;
        let (dir, name) = match self.open_parent(path) {
            Ok(opened) => opened,
            Err(errno) if is_absent(errno) => return Ok(Outcome::Skipped(Skip::NotThere)),
            Err(errno) => return Err(failed(Call::Open, role)(errno)),
        };
        let top = match open_child(dir.as_fd(), name, PATH) {
            Ok(top) => top,
            Err(errno) if is_absent(errno) => return Ok(Outcome::Skipped(Skip::NotThere)),
            Err(errno) => return Err(failed(Call::Open, role)(errno)),
        };
        match detach(dir.as_fd(), name, top.as_fd()) {
            Ok(()) => Ok(Outcome::Done),
            // Not a mount point (umount(2)): it was undone before.
            Err((_, Errno::INVAL)) => Ok(Outcome::Skipped(Skip::NotThere)),
            Err((call, errno)) => Err(failed(call, role)(errno)),
        }
    }

    pub(crate) fn remove_symlink(&mut self, path: &[u8], target: &[u8]) -> Result<Outcome, Fault> {
        let role = Role::MountPoint;
        let remove = || -> io::Result<bool> {
            let (dir, name) = self.open_parent(path)?;
            let mut buffer = [MaybeUninit::uninit(); PATH_MAX];
            if !link_is(dir.as_fd(), name, target, &mut buffer)? {
                return Ok(false);
            }
            unlinkat(&dir, name, AtFlags::empty()).map(|()| true)
        };
        match remove() {
            Ok(true) => Ok(Outcome::Done),
            Ok(false) => Ok(Outcome::Skipped(Skip::NotThere)),
            Err(errno) if is_absent(errno) => Ok(Outcome::Skipped(Skip::NotThere)),
            Err(Errno::ROFS) => Ok(Outcome::Skipped(Skip::Stays)),
            Err(errno) => Err(failed(Call::Remove, role)(errno)),
        }
    }

    /// Removes a mount point that nothing is in and nothing is mounted on.
    pub(crate) fn remove_mount_point(&mut self, path: &[u8]) -> Result<Outcome, Fault> {
        let remove = || -> io::Result<()> {
            let (dir, name) = self.open_parent(path)?;
            let stat = statat(&dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
            let file_type = FileType::from_raw_mode(stat.st_mode);
            if file_type.is_dir() {
                unlinkat(&dir, name, AtFlags::REMOVEDIR)
            } else if file_type.is_file() && stat.st_size == 0 {
                unlinkat(&dir, name, AtFlags::empty())
            } else {
                Err(Errno::NOTEMPTY)
            }
        };
        match remove() {
            Ok(()) => Ok(Outcome::Done),
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
}

/// Whether a walk failed because there is nothing (any more).
fn is_absent(errno: Errno) -> bool {
    matches!(errno, Errno::NOENT | Errno::NOTDIR | Errno::LOOP)
}

/// Makes the mount `top`, which is `name` in `dir`, and all below it private, and detaches it.
pub(crate) fn detach(
    dir: BorrowedFd<'_>,
    name: &[u8],
    top: BorrowedFd<'_>,
) -> Result<(), (Call, Errno)> {
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    let change = |errno| (Call::ChangePropagation, errno);
    let is_dir = kind_of(top).map_err(|errno| (Call::Stat, errno))?;
    let here = match is_dir {
        snap_ns_plan::NodeKind::Directory => Here::enter(top),
        snap_ns_plan::NodeKind::File
        | snap_ns_plan::NodeKind::Symlink
        | snap_ns_plan::NodeKind::Special => Here::fd(top),
    };
    mount_change(here.path(), private).map_err(change)?;
    fchdir(dir).map_err(|errno| (Call::ChangeDirectory, errno))?;
    let flags = UnmountFlags::DETACH | UnmountFlags::NOFOLLOW;
    unmount(name, flags).map_err(|errno| (Call::Unmount, errno))
}
