//! Making the aside, whatever others have put in its place.
//!
//! `/tmp` is anybody's, and the policy knows no other place than `/tmp/.snap`: whoever makes that first
//! could keep the snap from starting. So it is taken over. Nothing is removed and nothing is listed,
//! so that it does not matter how much somebody has put there.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Mode, StatxFlags, chmodat, renameat, statat, statx};
use rustix::io::{self, Errno};
use rustix::rand::{GetRandomFlags, getrandom};
use snap_ns_plan::{Call, Fault, ObjectKind, Role, What};
use snap_path::{Text, below, components, parent};

use crate::fault::failed;
use crate::fd_path::fd_path;
use crate::kernel::Kernel;
use crate::mimic::{ASIDE, CHILD_ATTRIBUTES};
use crate::parents::is_roots_alone;
use crate::walk::{PATH_DIR, open_child};

/// How often a directory is tried to be made or taken over while somebody is at it, too: they win a
/// round as easily as we do, and a round is a few microseconds.
const TRIES: usize = 1_000;

impl Kernel {
    /// Makes the directories of the aside `path`. Each is root's alone then, or somebody could put
    /// another tree in our way (CVE-2026-3888).
    pub(crate) fn make_aside(&self, path: &[u8]) -> Result<(), Fault> {
        let tmp = parent(ASIDE).unwrap_or_default();
        let mut dir = self.open(tmp, PATH_DIR).map_err(failed(Call::Open, Role::Aside))?;
        for name in components(below(path, tmp).unwrap_or_default()) {
            dir = self.roots_own_dir(dir.as_fd(), name)?;
        }
        Ok(())
    }

    fn roots_own_dir(&self, dir: BorrowedFd<'_>, name: &[u8]) -> Result<OwnedFd, Fault> {
        let (role, kind) = (Role::Aside, ObjectKind::Directory);
        let not_ours = || {
            let stat = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW);
            Fault::new(What::NotOurs(stat.map_or(0, |stat| stat.st_uid)), role)
        };
        for _ in 0..TRIES {
            // What was just made or taken over is looked at like anything else.
            match open_child(dir, name, PATH_DIR) {
                Ok(next) if is_roots_alone(next.as_fd()).map_err(failed(Call::Stat, role))? => {
                    return Ok(next);
                }
                Ok(_) | Err(Errno::NOTDIR | Errno::LOOP) => match self.make_way(dir, name) {
                    // Somebody else was faster.
                    Ok(()) | Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
                    Err(_) => return Err(not_ours()),
                },
                Err(Errno::NOENT) => {
                    let made = self.make_object(dir, name, kind, CHILD_ATTRIBUTES, role);
                    if let Err(fault) = made.map(drop)
                        && !is_of_a_race(fault.what)
                    {
                        return Err(fault);
                    }
                }
                Err(errno) => return Err(failed(Call::Open, role)(errno)),
            }
        }
        Err(not_ours())
    }

    /// Makes the directory `name` in `dir` root's alone; its owner may do as they like until then, and
    /// whether it is has to be seen afterwards. Where nobody but root can rename anything, what is in the
    /// way is renamed. So is what is no directory: there may be another name of it (link(2)), and it
    /// is not given away.
    fn make_way(&self, dir: BorrowedFd<'_>, name: &[u8]) -> io::Result<()> {
        let there = match open_child(dir, name, PATH_DIR) {
            Ok(there) if !is_roots_alone(dir)? => there,
            Ok(_) | Err(Errno::NOTDIR | Errno::LOOP) => return rename_away(dir, name),
            Err(errno) => return Err(errno),
        };
        let there = there.as_fd();
        let mount = |fd| statx(fd, c"", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID);
        if mount(there)?.stx_mnt_id != mount(dir)?.stx_mnt_id {
            return Err(Errno::XDEV);
        }
        // Who may give files away need not be allowed to change their modes: only their owner is
        // (without CAP_FOWNER, which neither the policy grants nor 2.77 has).
        self.give(there, self.owner.0, self.owner.1)?;
        let mode = Mode::from_raw_mode(CHILD_ATTRIBUTES.mode.into());
        chmodat(CWD, fd_path(there).as_c_str(), mode, AtFlags::empty())?;
        self.give(there, CHILD_ATTRIBUTES.uid, CHILD_ATTRIBUTES.gid)
    }
}

/// Whether somebody else was faster: what was to be made is there, or what was made is not.
fn is_of_a_race(what: What) -> bool {
    let lost = [Errno::EXIST, Errno::NOENT].map(Errno::raw_os_error);
    let failed = matches!(what, What::Failed(_, errno) if lost.contains(&errno));
    failed || what == What::Replaced
}

/// Renames what is in the way, to a name that nobody can have taken before.
fn rename_away(dir: BorrowedFd<'_>, name: &[u8]) -> io::Result<()> {
    let mut number = [0; 8];
    getrandom(&mut number, GetRandomFlags::empty())?;
    let mut away = Text::<64>::new();
    // It fits.
    let _ = away.push_fmt(format_args!("in-the-way.{:016x}", u64::from_ne_bytes(number)));
    renameat(dir, name, dir, away.as_c_str())
}
