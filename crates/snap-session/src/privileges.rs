//! Who this process is, and what it may do.

use rustix::io;
use rustix::process::{getgid, getuid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set, set_capabilities,
    set_keep_capabilities, set_thread_res_gid, set_thread_res_uid,
};

use crate::error::{SessionError, Subject, Task, failed};

/// The capabilities that snap-confine gives to a caller who is not root (capabilities(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// `CAP_SYS_ADMIN`: to mount.
    SysAdmin,
    /// `CAP_CHOWN`: to give what is created to root.
    Chown,
    /// `CAP_DAC_OVERRIDE`: to create in directories of root.
    DacOverride,
}

impl Capability {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SysAdmin => "CAP_SYS_ADMIN",
            Self::Chown => "CAP_CHOWN",
            Self::DacOverride => "CAP_DAC_OVERRIDE",
        }
    }

    fn bit(self) -> CapabilitySet {
        match self {
            Self::SysAdmin => CapabilitySet::SYS_ADMIN,
            Self::Chown => CapabilitySet::CHOWN,
            Self::DacOverride => CapabilitySet::DAC_OVERRIDE,
        }
    }
}

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
    for capability in [Capability::SysAdmin, Capability::Chown, Capability::DacOverride] {
        if !sets.effective.contains(capability.bit()) {
            return Err(SessionError::MissingCapability(capability));
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
