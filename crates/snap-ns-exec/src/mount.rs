//! Mounting an entry: the mount, its flags, its propagation.

use core::ffi::CStr;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{StatVfsMountFlags, fstat, fstatfs};
use rustix::io::{self, Errno};
use rustix::mount::{
    MountFlags as Kernels, MountPropagationFlags, UnmountFlags, mount, mount_bind,
    mount_bind_recursive, mount_change, mount_move, mount_remount, unmount,
};
use rustix::process::fchdir;
use snap_mount_options::{
    Depth, IfMissing, Kind, MountFlags, Operation, Options, Origin, Propagation, PropagationKind,
};
use snap_ns_plan::{Call, Fault, Limit, NodeKind, Outcome, Role, Skip, What};
use snap_path::Text;
use snap_profile::Item;

use crate::fault::failed;
use crate::fd_path::fd_path;
use crate::here::Here;
use crate::kernel::Kernel;
use crate::look::mount_flags;
use crate::walk::{Deepest, PATH, PATH_DIR, open_child};

/// The most bytes of data that mount(2) takes: one page.
const DATA_MAX: usize = 4096;

impl Kernel {
    pub(crate) fn mount(&mut self, item: &Item<'_>) -> Result<Outcome, Fault> {
        let options = &item.options;
        let ignores = options.if_missing == IfMissing::Skip && options.origin == Origin::Content;
        let source = match options.operation {
            Operation::Bind(_) | Operation::Move => {
                Some(self.open_end(item.entry.source, Role::Source, options.kind))
            }
            Operation::Mount | Operation::Remount => None,
        };
        let missing = |fault: &Fault| ignores && fault.what == What::Missing;
        let source = match source.transpose() {
            Ok(source) => source,
            Err(fault) if missing(&fault) => return Ok(Outcome::Skipped(Skip::IgnoredMissing)),
            Err(fault) => return Err(fault),
        };
        let target = match self.open_end(item.entry.mount_point, Role::MountPoint, options.kind) {
            Ok(target) => target,
            Err(fault) if missing(&fault) => return Ok(Outcome::Skipped(Skip::IgnoredMissing)),
            Err(fault) => return Err(fault),
        };
        let target_name = match options.kind {
            Kind::File => Here::fd(target.as_fd()),
            Kind::Directory | Kind::Symlink(_) | Kind::EnsureDir(_) => Here::enter(target.as_fd()),
        };
        let at = target_name.path();
        let Some(source) = source else {
            return self.mount_file_system(item, at);
        };
        let from = fd_path(source.as_fd());
        let (call, result) = match options.operation {
            Operation::Bind(Depth::Recursive) => {
                (Call::Bind, mount_bind_recursive(from.as_c_str(), at))
            }
            Operation::Bind(Depth::Single) => (Call::Bind, mount_bind(from.as_c_str(), at)),
            Operation::Move => (Call::Mount, mount_move(from.as_c_str(), at)),
            Operation::Mount | Operation::Remount => (Call::Mount, Err(Errno::INVAL)),
        };
        result.map_err(failed(call, Role::MountPoint))?;
        let wanted = options.flags & MountFlags::PER_MOUNT;
        if wanted.is_empty() && options.propagation.is_none() {
            return Ok(Outcome::Done);
        }
        self.finish(item, Some(source.as_fd()), |top| remount_with(top, wanted))?;
        Ok(Outcome::Done)
    }

    /// Opens the mount point or source of an entry, which must be there and of the right kind.
    fn open_end(&self, path: &[u8], role: Role, kind: Kind<'_>) -> Result<OwnedFd, Fault> {
        let wanted = match kind {
            Kind::File => NodeKind::File,
            Kind::Directory | Kind::Symlink(_) | Kind::EnsureDir(_) => {
                if let Ok(dir) = self.open(path, PATH_DIR) {
                    return Ok(dir);
                }
                NodeKind::Directory
            }
        };
        let Deepest { fd, len, kind } =
            self.open_deepest(path).map_err(failed(Call::Open, role))?;
        match (len == path.len(), kind) {
            (true, found) if found == wanted => Ok(fd),
            (true, found) => Err(Fault::new(What::Found(found), role)),
            (false, NodeKind::Directory) => Err(Fault::new(What::Missing, role)),
            (false, found) => Err(Fault::at(What::Found(found), role, len)),
        }
    }

    /// Mounts what is no bind.
    fn mount_file_system(&mut self, item: &Item<'_>, at: &CStr) -> Result<Outcome, Fault> {
        let role = Role::MountPoint;
        let mut data = Text::<DATA_MAX>::new();
        collect_data(item, self.creates_for, &mut data)
            .ok_or(Fault::new(What::Full(Limit::Data), role))?;
        let flags = Kernels::from_bits_retain(item.options.flags.bits());
        if item.options.operation == Operation::Remount {
            mount_remount(at, flags, data.as_c_str()).map_err(failed(Call::Remount, role))?;
            return Ok(Outcome::Done);
        }
        let fs_type = item.entry.fs_type;
        mount(item.entry.source, at, fs_type, flags, data.as_c_str())
            .map_err(failed(Call::Mount, role))?;
        if item.options.propagation.is_some() {
            self.finish(item, None, |_| Ok(()))?;
        }
        Ok(Outcome::Done)
    }

    /// Gives the mount that was just made its flags and propagation; takes it away again if that
    /// fails.
    fn finish(
        &mut self,
        item: &Item<'_>,
        source: Option<BorrowedFd<'_>>,
        set_flags: impl FnOnce(&Here) -> io::Result<()>,
    ) -> Result<(), Fault> {
        let role = Role::MountPoint;
        let path = item.entry.mount_point;
        let (dir, name) = self.open_parent(path).map_err(failed(Call::Open, role))?;
        let top = open_child(dir.as_fd(), name, PATH).map_err(failed(Call::Open, role))?;
        // It must be what was mounted: nobody else's mount is to be changed.
        if let Some(source) = source {
            let id = |fd| fstat(fd).map(|stat| (stat.st_dev, stat.st_ino));
            let same = |a, b| -> io::Result<bool> { Ok(id(a)? == id(b)?) };
            if !same(source, top.as_fd()).map_err(failed(Call::Stat, role))? {
                return Err(Fault::new(What::Replaced, role));
            }
        }
        let here = match item.options.kind {
            Kind::File => Here::fd(top.as_fd()),
            Kind::Directory | Kind::Symlink(_) | Kind::EnsureDir(_) => Here::enter(top.as_fd()),
        };
        let set = set_flags(&here).map_err(failed(Call::Remount, role)).and_then(|()| {
            let change = item.options.propagation.map(propagation_flags);
            change
                .map_or(Ok(()), |flags| mount_change(here.path(), flags))
                .map_err(failed(Call::ChangePropagation, role))
        });
        set.inspect_err(|_| {
            // Undone as well as can be: the fault that matters is the first one.
            let _ = fchdir(&dir)
                .and_then(|()| unmount(name, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW));
        })
    }
}

/// Adds `wanted` to the flags of the mount `top`; it keeps those that it has from its source.
fn remount_with(top: &Here, wanted: MountFlags) -> io::Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let fd = rustix::fs::open(
        top.path(),
        PATH & !rustix::fs::OFlags::NOFOLLOW,
        rustix::fs::Mode::empty(),
    )?;
    let has = mount_flags(fstatfs(&fd)?.f_flags);
    // The numbers of statvfs(3) and mount(2) are not all the same.
    let kept = [
        (StatVfsMountFlags::RDONLY, Kernels::RDONLY),
        (StatVfsMountFlags::NOSUID, Kernels::NOSUID),
        (StatVfsMountFlags::NODEV, Kernels::NODEV),
        (StatVfsMountFlags::NOEXEC, Kernels::NOEXEC),
        (StatVfsMountFlags::NOATIME, Kernels::NOATIME),
        (StatVfsMountFlags::NODIRATIME, Kernels::NODIRATIME),
        (StatVfsMountFlags::RELATIME, Kernels::RELATIME),
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
    mount_remount(top.path(), flags, c"")
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
fn collect_data(item: &Item<'_>, owner: (u32, u32), data: &mut Text<DATA_MAX>) -> Option<()> {
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
    let options = &item.options;
    let uid = options.uid.or((!owner_known.0).then_some(owner.0));
    let gid = options.gid.or((!owner_known.1).then_some(owner.1));
    let numbers: [(&[u8], Option<u32>, u32); 3] =
        [(b"mode=0", options.mode.map(u32::from), 8), (b"uid=", uid, 10), (b"gid=", gid, 10)];
    for (name, value, radix) in numbers {
        if let Some(value) = value {
            separate(data)?;
            data.push(name)?;
            data.push_number(value, radix)?;
        }
    }
    Some(())
}
