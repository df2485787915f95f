//! The call on a real kernel, in a mount namespace of its own.
#![allow(clippy::unwrap_used, reason = "tests may expect")]

use std::fs;

use anyhow::Result;
use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::mount::{MountAttrFlags as Flags, MountPropagationFlags, OpenTreeFlags, open_tree};
use snap_ns_testbed::{mount_new, run_test_isolated};
use snap_syscalls::{MountAttributes, Reach, mount_setattr};

/// The options and optional fields of the mount at `path` (mountinfo(5)).
fn options(path: &str) -> Result<String> {
    let table = fs::read_to_string("/proc/self/mountinfo")?;
    let line = table.lines().rfind(|line| line.split(' ').nth(4) == Some(path)).unwrap();
    Ok(line.split(' ').skip(5).take_while(|field| *field != "-").collect::<Vec<_>>().join(" "))
}

/// A tmpfs at `/tmp` with another one in it.
fn two_mounts() -> Result<OwnedFd> {
    mount_new("tmpfs", "/tmp", "")?;
    fs::create_dir("/tmp/in")?;
    mount_new("tmpfs", "/tmp/in", "")?;
    Ok(open_tree(rustix::fs::CWD, "/tmp", OpenTreeFlags::OPEN_TREE_CLOEXEC).unwrap())
}

/// Adds `set`.
fn set(dir: BorrowedFd<'_>, reach: Reach, set: Flags) -> Result<(), Errno> {
    mount_setattr(dir, c"", reach, &MountAttributes { set, ..MountAttributes::NONE })
}

#[test]
fn it_reaches_one_mount_or_the_tree() -> Result<()> {
    run_test_isolated("it_reaches_one_mount_or_the_tree", || {
        let top = two_mounts()?;
        set(top.as_fd(), Reach::Mount, Flags::MOUNT_ATTR_NOSUID).unwrap();
        assert_eq!(options("/tmp")?, "rw,nosuid,relatime");
        assert_eq!(options("/tmp/in")?, "rw,relatime");
        set(top.as_fd(), Reach::Tree, Flags::MOUNT_ATTR_RDONLY).unwrap();
        assert_eq!(options("/tmp")?, "ro,nosuid,relatime");
        assert_eq!(options("/tmp/in")?, "ro,relatime");
        Ok(())
    })
}

#[test]
fn it_drops_flags_and_changes_propagation() -> Result<()> {
    run_test_isolated("it_drops_flags_and_changes_propagation", || {
        let top = two_mounts()?;
        set(top.as_fd(), Reach::Mount, Flags::MOUNT_ATTR_NODEV).unwrap();
        let change = MountAttributes {
            set: Flags::MOUNT_ATTR_NOATIME,
            clear: Flags::MOUNT_ATTR__ATIME | Flags::MOUNT_ATTR_NODEV,
            propagation: MountPropagationFlags::UNBINDABLE,
        };
        mount_setattr(top.as_fd(), c"in", Reach::Mount, &change).unwrap();
        assert_eq!(options("/tmp")?, "rw,nodev,relatime");
        assert_eq!(options("/tmp/in")?, "rw,noatime unbindable");
        mount_setattr(top.as_fd(), c"", Reach::Mount, &change).unwrap();
        assert_eq!(options("/tmp")?, "rw,noatime unbindable");
        Ok(())
    })
}

#[test]
fn it_tells_the_errors_of_the_kernel() -> Result<()> {
    run_test_isolated("it_tells_the_errors_of_the_kernel", || {
        let top = two_mounts()?;
        let refused = |path| {
            mount_setattr(
                top.as_fd(),
                path,
                Reach::Mount,
                &MountAttributes { set: Flags::MOUNT_ATTR_NOEXEC, ..MountAttributes::NONE },
            )
        };
        fs::create_dir("/tmp/plain")?;
        std::os::unix::fs::symlink("in", "/tmp/link")?;
        for (path, errno) in
            [(c"missing", Errno::NOENT), (c"plain", Errno::INVAL), (c"link", Errno::INVAL)]
        {
            assert_eq!(refused(path), Err(errno), "{path:?}");
        }
        // One way of access times without dropping the others.
        assert_eq!(set(top.as_fd(), Reach::Mount, Flags::MOUNT_ATTR_NOATIME), Err(Errno::INVAL));
        assert_eq!(options("/tmp/in")?, "rw,relatime");
        Ok(())
    })
}
