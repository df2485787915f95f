//! From the kernel's answers to faults.

use rustix::io::Errno;
use snap_ns_plan::{Call, Fault, Role, What};

/// `call` failed for the path `role`.
pub(crate) fn failed(call: Call, role: Role) -> impl Fn(Errno) -> Fault {
    move |errno| Fault::new(What::Failed(call, errno.raw_os_error()), role)
}
