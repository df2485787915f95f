//! Which runs a policy is for.

/// The runs that a policy confines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Confined {
    /// Those that snap-confine starts: the first start of a snap, and a user's mounts. They make
    /// mounts with mount(2) and umount2(2), and what is granted for that the stock policy of snapd
    /// grants as well. snapd starts updates unconfined.
    #[default]
    FirstStarts,
    /// Updates as well: refreshes, and the end of all mounts.
    Updates(Backend),
}

/// How mounts are made by updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// With mount(2) and umount2(2) only.
    Classic,
    /// With open_tree(2) and move_mount(2) as well.
    Fd,
}
