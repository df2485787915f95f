//! Opening paths so that no component is a symbolic link.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, fstat, openat, openat2};
use rustix::io::{self, Errno};
use snap_ns_plan::NodeKind;
use snap_path::{components, file_name, parent};

use crate::kernel::{Kernel, Resolver};

/// A descriptor that only stands for a place; a symbolic link stands for itself.
pub(crate) const PATH: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// The same for a place that must be a directory.
pub(crate) const PATH_DIR: OFlags = PATH.union(OFlags::DIRECTORY);

impl Kernel {
    /// Opens the place `path` (clean, absolute) with `flags`, which hold `O_NOFOLLOW`.
    pub(crate) fn open(&self, path: &[u8], flags: OFlags) -> io::Result<OwnedFd> {
        let below_root = path.strip_prefix(b"/").unwrap_or(path);
        let relative = if below_root.is_empty() { b"." } else { below_root };
        self.open_from(&self.root, relative, flags)
    }

    /// Opens the relative path `path` below `dir`.
    pub(crate) fn open_from(
        &self,
        dir: &OwnedFd,
        path: &[u8],
        flags: OFlags,
    ) -> io::Result<OwnedFd> {
        match self.resolver {
            Resolver::OpenAt2 => {
                let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
                openat2(dir, path, flags, Mode::empty(), resolve)
            }
            Resolver::Emulated => open_by_component(dir.as_fd(), path, flags),
        }
    }

    /// Opens the directory that holds `path`, and tells its name in there.
    pub(crate) fn open_parent<'p>(&self, path: &'p [u8]) -> io::Result<(OwnedFd, &'p [u8])> {
        let dir = parent(path).ok_or(Errno::BUSY)?;
        Ok((self.open(dir, PATH_DIR)?, file_name(path)))
    }

    /// Opens the deepest part of `path` that exists and is not below a symbolic link or another
    /// non-directory; tells how long it is, and what it is.
    pub(crate) fn open_deepest(&self, path: &[u8]) -> io::Result<Deepest> {
        match self.open(path, PATH) {
            Ok(fd) => return Deepest::new(fd, path.len()),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
            Err(errno) => return Err(errno),
        }
        let mut deepest = Deepest::new(self.open(b"/", PATH_DIR)?, 1)?;
        for component in components(path) {
            if deepest.kind != NodeKind::Directory {
                break;
            }
            let slash = usize::from(deepest.len > 1);
            let len = deepest.len.saturating_add(slash).saturating_add(component.len());
            match open_child(deepest.fd.as_fd(), component, PATH) {
                Ok(fd) => deepest = Deepest::new(fd, len)?,
                Err(Errno::NOENT) => break,
                Err(errno) => return Err(errno),
            }
        }
        Ok(deepest)
    }
}

/// The deepest part of a path that can be opened.
pub(crate) struct Deepest {
    pub(crate) fd: OwnedFd,
    /// How many bytes of the path that is.
    pub(crate) len: usize,
    pub(crate) kind: NodeKind,
}

impl Deepest {
    fn new(fd: OwnedFd, len: usize) -> io::Result<Self> {
        let kind = kind_of(&fd)?;
        Ok(Self { fd, len, kind })
    }
}

/// Opens `name`, one component, in `dir`.
pub(crate) fn open_child(dir: BorrowedFd<'_>, name: &[u8], flags: OFlags) -> io::Result<OwnedFd> {
    openat(dir, name, flags, Mode::empty())
}

/// What openat2(2) does, for kernels that have none. Each component but the last must be a
/// directory, and `O_NOFOLLOW` makes a symbolic link none.
fn open_by_component(dir: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> io::Result<OwnedFd> {
    let mut at: Option<OwnedFd> = None;
    let mut names = components(path).peekable();
    while let Some(name) = names.next() {
        let flags = if names.peek().is_some() { PATH_DIR } else { flags };
        let next = open_child(at.as_ref().map_or(dir, AsFd::as_fd), name, flags)?;
        at = Some(next);
    }
    at.ok_or(Errno::NOENT)
}

/// What a descriptor stands for.
pub(crate) fn kind_of(fd: impl AsFd) -> io::Result<NodeKind> {
    Ok(kind(FileType::from_raw_mode(fstat(fd)?.st_mode)))
}

/// The kernel's file types, as far as they matter.
pub(crate) fn kind(file_type: FileType) -> NodeKind {
    if file_type.is_dir() {
        NodeKind::Directory
    } else if file_type.is_file() {
        NodeKind::File
    } else if file_type.is_symlink() {
        NodeKind::Symlink
    } else {
        NodeKind::Special
    }
}
