//! What is mounted.

use snap_mount_options::MountFlags;

use crate::inode::InodeId;

/// A mount of the machine. It is never used again for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MountId(pub(crate) u32);

/// A set of mounts that are peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupId(pub(crate) u32);

/// A namespace of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NamespaceId(pub(crate) u32);

/// What a path leads to: an inode, seen through a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    pub(crate) mount: MountId,
    pub(crate) inode: InodeId,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Mount {
    /// Where it stands; none for the root of a namespace, and before it is attached.
    pub(crate) on: Option<Spot>,
    /// What it shows.
    pub(crate) root: InodeId,
    /// Those of mountinfo(5)'s sixth field.
    pub(crate) flags: MountFlags,
    /// None until it is attached.
    pub(crate) namespace: Option<NamespaceId>,
    /// The group it is in, if it is shared.
    pub(crate) peers: Option<GroupId>,
    /// The group it gets mounts from, if it is a slave.
    pub(crate) master: Option<GroupId>,
    pub(crate) bindable: Bindable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bindable {
    Yes,
    No,
}

/// The flags that a mount has when mount(2) is called with `asked`: relatime is the default.
pub(crate) fn flags_for(asked: MountFlags) -> MountFlags {
    let kept = MountFlags::READ_ONLY
        | MountFlags::NO_SUID
        | MountFlags::NO_DEV
        | MountFlags::NO_EXEC
        | MountFlags::NO_ATIME
        | MountFlags::NO_DIR_ATIME;
    let mut flags = asked & kept;
    if !asked.contains(MountFlags::NO_ATIME) {
        flags |= MountFlags::RELATIME;
    }
    if asked.contains(MountFlags::STRICT_ATIME) {
        flags.remove(MountFlags::RELATIME | MountFlags::NO_ATIME);
    }
    flags
}
