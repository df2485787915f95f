//! Trees of mounts that are not attached yet: `open_tree(2)`, `fsopen(2)`, `move_mount(2)`, from
//! Linux 5.2 on.
//!
//! Nobody sees such a tree. It can have all its flags before it is attached, and is attached as a
//! whole. Every descriptor is close-on-exec, and no symbolic link is followed.

use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::io;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, fsconfig_create,
    fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, move_mount, open_tree,
};

use crate::mount_setattr::Reach;

/// The longest text that fsconfig(2) takes, with its NUL.
const TEXT_MAX: usize = 256;

/// What a tmpfs can be told by fsconfig(2) that means the same as in the data of mount(2). (The list
/// of nodes of `mpol` has commas, for one.)
const TMPFS_KEYS: [&[u8]; 6] = [b"mode", b"uid", b"gid", b"size", b"nr_blocks", b"nr_inodes"];

/// A copy of what is mounted or lies at `name` in `dir` (empty: `dir` itself), as a bind makes it.
///
/// # Errors
///
/// The kernel's (open_tree(2)).
pub fn clone_tree(dir: BorrowedFd<'_>, name: &[u8], reach: Reach) -> io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_SYMLINK_NOFOLLOW
        | OpenTreeFlags::AT_NO_AUTOMOUNT
        | OpenTreeFlags::AT_EMPTY_PATH;
    match reach {
        Reach::Mount => open_tree(dir, name, flags),
        Reach::Tree => open_tree(dir, name, flags | OpenTreeFlags::AT_RECURSIVE),
    }
}

/// Whether [`new_tmpfs`] makes just what mount(2) makes of the same `source` and `data`.
#[must_use]
pub fn is_plain_tmpfs(source: &[u8], data: &[u8]) -> bool {
    let plain = |(key, value): (&[u8], &[u8])| TMPFS_KEYS.contains(&key) && value.len() < TEXT_MAX;
    source.len() < TEXT_MAX && options(data).all(|o| key_and_value(o).is_some_and(plain))
}

/// A new tmpfs with options as in the data of mount(2). One that is read-only is so as a file system,
/// too.
///
/// # Errors
///
/// The kernel's: as by mount(2).
pub fn new_tmpfs(source: &[u8], data: &[u8], flags: MountAttrFlags) -> io::Result<OwnedFd> {
    let fs = fsopen(c"tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(fs.as_fd(), c"source", source)?;
    if flags.contains(MountAttrFlags::MOUNT_ATTR_RDONLY) {
        fsconfig_set_flag(fs.as_fd(), c"ro")?;
    }
    for (key, value) in options(data).filter_map(key_and_value) {
        fsconfig_set_string(fs.as_fd(), key, value)?;
    }
    fsconfig_create(fs.as_fd())?;
    fsmount(fs.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, flags)
}

fn options(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split(|byte| *byte == b',').filter(|option| !option.is_empty())
}

fn key_and_value(option: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = option.iter().position(|byte| *byte == b'=')?;
    let (key, rest) = option.split_at_checked(at)?;
    Some((key, rest.get(1..)?))
}

/// Attaches `tree`, or moves it if it is attached already, to `name` in `dir` (empty: `dir` itself).
///
/// # Errors
///
/// The kernel's (move_mount(2)); `EINVAL` also when only one of the two is a directory.
pub fn attach(tree: BorrowedFd<'_>, dir: BorrowedFd<'_>, name: &[u8]) -> io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(tree, c"", dir, name, flags)
}

/// Attaches `tree` beneath the mount whose root is `top`, which is to be unmounted then.
///
/// # Errors
///
/// The kernel's: `EINVAL` also before Linux 6.5, and where one of the two would be hidden by a copy.
pub fn attach_beneath(tree: BorrowedFd<'_>, top: BorrowedFd<'_>) -> io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH
        | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH
        | MoveMountFlags::MOVE_MOUNT_BENEATH;
    move_mount(tree, c"", top, c"", flags)
}

/// Moves what is mounted at `name` in `dir` to the very place `to`.
///
/// # Errors
///
/// The kernel's: `EINVAL` also when nothing is mounted there.
pub fn move_away(dir: BorrowedFd<'_>, name: &[u8], to: BorrowedFd<'_>) -> io::Result<()> {
    move_mount(dir, name, to, c"", MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH)
}
