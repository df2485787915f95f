//! Mounting an entry: the mount, its flags, its propagation.

use core::ffi::CStr;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, StatVfsMountFlags, fstat, fstatfs, statat};
use rustix::io;
use rustix::mount::{
    MountFlags as Kernels, MountPropagationFlags, mount, mount_bind, mount_bind_recursive,
    mount_change, mount_move, mount_remount,
};
use snap_mount_options::{
    Depth, IfMissing, MountFlags, Operation, Options, Origin, Propagation, PropagationKind,
};
use snap_ns_plan::{Call, Fault, Limit, NodeKind, Outcome, Role, Rule, Skip, What};
use snap_path::{Text, file_name, parent};
use snap_profile::{Item, Shape};

use crate::fault::failed;
use crate::fd_path::fd_path;
use crate::here::Here;
use crate::kernel::Kernel;
use crate::look::mount_flags;
use crate::parents::{Proof, Side};
use crate::unmount::take_away;
use crate::walk::{Deepest, PATH, PATH_DIR, open_child};

/// `nosymfollow` in statvfs(3) and mount(2), from Linux 5.10 on.
const ST_NOSYMFOLLOW: u64 = 0x2000;
const MS_NOSYMFOLLOW: u32 = 0x100;

/// The most bytes of data that mount(2) takes: one page.
const DATA_MAX: usize = 4096;

impl Kernel {
    pub(crate) fn mount(&mut self, item: &Item<'_>, rule: &dyn Rule) -> Result<Outcome, Fault> {
        let options = &item.options();
        let mounted = match options.operation {
            Operation::Bind(_) | Operation::Move => self.mount_tree(item, options, rule),
            Operation::Mount | Operation::Remount => self.mount_file_system(item, options),
        };
        let ignores = options.if_missing == IfMissing::Skip && item.origin == Origin::Content;
        match mounted {
            Ok(()) => Ok(Outcome::Done),
            Err(fault) if ignores && fault.what == What::Missing => {
                Ok(Outcome::Skipped(Skip::IgnoredMissing))
            }
            Err(fault) => Err(fault),
        }
    }

    /// Mounts a tree that is somewhere already.
    fn mount_tree(
        &mut self,
        item: &Item<'_>,
        options: &Options<'_>,
        rule: &dyn Rule,
    ) -> Result<(), Fault> {
        let (from, to) = (item.entry.source, item.entry.mount_point);
        let source = self.open_end(from, Role::Source, item.shape)?;
        let target = match self.can_name_target(item, rule) {
            true => None,
            false => Some(self.open_end(to, Role::MountPoint, item.shape)?),
        };
        // Where it can be taken away again has to be known before it is there.
        let fresh = self.fresh(item, options)?;
        let result = match &target {
            None => attach(options.operation, Here::enter(source.as_fd()).path(), to),
            Some(target) => {
                let here = Here::of(target.as_fd(), item.shape);
                attach(options.operation, fd_path(source.as_fd()).as_c_str(), here.path())
            }
        };
        result.map_err(failed(Call::Bind, Role::MountPoint))?;
        match fresh {
            Some(fresh) => fresh.finish(options, Some(source.as_fd())),
            None => Ok(()),
        }
    }

    /// What has to be finished after the mount itself, if anything.
    fn fresh<'k>(
        &'k mut self,
        item: &Item<'k>,
        options: &Options<'_>,
    ) -> Result<Option<Fresh<'k>>, Fault> {
        let bind = matches!(options.operation, Operation::Bind(_));
        let flags = bind && options.flags.intersects(MountFlags::PER_MOUNT);
        if !flags && options.propagation.is_none() {
            return Ok(None);
        }
        let (path, shape) = (item.entry.mount_point, item.shape);
        let dir = self.parent_dir(Side::Target, parent(path).unwrap_or_default());
        let dir = dir.map_err(failed(Call::Open, Role::MountPoint))?;
        Ok(Some(Fresh { dir, name: file_name(path), shape }))
    }

    /// Whether the mount point may be given to the kernel by its path, which costs it far less
    /// than two descriptors. It may when nobody but root can change what the path leads to: every
    /// directory on the way was just seen to be root's alone, its name is not in a place that the
    /// snap itself may write to (its services may run as root), and at the end there is a
    /// directory now. In all other cases, and for users, a descriptor is used. (Of a directory that
    /// is a bind of such a place, only owner and mode are looked at: docs/architecture.md.)
    fn can_name_target(&mut self, item: &Item<'_>, rule: &dyn Rule) -> bool {
        let path = item.entry.mount_point;
        let Some(dir) = parent(path) else { return false };
        if item.shape != Shape::Directory
            || self.creates_for != (0, 0)
            || self.prove_target_dir(dir, rule) != Ok(Proof::RootOnly)
        {
            return false;
        }
        let Ok(fd) = self.parent_dir(Side::Target, dir) else { return false };
        statat(fd, file_name(path), AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_dir())
    }

    /// Opens the mount point or source of an entry, which must be there and of the right kind.
    fn open_end(&mut self, path: &[u8], role: Role, shape: Shape) -> Result<OwnedFd, Fault> {
        let side = if role == Role::Source { Side::Source } else { Side::Target };
        let wanted = match shape {
            Shape::File => NodeKind::File,
            Shape::Directory | Shape::Symlink | Shape::EnsureDir => NodeKind::Directory,
        };
        if wanted == NodeKind::Directory
            && let Some(dir) = parent(path)
            && let Ok(dir) = self.parent_dir(side, dir)
            && let Ok(end) = open_child(dir, file_name(path), PATH_DIR)
        {
            return Ok(end);
        }
        let Deepest { fd, len, kind } =
            self.open_deepest(path).map_err(failed(Call::Open, role))?;
        match (len == path.len(), kind) {
            (true, found) if found == wanted => Ok(fd),
            (true, found) => Err(Fault::new(What::Found(found), role)),
            (false, NodeKind::Directory) => Err(Fault::new(What::Missing, role)),
            (false, found) => Err(Fault::at(What::Found(found), role, len)),
        }
    }

    /// Mounts a file system, or changes one that is mounted.
    fn mount_file_system(&mut self, item: &Item<'_>, options: &Options<'_>) -> Result<(), Fault> {
        let role = Role::MountPoint;
        let target = self.open_end(item.entry.mount_point, role, item.shape)?;
        let here = Here::of(target.as_fd(), item.shape);
        let at = here.path();
        let mut data = Text::<DATA_MAX>::new();
        collect_data(item, options, self.creates_for, &mut data)
            .ok_or(Fault::new(What::Full(Limit::Data), role))?;
        let flags = Kernels::from_bits_retain(options.flags.bits());
        if options.operation == Operation::Remount {
            return mount_remount(at, flags, data.as_c_str()).map_err(failed(Call::Remount, role));
        }
        let fresh = self.fresh(item, options)?;
        mount(item.entry.source, at, item.entry.fs_type, flags, data.as_c_str())
            .map_err(failed(Call::Mount, role))?;
        fresh.map_or(Ok(()), |fresh| fresh.finish(options, None))
    }
}

/// A mount that was just made, by its name in the directory that holds its mount point.
struct Fresh<'m> {
    dir: BorrowedFd<'m>,
    name: &'m [u8],
    shape: Shape,
}

impl Fresh<'_> {
    /// Gives the mount its flags and propagation; takes it away again if that fails.
    fn finish(&self, options: &Options<'_>, source: Option<BorrowedFd<'_>>) -> Result<(), Fault> {
        self.set(options, source).inspect_err(|fault| {
            if fault.what != What::Replaced {
                take_away(self.dir, self.name);
            }
        })
    }

    fn set(&self, options: &Options<'_>, source: Option<BorrowedFd<'_>>) -> Result<(), Fault> {
        let role = Role::MountPoint;
        let top = open_child(self.dir, self.name, PATH).map_err(failed(Call::Open, role))?;
        // It must be what was mounted: nobody else's mount is to be changed.
        if let Some(source) = source {
            let id = |fd| fstat(fd).map(|stat| (stat.st_dev, stat.st_ino));
            let same = |a, b| -> io::Result<bool> { Ok(id(a)? == id(b)?) };
            if !same(source, top.as_fd()).map_err(failed(Call::Stat, role))? {
                return Err(Fault::new(What::Replaced, role));
            }
        }
        let here = Here::of(top.as_fd(), self.shape);
        let wanted = options.flags & MountFlags::PER_MOUNT;
        if source.is_some() && !wanted.is_empty() {
            let has = fstatfs(&top).map_err(failed(Call::StatFs, role))?.f_flags;
            let flags = with_kept(mount_flags(has), wanted);
            mount_remount(here.path(), flags, c"").map_err(failed(Call::Remount, role))?;
        }
        let change = options.propagation.map(propagation_flags);
        change
            .map_or(Ok(()), |flags| mount_change(here.path(), flags))
            .map_err(failed(Call::ChangePropagation, role))
    }
}

/// Binds or moves `from` to `to`.
fn attach(operation: Operation, from: &CStr, to: impl rustix::path::Arg) -> io::Result<()> {
    match operation {
        Operation::Bind(Depth::Recursive) => mount_bind_recursive(from, to),
        Operation::Bind(Depth::Single) => mount_bind(from, to),
        Operation::Move => mount_move(from, to),
        Operation::Mount | Operation::Remount => Err(io::Errno::INVAL),
    }
}

/// The flags to remount a bind with: what it `has` from its source, and what is `wanted`.
fn with_kept(has: StatVfsMountFlags, wanted: MountFlags) -> Kernels {
    // The numbers of statvfs(3) and mount(2) are not all the same.
    let kept = [
        (StatVfsMountFlags::RDONLY, Kernels::RDONLY),
        (StatVfsMountFlags::NOSUID, Kernels::NOSUID),
        (StatVfsMountFlags::NODEV, Kernels::NODEV),
        (StatVfsMountFlags::NOEXEC, Kernels::NOEXEC),
        (StatVfsMountFlags::NOATIME, Kernels::NOATIME),
        (StatVfsMountFlags::NODIRATIME, Kernels::NODIRATIME),
        (StatVfsMountFlags::RELATIME, Kernels::RELATIME),
        (
            StatVfsMountFlags::from_bits_retain(ST_NOSYMFOLLOW),
            Kernels::from_bits_retain(MS_NOSYMFOLLOW),
        ),
    ];
    let asks_for_atime =
        wanted.intersects(MountFlags::NO_ATIME | MountFlags::RELATIME | MountFlags::STRICT_ATIME);
    let mut flags = Kernels::BIND | Kernels::from_bits_retain(wanted.bits());
    for (statvfs, kernels) in kept {
        let atime = kernels.intersects(Kernels::NOATIME | Kernels::RELATIME);
        if has.contains(statvfs) && !(atime && asks_for_atime) {
            flags |= kernels;
        }
    }
    flags
}

fn propagation_flags(change: Propagation) -> MountPropagationFlags {
    let kind = match change.kind {
        PropagationKind::Shared => MountPropagationFlags::SHARED,
        PropagationKind::Slave => MountPropagationFlags::DOWNSTREAM,
        PropagationKind::Private => MountPropagationFlags::PRIVATE,
        PropagationKind::Unbindable => MountPropagationFlags::UNBINDABLE,
    };
    match change.depth {
        Depth::Single => kind,
        Depth::Recursive => kind | MountPropagationFlags::REC,
    }
}

/// The data of a file system: what the profile says, and for the root of a tmpfs mode and owner.
/// The owner is always said: it would be whoever starts the snap first otherwise.
fn collect_data(
    item: &Item<'_>,
    options: &Options<'_>,
    owner: (u32, u32),
    data: &mut Text<DATA_MAX>,
) -> Option<()> {
    let mut owner_known = (false, false);
    let separate = |data: &mut Text<DATA_MAX>| {
        if data.is_empty() { Some(()) } else { data.push(b",") }
    };
    for option in Options::data(item.entry.options) {
        owner_known.0 |= option.starts_with(b"uid=");
        owner_known.1 |= option.starts_with(b"gid=");
        separate(data)?;
        data.push(option)?;
    }
    if !item.is_tmpfs() {
        return Some(());
    }
    let uid = options.uid.or((!owner_known.0).then_some(owner.0));
    let gid = options.gid.or((!owner_known.1).then_some(owner.1));
    if let Some(mode) = options.mode {
        separate(data)?;
        data.push_fmt(format_args!("mode=0{mode:o}"))?;
    }
    for (name, value) in [("uid", uid), ("gid", gid)] {
        if let Some(value) = value {
            separate(data)?;
            data.push_fmt(format_args!("{name}={value}"))?;
        }
    }
    Some(())
}
