//! Trees of mounts that are not attached yet.
//!
//! Nobody sees such a tree. It has all its flags before it is attached, and is attached as a whole.
//! What it is attached to is a descriptor, so nothing is resolved again.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountPropagationFlags, MoveMountFlags,
    OpenTreeFlags, fsconfig_create, fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen,
    move_mount, open_tree,
};
use snap_mount_options::{Depth, MountFlags, Propagation, PropagationKind};
use snap_syscalls::{MountAttributes, Reach, mount_setattr};

/// The longest text that fsconfig(2) takes, with its NUL.
const TEXT_MAX: usize = 256;

/// What a tmpfs can be told by fsconfig(2) that means the same as in the data of mount(2). (The list
/// of nodes of `mpol` has commas, for one.)
const TMPFS_KEYS: [&[u8]; 6] = [b"mode", b"uid", b"gid", b"size", b"nr_blocks", b"nr_inodes"];

/// A copy of what is mounted or lies at `name` in `dir` (empty: `dir` itself), as a bind makes it. A
/// symbolic link is not followed.
pub(crate) fn clone_tree(dir: BorrowedFd<'_>, name: &[u8], depth: Depth) -> io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_SYMLINK_NOFOLLOW
        | OpenTreeFlags::AT_NO_AUTOMOUNT
        | OpenTreeFlags::AT_EMPTY_PATH;
    match depth {
        Depth::Single => open_tree(dir, name, flags),
        Depth::Recursive => open_tree(dir, name, flags | OpenTreeFlags::AT_RECURSIVE),
    }
}

/// Whether [`new_tmpfs`] makes just what mount(2) makes.
pub(crate) fn is_same_tmpfs(source: &[u8], data: &[u8], flags: MountFlags) -> bool {
    MountFlags::PER_MOUNT.contains(flags)
        && source.len() < TEXT_MAX
        && options(data).all(|option| {
            key_and_value(option)
                .is_some_and(|(key, value)| TMPFS_KEYS.contains(&key) && value.len() < TEXT_MAX)
        })
}

/// A new tmpfs.
pub(crate) fn new_tmpfs(source: &[u8], data: &[u8], flags: MountFlags) -> io::Result<OwnedFd> {
    let fs = fsopen(c"tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(fs.as_fd(), c"source", source)?;
    if flags.contains(MountFlags::READ_ONLY) {
        // The file system itself, too, as with mount(2).
        fsconfig_set_flag(fs.as_fd(), c"ro")?;
    }
    for (key, value) in options(data).filter_map(key_and_value) {
        fsconfig_set_string(fs.as_fd(), key, value)?;
    }
    fsconfig_create(fs.as_fd())?;
    fsmount(fs.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes(flags).set)
}

fn options(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split(|byte| *byte == b',').filter(|option| !option.is_empty())
}

fn key_and_value(option: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = option.iter().position(|byte| *byte == b'=')?;
    let (key, rest) = option.split_at_checked(at)?;
    Some((key, rest.get(1..)?))
}

/// Gives a copy that was just made the `flags` that are a mount's own, besides those that it has.
pub(crate) fn add_flags(tree: BorrowedFd<'_>, depth: Depth, flags: MountFlags) -> io::Result<()> {
    if flags.intersects(MountFlags::PER_MOUNT) {
        mount_setattr(tree, c"", reach(depth), &attributes(flags))?;
    }
    Ok(())
}

/// Changes how mounts spread. What a tree is attached to may make it shared, so this comes after.
pub(crate) fn change_propagation(tree: BorrowedFd<'_>, change: Propagation) -> io::Result<()> {
    let propagation = match change.kind {
        PropagationKind::Shared => MountPropagationFlags::SHARED,
        PropagationKind::Slave => MountPropagationFlags::DOWNSTREAM,
        PropagationKind::Private => MountPropagationFlags::PRIVATE,
        PropagationKind::Unbindable => MountPropagationFlags::UNBINDABLE,
    };
    let change_only = MountAttributes { propagation, ..MountAttributes::NONE };
    mount_setattr(tree, c"", reach(change.depth), &change_only)
}

/// Attaches `tree`, or moves it if it is attached already, to the very place `target`.
pub(crate) fn attach(tree: BorrowedFd<'_>, target: BorrowedFd<'_>) -> io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(tree, c"", target, c"", flags)
}

fn reach(depth: Depth) -> Reach {
    match depth {
        Depth::Single => Reach::Mount,
        Depth::Recursive => Reach::Tree,
    }
}

/// The flags of mount(2) that are a mount's own, in the words of mount_setattr(2).
fn attributes(flags: MountFlags) -> MountAttributes {
    let mut set = MountAttrFlags::empty();
    for (flag, attribute) in [
        (MountFlags::READ_ONLY, MountAttrFlags::MOUNT_ATTR_RDONLY),
        (MountFlags::NO_SUID, MountAttrFlags::MOUNT_ATTR_NOSUID),
        (MountFlags::NO_DEV, MountAttrFlags::MOUNT_ATTR_NODEV),
        (MountFlags::NO_EXEC, MountAttrFlags::MOUNT_ATTR_NOEXEC),
        (MountFlags::NO_DIR_ATIME, MountAttrFlags::MOUNT_ATTR_NODIRATIME),
    ] {
        set.set(attribute, flags.contains(flag));
    }
    // Of several ways of access times this is the order in which mount(2) takes them.
    let atime = if flags.contains(MountFlags::STRICT_ATIME) {
        Some(MountAttrFlags::MOUNT_ATTR_STRICTATIME)
    } else if flags.contains(MountFlags::NO_ATIME) {
        Some(MountAttrFlags::MOUNT_ATTR_NOATIME)
    } else {
        flags.contains(MountFlags::RELATIME).then_some(MountAttrFlags::MOUNT_ATTR_RELATIME)
    };
    let clear = match atime {
        Some(_) => MountAttrFlags::MOUNT_ATTR__ATIME,
        None => MountAttrFlags::empty(),
    };
    set |= atime.unwrap_or(MountAttrFlags::empty());
    MountAttributes { set, clear, ..MountAttributes::NONE }
}
