//! `mount_setattr(2)`, from Linux 5.12 on.

use core::ffi::CStr;

use rustix::fd::BorrowedFd;
use rustix::io;
use rustix::mount::{MountAttrFlags, MountPropagationFlags};

/// What is to change. With nothing in it a call changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MountAttributes {
    /// Flags to be added.
    pub set: MountAttrFlags,
    /// Flags to be dropped, which is done first. To set one of the ways of access times is an error
    /// (`EINVAL`), unless all of them (`MOUNT_ATTR__ATIME`) are dropped.
    pub clear: MountAttrFlags,
    /// How mounts spread from now on: one kind of propagation, without `MS_REC`.
    pub propagation: MountPropagationFlags,
}

impl MountAttributes {
    /// Changes nothing.
    pub const NONE: Self = Self {
        set: MountAttrFlags::empty(),
        clear: MountAttrFlags::empty(),
        propagation: MountPropagationFlags::empty(),
    };
}

/// Which mounts are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// One mount.
    Mount,
    /// It, and all mounts below it: all of them change, or none does.
    Tree,
}

/// `mount_setattr(dir, path, flags, attributes)`: changes the mount whose root is at `path`, seen
/// from `dir`. With an empty path that is `dir` itself. A symbolic link at the end is not followed.
///
/// # Errors
///
/// The kernel's: `EINVAL` also when there is no root of a mount, `ENOSYS` before Linux 5.12 and on
/// architectures other than x86_64.
pub fn mount_setattr(
    dir: BorrowedFd<'_>,
    path: &CStr,
    reach: Reach,
    attributes: &MountAttributes,
) -> io::Result<()> {
    /// `struct mount_attr` of `linux/mount.h`.
    #[repr(C)]
    struct Raw {
        set: u64,
        clear: u64,
        propagation: u64,
        user_namespace: u64,
    }

    const AT_SYMLINK_NOFOLLOW: u32 = 0x100;
    const AT_NO_AUTOMOUNT: u32 = 0x800;
    const AT_EMPTY_PATH: u32 = 0x1000;
    const AT_RECURSIVE: u32 = 0x8000;

    let raw = Raw {
        set: attributes.set.bits().into(),
        clear: attributes.clear.bits().into(),
        propagation: attributes.propagation.bits().into(),
        user_namespace: 0,
    };
    let flags = AT_SYMLINK_NOFOLLOW
        | AT_NO_AUTOMOUNT
        | AT_EMPTY_PATH
        | match reach {
            Reach::Mount => 0,
            Reach::Tree => AT_RECURSIVE,
        };
    raw_call(dir, path, flags, &raw)
}

#[cfg(all(target_arch = "x86_64", target_pointer_width = "64", target_os = "linux"))]
use crate::x86_64::mount_setattr as raw_call;

/// Not written for this architecture.
#[cfg(not(all(target_arch = "x86_64", target_pointer_width = "64", target_os = "linux")))]
fn raw_call<T>(_: BorrowedFd<'_>, _: &CStr, _: u32, _: &T) -> io::Result<()> {
    Err(io::Errno::NOSYS)
}
