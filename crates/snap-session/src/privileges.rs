//! Who this process is, and what it may do.

use rustix::io;
use rustix::process::{getgid, getuid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set, set_capabilities,
    set_keep_capabilities, set_thread_res_gid, set_thread_res_uid,
};

use crate::error::{SessionError, Subject, Task, failed};

/// The capabilities that snap-confine gives to a caller who is not root, with their names
/// (capabilities(7)): to mount, to give what is created to root, and to create in directories of
/// root.
const NEEDED: [(CapabilitySet, &str); 3] = [
    (CapabilitySet::SYS_ADMIN, "CAP_SYS_ADMIN"),
    (CapabilitySet::CHOWN, "CAP_CHOWN"),
    (CapabilitySet::DAC_OVERRIDE, "CAP_DAC_OVERRIDE"),
];

/// Makes sure that a caller who is not root has the three capabilities.
///
/// # Errors
///
/// The first one that is missing.
pub fn check_capabilities() -> Result<(), SessionError> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let sets = capabilities(None).map_err(failed(Task::Read, Subject::Privileges))?;
    for (capability, name) in NEEDED {
        if !sets.effective.contains(capability) {
            return Err(SessionError::MissingCapability(name));
        }
    }
    Ok(())
}

/// Becomes the real user, for good, and keeps `CAP_SYS_ADMIN` alone. Returns the user.
///
/// A setuid snap-confine calls with the effective user root; the supplementary groups are the
/// calling user's already.
///
/// # Errors
///
/// The kernel refuses: then nothing may be done.
pub fn become_user() -> Result<u32, SessionError> {
    let (uid, gid) = (getuid(), getgid());
    let drop = || -> io::Result<()> {
        set_keep_capabilities(true)?;
        set_thread_res_gid(gid, gid, gid)?;
        set_thread_res_uid(uid, uid, uid)?;
        set_keep_capabilities(false)?;
        clear_ambient_capability_set()?;
        let only = CapabilitySet::SYS_ADMIN;
        let sets = CapabilitySets {
            effective: only,
            permitted: only,
            inheritable: CapabilitySet::empty(),
        };
        set_capabilities(None, sets)
    };
    drop().map_err(failed(Task::Drop, Subject::Privileges))?;
    Ok(uid.as_raw())
}
