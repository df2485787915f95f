//! What an access control list (acl(5)) leaves of a mode when it is not copied.

use rustix::fd::BorrowedFd;
use rustix::fs::fgetxattr;
use rustix::io::{self, Errno};

/// The most bytes of a list that are read: 511 entries.
const LIST_MAX: usize = 4096;

/// The bits of group and others.
const GROUP_AND_OTHERS: u16 = 0o077;

/// The mode with which a tmpfs without a list grants nobody more than `dir`, of this `mode`, does
/// with its list.
///
/// # Errors
///
/// The list cannot be read.
pub(crate) fn without_list(dir: BorrowedFd<'_>, mode: u16) -> io::Result<u16> {
    let mut list = [0; LIST_MAX];
    match fgetxattr(dir, c"system.posix_acl_access", &mut list[..]) {
        Ok(len) => Ok(least(list.get(..len).unwrap_or_default(), mode)),
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(mode),
        // It is too long.
        Err(Errno::RANGE) => Ok(mode & !GROUP_AND_OTHERS),
        Err(errno) => Err(errno),
    }
}

/// `list` is as in `linux/posix_acl_xattr.h`: a version, and for each entry tag, permissions and ID,
/// in little-endian bytes. The bits of the group in the mode are the mask then. Whoever is named
/// becomes one of the group or of the others, who get no more than the least of them had.
fn least(list: &[u8], mode: u16) -> u16 {
    let mask = (mode >> 3) & 7;
    let (mut named, mut group) = (7, 0);
    for entry in list.get(4..).unwrap_or_default().chunks_exact(8) {
        let [tag, 0, permissions, ..] = *entry else { continue };
        let granted = u16::from(permissions) & mask;
        match tag {
            // ACL_USER and ACL_GROUP
            0x02 | 0x08 => named &= granted,
            // ACL_GROUP_OBJ
            0x04 => group = granted,
            _ => {}
        }
    }
    (mode & !GROUP_AND_OTHERS) | ((group & named) << 3) | (mode & 7 & named)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::least;

    fn list(entries: &[(u8, u8)]) -> std::vec::Vec<u8> {
        let mut list = std::vec![2, 0, 0, 0];
        for &(tag, permissions) in entries {
            list.extend([tag, 0, permissions, 0, 0xff, 0xff, 0xff, 0xff]);
        }
        list
    }

    #[test]
    fn nobody_gets_more() {
        let (user, own_group, group, mask, other) = (0x02, 0x04, 0x08, 0x10, 0x20);
        for (entries, mode, left) in [
            // One more who may write: the mask is no right of the group.
            (&[(1, 7), (user, 7), (own_group, 5), (mask, 7), (other, 5)][..], 0o775, 0o755),
            // One who may do less than the others.
            (&[(1, 7), (user, 0), (own_group, 5), (mask, 5), (other, 5)], 0o755, 0o700),
            (&[(1, 7), (own_group, 7), (group, 1), (mask, 7), (other, 5)], 0o2775, 0o2711),
            // The mask holds for all but owner and others.
            (&[(1, 7), (own_group, 7), (group, 7), (mask, 4), (other, 5)], 0o745, 0o744),
            (&[(1, 7), (own_group, 5), (mask, 7), (other, 1)], 0o771, 0o751),
        ] {
            assert_eq!(least(&list(entries), mode), left, "{entries:?}");
        }
        // Nothing is known of the group.
        assert_eq!(least(b"", 0o755), 0o705);
    }
}
