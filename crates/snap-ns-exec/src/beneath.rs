//! The tree beneath the mounts of a profile.
//!
//! What lies under a mount that is going to be undone cannot be seen by path. A copy of the
//! namespace can show it (mount_namespaces(7)): the mounts are undone there, and nowhere else.
//! Nothing is created or removed in a file system for that.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, mkdirat, openat, statat};
use rustix::io::{self, Errno};
use rustix::mount::{MountAttrFlags, mount_change};
use snap_mount_options::{Depth, Kind, Propagation, PropagationKind};
use snap_ns_plan::{Call, Fault, FsKind, FsView as _, Outcome, Plan, Role, Skip, What};
use snap_path::{Text, file_name, parent};
use snap_profile::{Item, Shape};
use snap_syscalls::{attach, move_away, new_tmpfs};

use crate::backend::{Stop, stopped};
use crate::copy::own_namespace;
use crate::fault::failed;
use crate::kernel::{CreatesFor, Kernel};
use crate::remembered::Side;
use crate::settle::{MountAt, mount_in};
use crate::tree::change_propagation;
use crate::unmount::{PRIVATE_TREE, is_absent};
use crate::walk::{PATH, PATH_DIR, is_same, open_child};

/// How many mounts are put away in one place: the kernel goes through all that are mounted on each
/// other there whenever another one comes.
const STACK_MAX: u32 = 32;

/// Where mounts are put away in the copy: in a tmpfs on the root of its root mount. Whoever walks from
/// the root directory walks beneath it.
struct Attic {
    tmpfs: OwnedFd,
    /// A directory in there for the next mounts, and a file for what is mounted on files.
    place: Option<(OwnedFd, OwnedFd)>,
    /// How many were put away.
    count: u32,
}

/// Why nobody can look beneath the mounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BeneathError {
    /// The entry of the current profile whose mount cannot be undone in the copy; none when there is
    /// no copy.
    pub entry: Option<u16>,
    /// The kernel's error number.
    pub errno: i32,
}

impl From<Errno> for BeneathError {
    fn from(errno: Errno) -> Self {
        Self { entry: None, errno: errno.raw_os_error() }
    }
}

impl Kernel {
    /// Looks at the tree as it would be if everything in the current profile of `plan` were undone,
    /// the last entry first; the plan is told what turned out not to be mounted. This thread stays
    /// in its namespace; it needs `CAP_SYS_ADMIN` and `CAP_SYS_CHROOT` (setns(2)).
    ///
    /// # Errors
    ///
    /// The namespace cannot be copied, or a mount cannot be undone in the copy.
    pub fn beneath(&mut self, plan: &mut Plan<'_>) -> Result<Self, BeneathError> {
        let view = self.in_copy(|kernel| kernel.undo_all(plan))??;
        (self.backend, self.fallback) = (view.backend, view.fallback);
        Ok(view)
    }

    /// Whether everything that the current profile of `plan` records is mounted, and every link is
    /// there, as far as that can be seen. When it is not, in a namespace that is new, it is a record
    /// of an older one: snap-confine mounts things of its own, so a mount alone says nothing. (The
    /// children of a mimic are not looked at: they stand and fall with it.)
    #[must_use]
    pub fn all_stands(&mut self, plan: &Plan<'_>) -> bool {
        let look = |item: &&Item<'_>| !item.is_mimic_child();
        (0..plan.recorded()).all(|place| match plan.current(place).filter(look) {
            Some(item) if item.shape == Shape::Symlink => self.link_stands(item),
            Some(item) => plan.recorded_mount(place).is_none_or(|path| match self.mount_at(path) {
                // Where nobody knows it has to be looked at beneath.
                Ok(MountAt::Id(_) | MountAt::Unknown) => {
                    plan.is_hidden(place) || self.shows(path, item) == Ok(true)
                }
                Ok(MountAt::None) => false,
                Err(errno) => !is_absent(errno),
            }),
            None => true,
        })
    }

    /// Whether what is at `path` is what `item` mounts there.
    fn shows(&mut self, path: &[u8], item: &Item<'_>) -> io::Result<bool> {
        match item.shown().0 {
            Some(source) => {
                is_same(self.open(source, PATH)?.as_fd(), self.open(path, PATH)?.as_fd())
            }
            None if item.is_tmpfs() => Ok(self.ground(path).is_ok_and(|at| at.fs == FsKind::Tmpfs)),
            None => Ok(true),
        }
    }

    fn link_stands(&mut self, item: &Item<'_>) -> bool {
        let Kind::Symlink(target) = item.options().kind else { return false };
        self.leads_to(item.entry.mount_point, target) == Ok(true)
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

    fn undo_all(&self, plan: &mut Plan<'_>) -> Result<Self, BeneathError> {
        let mut copy = Self::with_resolver(CreatesFor::Root, self.backend, self.resolver)?;
        copy.namespace = Some(own_namespace()?);
        copy.make_private().map_err(errno_of)?;
        let mut attic = None;
        for place in (0..plan.recorded()).rev() {
            let Some(mount_point) = plan.recorded_mount(place) else { continue };
            // A child of a mimic goes with the tmpfs, which comes later.
            if plan.is_child(place) && copy.is_on_mount(mount_point) {
                continue;
            }
            let undone = copy.by_backend(
                |copy| copy.put_away(mount_point, &mut attic),
                |copy| copy.unmount(mount_point),
            );
            let failed = |errno| BeneathError { entry: Some(place), ..BeneathError::from(errno) };
            match undone.map_err(|fault| failed(errno_of(fault)))? {
                Outcome::Skipped(_) => plan.note_not_mounted(place),
                Outcome::Done | Outcome::DoneWithout { .. } => {}
                Outcome::Failed(fault) => return Err(failed(errno_of(fault))),
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

    /// Whether `path` is a mount in a directory that is one: it goes when that goes.
    fn is_on_mount(&mut self, path: &[u8]) -> bool {
        let Some(above) = parent(path) else { return false };
        let Ok(dir) = self.parent_dir(Side::Target, above) else { return false };
        let is_mount = |name| matches!(mount_in(dir, name), Ok(MountAt::Id(_)));
        is_mount(b"") && is_mount(file_name(path))
    }

    /// Moves the mount at `path` away, with all below it. To unmount it would take far longer: the
    /// kernel waits until nobody walks through what was unmounted.
    fn put_away(&mut self, path: &[u8], attic: &mut Option<Attic>) -> Result<Outcome, Stop> {
        let role = Role::MountPoint;
        let name = file_name(path);
        let above = parent(path).ok_or(Fault::new(What::MimicOfRoot, role))?;
        let no_room = stopped(Call::Mount, Role::Nothing);
        let attic = match attic {
            Some(attic) => attic,
            none => none.insert(Attic::new(self.root.as_fd()).map_err(&no_room)?),
        };
        let (attic_dir, attic_file) = attic.place().map_err(no_room)?;
        let dir = match self.parent_dir(Side::Target, above) {
            Err(errno) if is_absent(errno) => return Ok(Outcome::Skipped(Skip::NotThere)),
            dir => dir.map_err(failed(Call::Open, role))?,
        };
        let to = |place: &OwnedFd| move_away(dir, name, place.as_fd());
        let moved = match to(attic_dir) {
            // It is no mount point, or what is mounted there is no directory.
            Err(Errno::INVAL) => {
                let stat = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW);
                let stat = stat.map_err(failed(Call::Stat, role))?;
                if FileType::from_raw_mode(stat.st_mode).is_dir() {
                    return Ok(Outcome::Skipped(Skip::NotThere));
                }
                to(attic_file)
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
    fn new(root: BorrowedFd<'_>) -> io::Result<Self> {
        let tmpfs = new_tmpfs(b"none", b"", MountAttrFlags::empty())?;
        attach(tmpfs.as_fd(), root, b"")?;
        Ok(Self { tmpfs, place: None, count: 0 })
    }

    /// Where one mount more is put away.
    fn place(&mut self) -> io::Result<&(OwnedFd, OwnedFd)> {
        if self.count.is_multiple_of(STACK_MAX) {
            let mut name = Text::<16>::new();
            // A number of 32 bits fits.
            let _ = name.push_fmt(format_args!("{}", self.count));
            mkdirat(&self.tmpfs, name.as_c_str(), Mode::RWXU)?;
            let dir = open_child(self.tmpfs.as_fd(), name.as_bytes(), PATH_DIR)?;
            let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
            let file = openat(&dir, c"file", flags, Mode::RUSR)?;
            self.place = Some((dir, file));
        }
        self.count = self.count.saturating_add(1);
        self.place.as_ref().ok_or(Errno::BADF)
    }
}

fn errno_of(fault: Fault) -> Errno {
    let What::Failed(_, errno) = fault.what else { return Errno::BUSY };
    Errno::from_raw_os_error(errno)
}
