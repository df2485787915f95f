//! The directories that were walked last.
//!
//! Entries stand together by directory: of a thousand layouts most have the same parent. Its
//! descriptor is kept, one for mount points and one for sources, until another one is needed or
//! something is mounted or unmounted at it or above it; then it is walked anew. What is known of the
//! directory is kept with it.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{fstat, fstatfs};
use rustix::io::{self, Errno};
use snap_ns_plan::{Ground, Rule};
use snap_path::{Text, components};

use crate::kernel::Kernel;
use crate::remembered::{Parent, Proof, Side};
use crate::stat::{TMPFS_MAGIC, ground};
use crate::walk::{PATH_DIR, open_child};

/// `f_type` (statfs(2)) of the file systems whose owners and modes are believed. A server or another
/// process answers for others (NFS, FUSE), or they have none of their own (FAT).
const LOCAL: [u64; 9] = [
    0xef53,      // ext2, ext3, ext4
    0x5846_5342, // xfs
    0x9123_683e, // btrfs
    0xf2f5_2010, // f2fs
    0x2fc1_2fc1, // zfs
    0x7371_7368, // squashfs
    0xe0f5_e1e2, // erofs
    0x794c_7630, // overlay, of what root put together
    TMPFS_MAGIC,
];

impl Kernel {
    /// What is known of the directory `dir`, walked now or before.
    fn known(&mut self, side: Side, dir: &[u8]) -> io::Result<&mut Parent> {
        let is_it = |parent: &Parent| !parent.path.is_empty() && parent.path.as_bytes() == dir;
        if !self.parents.side(side).as_ref().is_some_and(is_it) {
            let fd = self.open(dir, PATH_DIR)?;
            let mut path = Text::new();
            // One without a path is walked again the next time.
            let _ = path.push(dir);
            *self.parents.side(side) = Some(Parent { path, fd, ground: None, proof: None });
        }
        self.parents.side(side).as_mut().ok_or(Errno::BADF)
    }

    /// The directory `dir` itself.
    pub(crate) fn parent_dir(&mut self, side: Side, dir: &[u8]) -> io::Result<BorrowedFd<'_>> {
        self.known(side, dir).map(|parent| parent.fd.as_fd())
    }

    /// The ground of the directory `dir`. (What is read-only and what is a tmpfs changes with the
    /// mounts only.)
    pub(crate) fn parent_ground(&mut self, side: Side, dir: &[u8]) -> io::Result<Ground> {
        let parent = self.known(side, dir)?;
        match parent.ground {
            Some(known) => Ok(known),
            None => Ok(*parent.ground.insert(ground(parent.fd.as_fd())?)),
        }
    }

    /// Whether nobody but root can change what `dir`, the parent of a mount point, leads to, and
    /// `rule` does not know better.
    pub(crate) fn prove_target_dir(&mut self, dir: &[u8], rule: &dyn Rule) -> io::Result<Proof> {
        if let Some(proof) = self.known(Side::Target, dir)?.proof {
            return Ok(proof);
        }
        let proven = !rule.may_change(dir) && self.open_proving(dir)?.1;
        let proof = if proven { Proof::RootOnly } else { Proof::None };
        if let Some(parent) = &mut self.parents.target {
            parent.proof = Some(proof);
        }
        Ok(proof)
    }

    /// Opens the directory `dir`, and tells whether it and every one on the way is root's, and nobody
    /// else may write to it.
    pub(crate) fn open_proving(&self, dir: &[u8]) -> io::Result<(OwnedFd, bool)> {
        let prove = |fd: BorrowedFd<'_>| Ok::<_, Errno>(is_roots_alone(fd)? && is_local(fd)?);
        let mut at = open_child(self.root.as_fd(), b".", PATH_DIR)?;
        let mut proven = prove(at.as_fd())?;
        for name in components(dir) {
            at = open_child(at.as_fd(), name, PATH_DIR)?;
            proven = proven && prove(at.as_fd())?;
        }
        Ok((at, proven))
    }
}

/// Whether the directory is root's, and nobody else may write to it.
pub(crate) fn is_roots_alone(dir: BorrowedFd<'_>) -> io::Result<bool> {
    let stat = fstat(dir)?;
    // The group bits stand for access control lists as well (acl(5)).
    Ok(stat.st_uid == 0 && stat.st_mode & 0o022 == 0)
}

/// Whether this kernel itself keeps owners and modes there, so that they can be believed.
fn is_local(dir: BorrowedFd<'_>) -> io::Result<bool> {
    Ok(u64::try_from(fstatfs(dir)?.f_type).is_ok_and(|magic| LOCAL.contains(&magic)))
}
