//! The classic back end: mount(2).
//!
//! What it mounts is visible before it has its flags and its propagation, which take a call each.

use core::ffi::CStr;

use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{StatVfsMountFlags, fstatfs};
use rustix::io;
use rustix::mount::{
    MountFlags as Kernels, MountPropagationFlags, mount, mount_bind, mount_bind_recursive,
    mount_change, mount_move, mount_remount,
};
use snap_mount_options::{Depth, MountFlags, Operation, Options, Propagation};
use snap_ns_plan::{Call, Fault, Role, What};
use snap_path::Text;
use snap_profile::Item;

use crate::fault::failed;
use crate::fd_path::fd_path;
use crate::here::Here;
use crate::kernel::Kernel;
use crate::mount::has_flags;
use crate::stat::mount_flags;
use crate::tree::{add_flags, propagation_flag};
use crate::unmount::take_away;
use crate::walk::{PATH, is_same, open_child};

/// `nosymfollow` in statvfs(3) and mount(2), from Linux 5.10 on.
const ST_NOSYMFOLLOW: u64 = 0x2000;
const MS_NOSYMFOLLOW: u32 = 0x100;

impl Kernel {
    /// Binds or moves `source` to `target`, or to the path of the mount point.
    pub(crate) fn bind(
        &mut self,
        item: &Item<'_>,
        options: &Options<'_>,
        source: BorrowedFd<'_>,
        target: Option<BorrowedFd<'_>>,
    ) -> Result<(), Fault> {
        let fresh = self.fresh(item, options)?;
        let result = match target {
            None => {
                bind_or_move(options.operation, Here::enter(source).path(), item.entry.mount_point)
            }
            Some(target) => {
                let here = Here::enter(target);
                bind_or_move(options.operation, fd_path(source).as_c_str(), here.path())
            }
        };
        result.map_err(failed(Call::Bind, Role::MountPoint))?;
        fresh.map_or(Ok(()), |fresh| finish(fresh, options, Some(source)))
    }

    /// Mounts a file system at `target`, or changes the one that is there.
    pub(crate) fn mount_or_remount(
        &mut self,
        item: &Item<'_>,
        options: &Options<'_>,
        target: BorrowedFd<'_>,
    ) -> Result<(), Fault> {
        let role = Role::MountPoint;
        let mut data = Text::new();
        self.put_data(item, options, &mut data)?;
        let data = data.as_c_str();
        let here = Here::enter(target);
        let flags = Kernels::from_bits_retain(options.flags.bits());
        if options.operation == Operation::Remount {
            return mount_remount(here.path(), flags, data).map_err(failed(Call::Remount, role));
        }
        let fresh = self.fresh(item, options)?;
        mount(item.entry.source, here.path(), item.entry.fs_type, flags, data)
            .map_err(failed(Call::Mount, role))?;
        fresh.map_or(Ok(()), |fresh| finish(fresh, options, None))
    }

    /// The name that a mount will have in the directory that holds its mount point, if it has to be
    /// finished: where it can be taken away again has to be known before it is there.
    fn fresh<'k>(
        &'k mut self,
        item: &Item<'k>,
        options: &Options<'_>,
    ) -> Result<Option<(BorrowedFd<'k>, &'k [u8])>, Fault> {
        if !has_flags(options) && options.propagation.is_none() {
            return Ok(None);
        }
        self.holder(item).map(Some).map_err(failed(Call::Open, Role::MountPoint))
    }
}

/// Gives a mount that was just made, `name` in `dir`, its flags and propagation; takes it away again
/// if that fails.
fn finish(
    (dir, name): (BorrowedFd<'_>, &[u8]),
    options: &Options<'_>,
    source: Option<BorrowedFd<'_>>,
) -> Result<(), Fault> {
    let role = Role::MountPoint;
    let set = || {
        let top = open_child(dir, name, PATH).map_err(failed(Call::Open, role))?;
        // It must be what was mounted: nobody else's mount is to be changed.
        if let Some(source) = source
            && !is_same(source, top.as_fd()).map_err(failed(Call::Stat, role))?
        {
            return Err(Fault::new(What::Replaced, role));
        }
        let here = || Here::enter(top.as_fd());
        if has_flags(options) && !add_to_tree(options, top.as_fd())? {
            let wanted = options.flags & MountFlags::PER_MOUNT;
            let has = mount_flags(fstatfs(&top).map_err(failed(Call::StatFs, role))?.f_flags);
            // It has the flags of its source: often there is nothing to change.
            if !flags_of(has).contains(wanted) {
                let flags = with_kept(has, wanted);
                mount_remount(here().path(), flags, c"").map_err(failed(Call::Remount, role))?;
            }
        }
        let change = options.propagation.map(propagation_flags);
        change
            .map_or(Ok(()), |flags| mount_change(here().path(), flags))
            .map_err(failed(Call::ChangePropagation, role))
    };
    set().inspect_err(|fault| {
        if fault.what != What::Replaced {
            take_away(dir, name);
        }
    })
}

/// Gives its flags to a bind, as the other back end does. mount(2) cannot do that to a tree, and has
/// to name what the source had; mount_setattr(2) is no business of AppArmor's, but it may be missing.
fn add_to_tree(options: &Options<'_>, top: BorrowedFd<'_>) -> Result<bool, Fault> {
    let Operation::Bind(depth) = options.operation else { return Ok(false) };
    match add_flags(top, depth, options.flags) {
        Ok(()) => Ok(true),
        // Half of it read-only would be worse than nothing.
        Err(_) if depth == Depth::Recursive && options.flags.contains(MountFlags::READ_ONLY) => {
            Err(Fault::new(What::RecursiveReadOnly, Role::Source))
        }
        Err(_) => Ok(false),
    }
}

/// Binds or moves `from` to `to`.
fn bind_or_move(operation: Operation, from: &CStr, to: impl rustix::path::Arg) -> io::Result<()> {
    match operation {
        Operation::Bind(Depth::Recursive) => mount_bind_recursive(from, to),
        Operation::Bind(Depth::Single) => mount_bind(from, to),
        Operation::Move => mount_move(from, to),
        Operation::Mount | Operation::Remount => Err(io::Errno::INVAL),
    }
}

/// The flags of a mount that have the same numbers in statvfs(3) and in mount(2): all but those of
/// times of access, and `nosymfollow`.
fn flags_of(has: StatVfsMountFlags) -> MountFlags {
    let known = MountFlags::READ_ONLY
        | MountFlags::NO_SUID
        | MountFlags::NO_DEV
        | MountFlags::NO_EXEC
        | MountFlags::NO_DIR_ATIME;
    MountFlags::from_bits_truncate(u32::try_from(has.bits()).unwrap_or_default()) & known
}

/// The flags to remount a bind with: what it `has` from its source, and what is `wanted`.
fn with_kept(has: StatVfsMountFlags, wanted: MountFlags) -> Kernels {
    let mut kept = flags_of(has);
    // Those of times of access stay as they are, if none of them is asked for (mount(2)); the stock
    // policy grants a remount with just bind and ro.
    let atime = MountFlags::NO_ATIME | MountFlags::RELATIME | MountFlags::STRICT_ATIME;
    if !wanted.intersects(atime) {
        kept.remove(MountFlags::NO_DIR_ATIME);
    }
    let flags = Kernels::BIND | Kernels::from_bits_retain((kept | wanted).bits());
    if has.contains(StatVfsMountFlags::from_bits_retain(ST_NOSYMFOLLOW)) {
        flags | Kernels::from_bits_retain(MS_NOSYMFOLLOW)
    } else {
        flags
    }
}

fn propagation_flags(change: Propagation) -> MountPropagationFlags {
    let kind = propagation_flag(change.kind);
    match change.depth {
        Depth::Single => kind,
        Depth::Recursive => kind | MountPropagationFlags::REC,
    }
}
