//! Which calls make mounts.
//!
//! Two back ends do the same work. The *classic* one has mount(2) and umount2(2), in the forms that
//! the stock AppArmor policy grants. The *fd* one prepares a tree where nobody sees it and attaches
//! it to a descriptor in one call. What is wanted is chosen once; a kernel or a policy without the
//! newer calls is found out when the first of them is made, and everything is classic from then on.

use rustix::io::Errno;
use snap_ns_plan::{Call, Fault, Role};

use crate::fault::failed;

/// How mounts are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// With mount(2) and umount2(2), on any kernel and under the stock AppArmor policy.
    Classic,
    /// With open_tree(2), mount_setattr(2) and move_mount(2), from Linux 5.12 on.
    Fd,
}

/// Why the classic back end is in force although the other one was wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// The kernel does not have the calls.
    Missing,
    /// It has them, but they were refused where the classic ones were not: by a policy.
    Denied,
}

/// Why something was not done with the newer calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It may be possible with the classic ones. Nothing was changed.
    Refused(Errno),
    /// It cannot be done.
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// A newer call, which does the work of the classic `call`, failed for the path `role`.
pub(crate) fn stopped(call: Call, role: Role) -> impl Fn(Errno) -> Stop {
    move |errno| match errno {
        Errno::NOSYS | Errno::PERM | Errno::ACCESS => Stop::Refused(errno),
        _ => Stop::Fault(failed(call, role)(errno)),
    }
}
