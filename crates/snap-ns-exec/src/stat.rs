//! What the kernel tells of an open place: statfs(2), readlink(2), what is in it.

use core::mem::MaybeUninit;

use rustix::fd::BorrowedFd;
use rustix::fs::{FileType, OFlags, RawDir, StatVfsMountFlags, fstat, fstatfs, readlinkat_raw};
use rustix::io::{self, Errno};
use snap_ns_plan::{Access, FsKind, Ground, NodeKind};

use crate::walk::{kind, open_child};

/// `f_type` of a tmpfs (statfs(2)).
pub(crate) const TMPFS_MAGIC: u64 = 0x0102_1994;

/// A directory that is listed, or whose access control list is read.
pub(crate) const LISTED: OFlags =
    OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::RDONLY);

/// Room for one batch of directory entries.
pub(crate) const LIST_BYTES: usize = 4096;

/// What matters of the directory `dir` for creating something in it.
pub(crate) fn ground(dir: BorrowedFd<'_>) -> io::Result<Ground> {
    let stat = fstatfs(dir)?;
    let read_only = mount_flags(stat.f_flags).contains(StatVfsMountFlags::RDONLY);
    let tmpfs = u64::try_from(stat.f_type) == Ok(TMPFS_MAGIC);
    Ok(Ground {
        access: if read_only { Access::ReadOnly } else { Access::Writable },
        fs: if tmpfs { FsKind::Tmpfs } else { FsKind::Other },
    })
}

/// `f_flags` of statfs(2), whatever its width on this architecture.
#[allow(clippy::useless_conversion, reason = "the width differs between architectures")]
pub(crate) fn mount_flags(flags: impl TryInto<u64>) -> StatVfsMountFlags {
    StatVfsMountFlags::from_bits_retain(flags.try_into().unwrap_or(0))
}

/// Whether this is a directory or file with nothing in it.
pub(crate) fn is_vacant(there: BorrowedFd<'_>) -> io::Result<bool> {
    let stat = fstat(there)?;
    match kind(FileType::from_raw_mode(stat.st_mode)) {
        NodeKind::File => Ok(stat.st_size == 0),
        NodeKind::Symlink | NodeKind::Special => Ok(false),
        NodeKind::Directory => {
            let dir = open_child(there, b".", LISTED)?;
            let mut buffer = [MaybeUninit::uninit(); LIST_BYTES];
            let mut entries = RawDir::new(&dir, &mut buffer);
            while let Some(entry) = entries.next() {
                if ![c".", c".."].contains(&entry?.file_name()) {
                    return Ok(false);
                }
            }
            Ok(true)
        }
    }
}

/// Whether the symbolic link `name` in `dir` (empty: `dir` itself) has just this target.
pub(crate) fn link_is(
    dir: BorrowedFd<'_>,
    name: &[u8],
    target: &[u8],
    buffer: &mut [MaybeUninit<u8>],
) -> io::Result<bool> {
    match readlinkat_raw(dir, name, buffer) {
        Ok((found, _)) => Ok(&found[..] == target),
        Err(Errno::INVAL) => Ok(false),
        Err(errno) => Err(errno),
    }
}
