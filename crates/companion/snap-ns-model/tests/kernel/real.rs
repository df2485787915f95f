//! Operations as system calls. Paths are walked without following links, as the model does.

use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, StatVfsMountFlags, chmodat, fstatvfs,
    mkdirat, mknodat, openat, openat2, symlinkat, unlinkat,
};
use rustix::io::{Errno, Result};
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive,
    mount_change, mount_move, mount_remount, unmount,
};
use snap_mount_options::{Depth, Propagation, PropagationKind};

use crate::op::{Op, Setup};

const PATH: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

fn open(path: &str, flags: OFlags) -> Result<OwnedFd> {
    let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    openat2(CWD, path, flags, Mode::empty(), resolve)
}

fn parent(path: &str) -> Result<(OwnedFd, &str)> {
    let (dir, name) = path.rsplit_once('/').unwrap();
    let dir = if dir.is_empty() { "/" } else { dir };
    Ok((open(dir, PATH | OFlags::DIRECTORY)?, name))
}

fn name_of(fd: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", fd.as_raw_fd())
}

pub(crate) fn new_mount(path: &str, fs: &str, mode: u16) -> Result<()> {
    let target = open(path, PATH)?;
    let data = std::ffi::CString::new(format!("mode={mode:o}")).unwrap();
    mount("none", &*name_of(&target), fs, MountFlags::empty(), data.as_c_str())
}

pub(crate) fn bind(source: &str, target: &str, depth: Depth) -> Result<()> {
    let (source, target) = (open(source, PATH)?, open(target, PATH)?);
    match depth {
        Depth::Single => mount_bind(&*name_of(&source), &*name_of(&target)),
        Depth::Recursive => mount_bind_recursive(&*name_of(&source), &*name_of(&target)),
    }
}

fn set_propagation(path: &str, to: Propagation) -> Result<()> {
    let flags = match to.kind {
        PropagationKind::Shared => MountPropagationFlags::SHARED,
        PropagationKind::Slave => MountPropagationFlags::DOWNSTREAM,
        PropagationKind::Private => MountPropagationFlags::PRIVATE,
        PropagationKind::Unbindable => MountPropagationFlags::UNBINDABLE,
    };
    let flags = match to.depth {
        Depth::Single => flags,
        Depth::Recursive => flags | MountPropagationFlags::REC,
    };
    mount_change(&*name_of(&open(path, PATH)?), flags)
}

fn take_down(path: &str, flags: UnmountFlags) -> Result<()> {
    // The mount must not be in use: it is named in the directory it is in.
    let (dir, name) = parent(path)?;
    unmount(&*format!("{}/{name}", name_of(&dir)), flags | UnmountFlags::NOFOLLOW)
}

/// Performs what is one system call.
pub(crate) fn call(op: &Op) -> Result<()> {
    match op {
        Op::Dir(path, mode) => {
            let (dir, name) = parent(path)?;
            mkdirat(&dir, name, Mode::empty())?;
            chmodat(&dir, name, Mode::from_raw_mode((*mode).into()), AtFlags::empty())
        }
        Op::File(path, text) => {
            let (dir, name) = parent(path)?;
            let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
            let file = openat(&dir, name, flags, Mode::from_raw_mode(0o644))?;
            rustix::io::write(file, text.as_bytes()).map(|_| ())
        }
        Op::Link(path, target) => {
            let (dir, name) = parent(path)?;
            symlinkat(*target, dir, name)
        }
        Op::Special(path) => {
            let (dir, name) = parent(path)?;
            mknodat(dir, name, FileType::Fifo, Mode::from_raw_mode(0o644), 0)
        }
        Op::Remove(path) => {
            let (dir, name) = parent(path)?;
            match unlinkat(&dir, name, AtFlags::REMOVEDIR) {
                Err(Errno::NOTDIR) => unlinkat(&dir, name, AtFlags::empty()),
                result => result,
            }
        }
        Op::Tmpfs(path) => new_mount(path, "tmpfs", 0o755),
        Op::Other(path) => new_mount(path, "ramfs", 0o755),
        Op::Bind(source, target, depth) => bind(source, target, *depth),
        Op::Move(source, target) => {
            let (source, target) = (open(source, PATH)?, open(target, PATH)?);
            mount_move(&*name_of(&source), &*name_of(&target))
        }
        Op::ReadOnly(path) => {
            let target = open(path, PATH)?;
            let has = fstatvfs(&target)?.f_flag;
            let mut flags = MountFlags::BIND | MountFlags::RDONLY;
            for (flag, kept) in [
                (StatVfsMountFlags::NOSUID, MountFlags::NOSUID),
                (StatVfsMountFlags::NODEV, MountFlags::NODEV),
                (StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
            ] {
                flags.set(kept, has.contains(flag));
            }
            mount_remount(&*name_of(&target), flags, "")
        }
        Op::Propagation(path, to) => set_propagation(path, *to),
        Op::Unmount(path) => take_down(path, UnmountFlags::empty()),
        Op::Detach(path) => take_down(path, UnmountFlags::DETACH),
        Op::Clone | Op::Look(..) | Op::Act(..) | Op::Update(_) => unreachable!("{op:?}"),
    }
}

pub(crate) fn set_up(setup: Setup) -> Result<()> {
    // A run that undoes the mount on it works in the directory beneath: nothing may be left there.
    let _ = std::fs::remove_dir_all("/t");
    mkdirat(CWD, "/t", Mode::from_raw_mode(0o755))?;
    new_mount("/t", "tmpfs", 0o755)?;
    let shared = Propagation { kind: PropagationKind::Shared, depth: Depth::Single };
    match setup {
        Setup::Private => new_mount("/tmp", "tmpfs", 0o1777),
        Setup::Shared => {
            new_mount("/tmp", "tmpfs", 0o1777)?;
            set_propagation("/t", shared)?;
            set_propagation("/tmp", shared)
        }
        Setup::TmpInside => {
            set_propagation("/t", shared)?;
            call(&Op::Dir("/t/tmp".into(), 0o1777))?;
            bind("/t/tmp", "/tmp", Depth::Single)
        }
    }
}

pub(crate) fn clean_up() {
    let private = Propagation { kind: PropagationKind::Private, depth: Depth::Recursive };
    // Something may stand on them: there is a mount until there is none.
    for path in ["/tmp", "/t"] {
        while set_propagation(path, private).is_ok() {
            take_down(path, UnmountFlags::DETACH).unwrap();
        }
    }
}
