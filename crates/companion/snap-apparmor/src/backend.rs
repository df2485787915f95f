//! Which calls a policy is for.

/// How mounts are made by those runs that the policy confines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// With mount(2) and umount2(2), as a first start and a user's mounts are. What is granted for
    /// that the stock policy grants as well.
    #[default]
    Classic,
    /// With open_tree(2) and move_mount(2) as well, as an update by snapd is, and for joining the
    /// namespace. snapd starts updates unconfined; this is for one that is confined.
    Fd,
}
