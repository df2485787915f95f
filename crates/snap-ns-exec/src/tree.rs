//! Mount options in the words of the newer calls.

use rustix::fd::BorrowedFd;
use rustix::io;
use rustix::mount::{MountAttrFlags, MountPropagationFlags};
use snap_mount_options::{Depth, MountFlags, Propagation, PropagationKind};
use snap_syscalls::{MountAttributes, Reach, mount_setattr};

/// Gives a copy that was just made the `flags` that are a mount's own, besides those that it has.
pub(crate) fn add_flags(tree: BorrowedFd<'_>, depth: Depth, flags: MountFlags) -> io::Result<()> {
    if flags.intersects(MountFlags::PER_MOUNT) {
        mount_setattr(tree, c"", reach(depth), &attributes(flags))?;
    }
    Ok(())
}

/// Changes how mounts spread. What a tree is attached to may make it shared, so this comes after.
pub(crate) fn change_propagation(tree: BorrowedFd<'_>, change: Propagation) -> io::Result<()> {
    let propagation = propagation_flag(change.kind);
    let change_only = MountAttributes { propagation, ..MountAttributes::NONE };
    mount_setattr(tree, c"", reach(change.depth), &change_only)
}

pub(crate) fn propagation_flag(kind: PropagationKind) -> MountPropagationFlags {
    match kind {
        PropagationKind::Shared => MountPropagationFlags::SHARED,
        PropagationKind::Slave => MountPropagationFlags::DOWNSTREAM,
        PropagationKind::Private => MountPropagationFlags::PRIVATE,
        PropagationKind::Unbindable => MountPropagationFlags::UNBINDABLE,
    }
}

pub(crate) fn reach(depth: Depth) -> Reach {
    match depth {
        Depth::Single => Reach::Mount,
        Depth::Recursive => Reach::Tree,
    }
}

/// The flags of mount(2) that are a mount's own.
pub(crate) fn attributes(flags: MountFlags) -> MountAttributes {
    // These four have the same numbers.
    let same =
        MountFlags::READ_ONLY | MountFlags::NO_SUID | MountFlags::NO_DEV | MountFlags::NO_EXEC;
    let mut set = MountAttrFlags::from_bits_retain((flags & same).bits());
    set.set(MountAttrFlags::MOUNT_ATTR_NODIRATIME, flags.contains(MountFlags::NO_DIR_ATIME));
    // Of several ways of access times this is the order in which mount(2) takes them.
    if flags.contains(MountFlags::STRICT_ATIME) {
        set |= MountAttrFlags::MOUNT_ATTR_STRICTATIME;
    } else if flags.contains(MountFlags::NO_ATIME) {
        set |= MountAttrFlags::MOUNT_ATTR_NOATIME;
    }
    let atime = MountFlags::STRICT_ATIME | MountFlags::NO_ATIME | MountFlags::RELATIME;
    let mut clear = MountAttrFlags::empty();
    clear.set(MountAttrFlags::MOUNT_ATTR__ATIME, flags.intersects(atime));
    MountAttributes { set, clear, ..MountAttributes::NONE }
}
