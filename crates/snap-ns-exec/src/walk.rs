//! Opening paths so that no component is a symbolic link.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstat, open, openat, openat2};
use rustix::io::{self, Errno};
use snap_ns_plan::NodeKind;
use snap_path::{components, file_name, parent};

use crate::kernel::{Kernel, Resolver};

/// A descriptor that only stands for a place; a symbolic link stands for itself.
pub(crate) const PATH: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// The same for a place that must be a directory.
pub(crate) const PATH_DIR: OFlags = PATH.union(OFlags::DIRECTORY);

/// No component may be a symbolic link.
#[cfg(not(feature = "follow-links-for-tests"))]
const NO_LINKS: ResolveFlags = ResolveFlags::NO_SYMLINKS.union(ResolveFlags::NO_MAGICLINKS);

/// What `cargo xtask races --prove` shows to be an open door.
#[cfg(feature = "follow-links-for-tests")]
const NO_LINKS: ResolveFlags = ResolveFlags::empty();

#[cfg(all(feature = "follow-links-for-tests", not(debug_assertions)))]
compile_error!("follow-links-for-tests is for debug builds, which nobody installs");

impl Resolver {
    /// Opens the root directory: the first use of the resolver, which shows whether it works.
    pub(crate) fn open_root(self) -> io::Result<OwnedFd> {
        match self {
            Self::OpenAt2 => openat2(CWD, c"/", PATH_DIR, Mode::empty(), NO_LINKS),
            Self::Emulated => open(c"/", PATH_DIR, Mode::empty()),
        }
    }
}

impl Kernel {
    /// Opens the place `path` (clean, absolute) with `flags`, which hold `O_NOFOLLOW`.
    pub(crate) fn open(&self, path: &[u8], flags: OFlags) -> io::Result<OwnedFd> {
        let below_root = path.strip_prefix(b"/").unwrap_or(path);
        let relative = if below_root.is_empty() { b"." } else { below_root };
        match self.resolver {
            Resolver::OpenAt2 => openat2(&self.root, relative, flags, Mode::empty(), NO_LINKS),
            Resolver::Emulated => open_by_component(self.root.as_fd(), relative, flags),
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
        let mut part = path;
        loop {
            match self.open(part, PATH) {
                Ok(fd) => {
                    let kind = kind_of(&fd)?;
                    return Ok(Deepest { fd, len: part.len(), kind });
                }
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {
                    part = parent(part).ok_or(Errno::NOENT)?;
                }
                Err(errno) => return Err(errno),
            }
        }
    }
}

/// The deepest part of a path that can be opened.
pub(crate) struct Deepest {
    pub(crate) fd: OwnedFd,
    /// How many bytes of the path that is.
    pub(crate) len: usize,
    pub(crate) kind: NodeKind,
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

/// Whether two descriptors stand for the same file.
pub(crate) fn is_same(a: BorrowedFd<'_>, b: BorrowedFd<'_>) -> io::Result<bool> {
    let (a, b) = (fstat(a)?, fstat(b)?);
    Ok((a.st_dev, a.st_ino) == (b.st_dev, b.st_ino))
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
