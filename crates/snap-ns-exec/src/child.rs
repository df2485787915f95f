//! The children of a mimic: which of them it can do without, and copies of links.

use core::mem::MaybeUninit;

use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{AtFlags, fstat, readlinkat_raw, symlinkat, unlinkat};
use rustix::io::Errno;
use snap_ns_plan::{Call, Fault, NodeKind, Outcome, Role, What};
use snap_path::PATH_MAX;

use crate::fault::failed;
use crate::kernel::Kernel;
use crate::walk::{PATH, kind_of, open_child};

/// What would happen to all that come after, too: there is no room left, a policy is in the way, a
/// disk fails. Or it may work the next time, which would not come if the mimic stood without it.
const HITS_ALL: [Errno; 7] =
    [Errno::NOMEM, Errno::NOSPC, Errno::MFILE, Errno::NFILE, Errno::PERM, Errno::ACCESS, Errno::IO];

/// How many children a mimic does not show, and what happened to the first of them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Missed(Option<(Fault, u32)>);

impl Missed {
    /// Takes what came of restoring `name`, of this `kind`. What cannot be shown is left out, as if
    /// it were not there.
    pub(crate) fn take(
        &mut self,
        restored: Result<(), Fault>,
        kind: NodeKind,
        (tmpfs, name): (BorrowedFd<'_>, &[u8]),
    ) -> Result<(), Fault> {
        let Err(fault) = restored else { return Ok(()) };
        let hits_all = |errno| HITS_ALL.contains(&Errno::from_raw_os_error(errno));
        // A snap can do without a device, FIFO or socket, whatever a policy says.
        let alone = matches!(fault.what, What::Failed(_, errno)
            if kind == NodeKind::Special || !hits_all(errno));
        if !alone && !matches!(fault.what, What::Found(_)) {
            return Err(fault);
        }
        let dir = kind == NodeKind::Directory;
        let flags = if dir { AtFlags::REMOVEDIR } else { AtFlags::empty() };
        // What it was to be mounted on; often it was not even made.
        let _ = unlinkat(tmpfs, name, flags);
        let (first, count) = self.0.unwrap_or((fault, 0));
        self.0 = Some((first, count.saturating_add(1)));
        Ok(())
    }

    pub(crate) fn outcome(self) -> Outcome {
        self.0.map_or(Outcome::Done, |(first, count)| Outcome::DoneWithout { first, count })
    }
}

/// What is bound as a file is may be anything but a directory or link: a device, FIFO or socket that
/// was there, or was mounted over a file.
pub(crate) fn check_is_file(source: BorrowedFd<'_>, role: Role) -> Result<(), Fault> {
    match kind_of(source).map_err(failed(Call::Stat, role))? {
        NodeKind::File | NodeKind::Special => Ok(()),
        found @ (NodeKind::Directory | NodeKind::Symlink) => {
            Err(Fault::new(What::Found(found), role))
        }
    }
}

impl Kernel {
    pub(crate) fn restore_link(
        &self,
        name: &[u8],
        aside: BorrowedFd<'_>,
        tmpfs: BorrowedFd<'_>,
        role: Role,
    ) -> Result<(), Fault> {
        let mut buffer = [MaybeUninit::uninit(); PATH_MAX];
        let link = open_child(aside, name, PATH).map_err(failed(Call::Open, role))?;
        let stat = fstat(&link).map_err(failed(Call::Stat, role))?;
        let (target, _) =
            readlinkat_raw(&link, c"", &mut buffer[..]).map_err(failed(Call::ReadLink, role))?;
        symlinkat(&target[..], tmpfs, name).map_err(failed(Call::MakeSymlink, role))?;
        let copy = open_child(tmpfs, name, PATH).map_err(failed(Call::Open, role))?;
        self.give(copy.as_fd(), stat.st_uid, stat.st_gid).map_err(failed(Call::ChangeOwner, role))
    }
}
