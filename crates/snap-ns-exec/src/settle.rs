//! After a run that was interrupted: which of its mounts stand, and taking them away.

use rustix::fd::{AsFd as _, BorrowedFd};
use rustix::fs::{AtFlags, StatxAttributes, StatxFlags, fstat, statx};
use rustix::io;
use snap_mount_options::Unfinished;
use snap_ns_plan::{Call, Failure, Header, Op, Phase, Plan, Role};
use snap_path::{file_name, parent};
use snap_profile::Item;

use crate::fault::failed;
use crate::kernel::Kernel;
use crate::remembered::Side;
use crate::unmount::is_absent;
use crate::walk::PATH;

/// Asks for IDs that are never used again (Linux 6.8 and later; others tell the usual ones).
const STATX_MNT_ID_UNIQUE: StatxFlags = StatxFlags::from_bits_retain(0x4000);

/// What statx(2) tells of the mounts at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MountAt {
    /// Something is mounted there; the uppermost mount has this ID.
    Id(u64),
    /// Nothing is.
    None,
    /// Linux 5.7 and older do not know.
    Unknown,
}

impl Kernel {
    /// The ID of the root mount of this namespace; 0 before Linux 5.8, which does not tell.
    ///
    /// # Errors
    ///
    /// The root directory cannot be looked at.
    pub fn root_mount_id(&self) -> io::Result<u64> {
        mount_id(self.root.as_fd())
    }

    /// Undoes what the interrupted run whose journal, with this `header`, is the current profile of
    /// `plan` may have made, or was about to undo; the plan is told that nothing of it is mounted.
    /// Mounts that were there before, and those that the run did not touch, stay.
    ///
    /// # Errors
    ///
    /// A mount cannot be undone.
    pub fn settle(&mut self, plan: &mut Plan<'_>, header: Header) -> Result<(), Failure> {
        for place in (0..plan.recorded()).rev() {
            let Some((path, unfinished)) = plan.unfinished_mount(place) else { continue };
            let failure = |fault| Failure { op: Op::Unmount(place), fault };
            let there = match self.mount_at(path) {
                Err(errno) if is_absent(errno) => MountAt::None,
                there => there.map_err(failed(Call::Stat, Role::MountPoint)).map_err(failure)?,
            };
            let stands = match (unfinished, there) {
                (Unfinished::Drop, _) | (_, MountAt::None) => false,
                (Unfinished::Make | Unfinished::MakeOnto(_), _)
                    if header.phase == Phase::Undoing =>
                {
                    false
                }
                (Unfinished::Undo(id), MountAt::Id(now)) => now == id,
                (Unfinished::MakeOnto(id), MountAt::Id(now)) => now != id,
                (_, MountAt::Id(_) | MountAt::Unknown) => true,
            };
            if stands {
                self.unmount(path).map(|_| ()).map_err(failure)?;
            }
            if plan.current(place).is_some_and(Item::is_mimic) {
                self.clear_aside(path).map_err(failure)?;
            }
        }
        plan.note_unfinished(header.direction);
        Ok(())
    }

    /// Whether `place` is in the very mount that is at just `top`.
    pub(crate) fn is_in(&mut self, place: BorrowedFd<'_>, top: &[u8]) -> io::Result<bool> {
        match self.mount_at(top)? {
            MountAt::Id(id) => Ok(mount_id(place)? == id),
            MountAt::None => Ok(false),
            MountAt::Unknown => Ok(fstat(place)?.st_dev == fstat(self.open(top, PATH)?)?.st_dev),
        }
    }

    /// What is mounted at just `path`.
    pub(crate) fn mount_at(&mut self, path: &[u8]) -> io::Result<MountAt> {
        let above = parent(path).ok_or(io::Errno::BUSY)?;
        mount_in(self.parent_dir(Side::Target, above)?, file_name(path))
    }
}

/// The ID of the mount that `place` is in; 0 before Linux 5.8.
fn mount_id(place: BorrowedFd<'_>) -> io::Result<u64> {
    let mask = StatxFlags::MNT_ID | STATX_MNT_ID_UNIQUE;
    statx(place, c"", AtFlags::EMPTY_PATH, mask).map(|stat| stat.stx_mnt_id)
}

/// What is mounted at `name` in `dir` (empty: at `dir` itself).
pub(crate) fn mount_in(dir: BorrowedFd<'_>, name: &[u8]) -> io::Result<MountAt> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT | AtFlags::EMPTY_PATH;
    let mask = StatxFlags::TYPE | StatxFlags::MNT_ID | STATX_MNT_ID_UNIQUE;
    let stat = statx(dir, name, flags, mask)?;
    let root = StatxAttributes::MOUNT_ROOT;
    Ok(match (stat.stx_attributes_mask.contains(root), stat.stx_attributes.contains(root)) {
        (false, _) => MountAt::Unknown,
        (true, true) => MountAt::Id(stat.stx_mnt_id),
        (true, false) => MountAt::None,
    })
}
