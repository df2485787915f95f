//! What helps: the end of the line about an entry that cannot be had, where something does.

use rustix::io::Errno;
use snap_mount_options::Origin;
use snap_ns_plan::{Fault, NodeKind, Role, What};

/// What somebody can do who reads that an entry of `origin` met `fault`; empty when nobody knows.
pub(crate) fn help(fault: Fault, origin: Origin) -> &'static str {
    let role = fault.place.role;
    match fault.what {
        What::Failed(_, errno) => help_with_errno(errno),
        What::OldLink(_) => "; move it away, or use another path",
        What::Found(NodeKind::Symlink) => "; use the path that it leads to",
        What::Found(_) if role == Role::MountPoint => "; move it away, or use another path",
        What::Missing => match (role, origin) {
            (Role::Source, Origin::Layout) => "; the snap has to ship it, or to make it",
            (Role::Source, Origin::Content) => "; the snap or system that offers it has to have it",
            (_, _) => "",
        },
        What::WouldShowOnHost | What::MimicOfRoot => "; use a path in a directory of the base snap",
        What::WillFind(_) => "; use another path for one of them",
        What::CommaInId => "; use a path without one",
        What::Found(_)
        | What::ReadOnly
        | What::Claimed(_)
        | What::Mapped(_)
        | What::Replaces(_)
        | What::CutTarget
        | What::NotOurs(_)
        | What::NotBelow
        | What::Replaced
        | What::RecursiveReadOnly
        | What::Full(_) => "",
    }
}

fn help_with_errno(errno: i32) -> &'static str {
    match Errno::from_raw_os_error(errno) {
        // A document portal that crashed, for one.
        Errno::NOTCONN => "; what serves this file system has ended: unmount it, or start it again",
        Errno::STALE | Errno::HOSTDOWN | Errno::TIMEDOUT => "; mount this file system again",
        Errno::UCLEAN => "; check this file system (fsck)",
        Errno::NOKEY => "; unlock this directory first",
        Errno::NOSPC | Errno::DQUOT => "; make room",
        _ => "",
    }
}
