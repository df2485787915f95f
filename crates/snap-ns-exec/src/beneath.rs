//! The tree beneath the mounts of a profile.
//!
//! What lies under a mount that is going to be undone cannot be seen by path. A copy of the
//! namespace can show it (mount_namespaces(7)): the mounts are undone there, and nowhere else.
//! Nothing is created or removed in a file system for that.

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, statat};
use rustix::io::{self, Errno};
use rustix::mount::{MountAttrFlags, mount_change};
use snap_mount_options::{Depth, Propagation, PropagationKind};
use snap_ns_plan::{Call, Fault, FsKind, FsView as _, Outcome, Plan, Role, Skip, What};
use snap_path::{file_name, parent};
use snap_profile::Item;
use snap_syscalls::{attach, move_away, new_tmpfs};

use crate::backend::{Stop, stopped};
use crate::copy::own_namespace;
use crate::fault::failed;
use crate::kernel::{CreatesFor, Kernel};
use crate::parents::Side;
use crate::settle::MountAt;
use crate::tree::change_propagation;
use crate::unmount::{PRIVATE_TREE, is_absent};
use crate::walk::PATH_DIR;

/// Where mounts are put away in the copy: on the root of its root mount. Whoever walks from the root
/// directory walks beneath them.
struct Attic {
    dir: OwnedFd,
    /// A file in there, for what is mounted on files.
    file: Option<OwnedFd>,
}

impl Kernel {
    /// Looks at the tree as it would be if everything in the current profile of `plan` were undone,
    /// the last entry first; the plan is told what turned out not to be mounted. This thread stays
    /// in its namespace; it needs `CAP_SYS_ADMIN` and `CAP_SYS_CHROOT` (setns(2)).
    ///
    /// # Errors
    ///
    /// The namespace cannot be copied, or a mount cannot be undone in the copy.
    pub fn beneath(&mut self, plan: &mut Plan<'_>) -> io::Result<Self> {
        let view = self.in_copy(|kernel| kernel.undo_all(plan))??;
        (self.backend, self.fallback) = (view.backend, view.fallback);
        Ok(view)
    }

    /// Whether everything that the current profile of `plan` records is mounted, as far as that can
    /// be seen. When nothing is, in a namespace that is new, it is a record of an older one. (The
    /// children of a mimic are not looked at: they stand and fall with it.)
    #[must_use]
    pub fn all_mounted(&mut self, plan: &Plan<'_>) -> bool {
        let child = |item: &Item<'_>| item.is_synthetic() && !item.is_tmpfs();
        (0..plan.recorded())
            .filter(|&place| !plan.current(place).is_some_and(child))
            .filter_map(|place| plan.recorded_mount(place))
            // Where nobody knows it has to be looked at beneath.
            .all(|path| match self.mount_at(path) {
                Ok(MountAt::Id(_) | MountAt::Unknown) => true,
                Ok(MountAt::None) => false,
                Err(errno) => !is_absent(errno),
            })
    }

    /// Tells `plan` which tmpfs, mimics above all, are recorded and gone: what is at their place is
    /// none, but for one a directory of the host's, and not ours to undo. (A run of the original that
    /// fails leaves such a record.)
    pub fn note_gone_tmpfs(&mut self, plan: &mut Plan<'_>) {
        for place in 0..plan.recorded() {
            let Some(path) = plan.recorded_tmpfs(place) else { continue };
            if self.ground(path).is_ok_and(|ground| ground.fs == FsKind::Other) {
                plan.note_not_mounted(place);
            }
        }
    }

    fn undo_all(&self, plan: &mut Plan<'_>) -> io::Result<Self> {
        let mut copy = Self::with_resolver(CreatesFor::Root, self.backend, self.resolver)?;
        copy.namespace = Some(own_namespace()?);
        copy.make_private().map_err(errno_of)?;
        let mut attic = Attic { dir: copy.open(b"/", PATH_DIR)?, file: None };
        for place in (0..plan.recorded()).rev() {
            let Some(mount_point) = plan.recorded_mount(place) else { continue };
            let undone = copy.by_backend(
                |copy| copy.put_away(mount_point, &mut attic),
                |copy| copy.unmount(mount_point),
            );
            match undone.map_err(errno_of)? {
                Outcome::Skipped(_) => plan.note_not_mounted(place),
                Outcome::Done => {}
                Outcome::Obstacle { .. } | Outcome::Failed(_) => return Err(Errno::BUSY),
            }
        }
        Ok(copy)
    }

    /// Makes all mounts of the copy private: or what is undone would be undone wherever it
    /// propagates to.
    fn make_private(&mut self) -> Result<(), Fault> {
        let (call, role) = (Call::ChangePropagation, Role::Nothing);
        let private = Propagation { kind: PropagationKind::Private, depth: Depth::Recursive };
        self.by_backend(
            |copy| change_propagation(copy.root.as_fd(), private).map_err(stopped(call, role)),
            |_| mount_change(c"/", PRIVATE_TREE).map_err(failed(call, role)),
        )
    }

    /// Moves the mount at `path` away, with all below it. To unmount it would take far longer: the
    /// kernel waits until nobody walks through what was unmounted.
    fn put_away(&mut self, path: &[u8], attic: &mut Attic) -> Result<Outcome, Stop> {
        let role = Role::MountPoint;
        let name = file_name(path);
        let above = parent(path).ok_or(Fault::new(What::MimicOfRoot, role))?;
        let dir = match self.parent_dir(Side::Target, above) {
            Err(errno) if is_absent(errno) => return Ok(Outcome::Skipped(Skip::NotThere)),
            dir => dir.map_err(failed(Call::Open, role))?,
        };
        let to = |place: &OwnedFd| move_away(dir, name, place.as_fd());
        let moved = match to(&attic.dir) {
            // It is no mount point, or what is mounted there is no directory.
            Err(Errno::INVAL) => {
                let stat = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW);
                let stat = stat.map_err(failed(Call::Stat, role))?;
                if FileType::from_raw_mode(stat.st_mode).is_dir() {
                    return Ok(Outcome::Skipped(Skip::NotThere));
                }
                to(attic.file().map_err(stopped(Call::Mount, Role::Nothing))?)
            }
            moved => moved,
        };
        self.parents.forget_at(path);
        match moved {
            Ok(()) => Ok(Outcome::Done),
            Err(Errno::INVAL) => Ok(Outcome::Skipped(Skip::NotThere)),
            // Nothing is there, or it shows what was deleted, and cannot be moved: the kernel wants to
            // be able to put another mount beneath it.
            Err(errno) if is_absent(errno) => self.unmount(path).map_err(Stop::Fault),
            Err(errno) => Err(stopped(Call::Unmount, role)(errno)),
        }
    }
}

impl Attic {
    fn file(&mut self) -> io::Result<&OwnedFd> {
        match &mut self.file {
            Some(file) => Ok(file),
            none => {
                let tmpfs = new_tmpfs(b"none", b"", MountAttrFlags::empty())?;
                attach(tmpfs.as_fd(), self.dir.as_fd(), b"")?;
                let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
                Ok(none.insert(openat(tmpfs, c"file", flags, Mode::RUSR)?))
            }
        }
    }
}

fn errno_of(fault: Fault) -> Errno {
    let What::Failed(_, errno) = fault.what else { return Errno::BUSY };
    Errno::from_raw_os_error(errno)
}
