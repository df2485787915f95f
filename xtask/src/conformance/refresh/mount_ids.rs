//! Which mount is at a path, and which file.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, StatxFlags, statx};

/// Asks for an id that is never used again (Linux 6.8); rustix has no name for it.
const MNT_ID_UNIQUE: StatxFlags = StatxFlags::from_bits_retain(0x4000);

/// The id of the uppermost mount at `path`, and the number of what is there (two links in one mount are
/// told apart by it); none where the kernel has only ids that it uses again.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    let path = path.as_os_str().as_bytes();
    let found = statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, MNT_ID_UNIQUE).ok()?;
    let answered = found.stx_mask & MNT_ID_UNIQUE.bits() != 0;
    answered.then_some((found.stx_mnt_id, found.stx_ino))
}
