//! Mimics that are built where nobody sees them, and appear with all their children at once.
//!
//! A tmpfs that is not attached anywhere is filled and then attached. Linux 6.14 and older cannot
//! attach anything to what is not attached itself: there it is filled in a throw-away copy of the
//! namespace.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, read};
use rustix::mount::MountAttrFlags;
use snap_mount_options::{Depth, Propagation, PropagationKind};
use snap_ns_plan::{Call, Fault, Mimic, NodeKind, ObjectKind, Role, What};
use snap_syscalls::{Reach, attach, clone_tree, new_tmpfs};

use crate::backend::{Stop, stopped};
use crate::child::{Missed, check_is_file};
use crate::fault::failed;
use crate::kernel::{CreatesFor, Kernel, Staging};
use crate::mimic::{CHILD_ATTRIBUTES, tmpfs_data};
use crate::tree::change_propagation;
use crate::walk::{PATH_DIR, is_same};

impl Kernel {
    /// Fills mimics in a copy of the namespace from now on, as kernels that cannot do better need
    /// it: tests run on both.
    pub fn stage_in_copies(&mut self) {
        self.staging = Staging::Copy;
    }

    /// Makes all of `mimic`, or nothing of it.
    pub(crate) fn mimic_unseen(&mut self, mimic: &Mimic<'_>) -> Result<Missed, Stop> {
        let role = Role::Mimic;
        let dir = self.open(mimic.dir, PATH_DIR).map_err(failed(Call::Open, role))?;
        let (tree, missed) = self.stage(mimic, dir.as_fd())?;
        attach(tree.as_fd(), dir.as_fd(), b"").map_err(stopped(Call::Bind, role))?;
        Ok(missed)
    }

    fn stage(&mut self, mimic: &Mimic<'_>, dir: BorrowedFd<'_>) -> Result<(OwnedFd, Missed), Stop> {
        if self.staging == Staging::Detached && !is_confined() {
            let tmpfs = new_tmpfs_of(mimic)?;
            match self.fill(mimic, dir, tmpfs.as_fd()) {
                Err(Stop::Fault(fault)) if is_invalid(fault) => self.staging = Staging::Copy,
                filled => return filled.map(|missed| (tmpfs, missed)),
            }
        }
        self.in_copy(|kernel| kernel.stage_in_copy(mimic, dir))
            .map_err(stopped(Call::CopyNamespace, Role::Mimic))?
    }

    /// Nothing spreads from there. It is filled at the place that it is for, where a policy knows it.
    fn stage_in_copy(
        &self,
        mimic: &Mimic<'_>,
        dir: BorrowedFd<'_>,
    ) -> Result<(OwnedFd, Missed), Stop> {
        let role = Role::Mimic;
        let open = failed(Call::Open, role);
        let mut copy =
            Self::with_resolver(CreatesFor::Root, self.backend, self.resolver).map_err(&open)?;
        copy.staging = Staging::Copy;
        let slave = Propagation { kind: PropagationKind::Slave, depth: Depth::Recursive };
        change_propagation(copy.root.as_fd(), slave)
            .map_err(stopped(Call::ChangePropagation, role))?;
        // It is walked here as well, and must be the same.
        let same = copy.open(mimic.dir, PATH_DIR).map_err(&open)?;
        if !is_same(dir, same.as_fd()).map_err(failed(Call::Stat, role))? {
            return Err(Fault::new(What::Replaced, role).into());
        }
        let tmpfs = new_tmpfs_of(mimic)?;
        attach(tmpfs.as_fd(), same.as_fd(), b"").map_err(stopped(Call::Bind, role))?;
        let missed = copy.fill(mimic, same.as_fd(), tmpfs.as_fd())?;
        let tree = clone_tree(tmpfs.as_fd(), b"", Reach::Tree).map_err(stopped(Call::Bind, role));
        tree.map(|tree| (tree, missed))
    }

    /// Shows in `tmpfs` what is in `dir`. Whatever a name stands for now, no link is followed.
    fn fill(
        &self,
        mimic: &Mimic<'_>,
        dir: BorrowedFd<'_>,
        tmpfs: BorrowedFd<'_>,
    ) -> Result<Missed, Stop> {
        let mut missed = Missed::default();
        for (number, child) in (mimic.first_child..).zip(mimic.children) {
            let role = Role::Child(number);
            let name = mimic.name(child);
            let shown = match self.show(child.kind, name, (dir, tmpfs), role) {
                Err(stop @ Stop::Refused(_)) => return Err(stop),
                // It may be that nothing can be attached to what is attached nowhere.
                Err(Stop::Fault(fault))
                    if self.staging == Staging::Detached && is_invalid(fault) =>
                {
                    return Err(fault.into());
                }
                Err(Stop::Fault(fault)) => Err(fault),
                Ok(()) => Ok(()),
            };
            missed.take(shown, child.kind, (tmpfs, name))?;
        }
        Ok(missed)
    }

    fn show(
        &self,
        kind: NodeKind,
        name: &[u8],
        (dir, tmpfs): (BorrowedFd<'_>, BorrowedFd<'_>),
        role: Role,
    ) -> Result<(), Stop> {
        let bind = stopped(Call::Bind, role);
        if kind == NodeKind::Symlink {
            return Ok(self.restore_link(name, dir, tmpfs, role)?);
        }
        let tree = clone_tree(dir, name, Reach::Tree).map_err(&bind)?;
        if kind == NodeKind::Directory {
            // The kernel attaches nothing else to a directory.
            self.make_child_dir(name, tmpfs, role)?;
        } else {
            check_is_file(tree.as_fd(), role)?;
            self.make_object(tmpfs, name, ObjectKind::File, CHILD_ATTRIBUTES, role)?;
        }
        attach(tree.as_fd(), tmpfs, name).map_err(bind)
    }
}

fn is_invalid(fault: Fault) -> bool {
    matches!(fault.what, What::Failed(Call::Bind, errno) if errno == Errno::INVAL.raw_os_error())
}

/// Whether a policy confines this process (proc_pid_attr(5)): it could not name what is attached
/// nowhere.
fn is_confined() -> bool {
    let mut label = [0; 11];
    let label = open(c"/proc/self/attr/current", OFlags::CLOEXEC, Mode::empty())
        .and_then(|file| read(file, &mut label).map(|_| label));
    label.map_or_else(|errno| errno == Errno::ACCESS, |label| label != *b"unconfined\n")
}

fn new_tmpfs_of(mimic: &Mimic<'_>) -> Result<OwnedFd, Stop> {
    new_tmpfs(b"tmpfs", tmpfs_data(mimic).as_bytes(), MountAttrFlags::empty())
        .map_err(stopped(Call::Mount, Role::Mimic))
}
