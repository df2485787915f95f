//! Reading and replacing profile files.

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{
    AtFlags, CWD, FallocateFlags, FileType, Gid, Mode, OFlags, Uid, fallocate, fchown, fstat,
    ftruncate, open, renameat, unlinkat,
};
use rustix::io::{self, Errno};
use snap_fstab::Sink;

use crate::error::{SessionError, Subject, Task, failed};
use crate::instance::Instance;
use crate::join::{InstancePath, instance_path};

/// The profiles of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileFile {
    /// What snapd wants the namespace to look like.
    Desired,
    /// What snapd wants each user to see.
    User,
    /// What this program recorded.
    Current,
}

impl ProfileFile {
    fn path(self, instance: &Instance<'_>) -> InstancePath {
        match self {
            Self::Desired => instance_path(b"/var/lib/snapd/mount/snap.", instance, b".fstab"),
            Self::User => instance_path(b"/var/lib/snapd/mount/snap.", instance, b".user-fstab"),
            Self::Current => instance_path(b"/run/snapd/ns/snap.", instance, b".fstab"),
        }
    }

    fn subject(self) -> Subject {
        match self {
            Self::Desired => Subject::DesiredProfile,
            Self::User => Subject::UserProfile,
            Self::Current => Subject::CurrentProfile,
        }
    }
}

/// Reads a profile into `buffer`, and returns what of it is text. A file that does not exist is an
/// empty profile.
///
/// # Errors
///
/// The file cannot be read, or is larger than `buffer`.
pub fn read_profile<'b>(
    file: ProfileFile,
    instance: &Instance<'_>,
    buffer: &'b mut [u8],
) -> Result<&'b mut [u8], SessionError> {
    let subject = file.subject();
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = match open(file.path(instance).as_c_str(), flags, Mode::empty()) {
        Ok(fd) => fd,
        Err(Errno::NOENT) => return Ok(&mut []),
        Err(errno) => return Err(failed(Task::Open, subject)(errno)),
    };
    let mut len = 0_usize;
    loop {
        let (mut probe, free) = ([0_u8; 1], buffer.get_mut(len..).unwrap_or_default());
        let full = free.is_empty();
        let into = if full { &mut probe[..] } else { free };
        match rustix::io::read(&fd, into) {
            Ok(0) => break,
            Ok(_) if full => return Err(SessionError::ProfileTooLarge(subject)),
            Ok(more) => len = len.saturating_add(more),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(failed(Task::Read, subject)(errno)),
        }
    }
    Ok(buffer.get_mut(..len).unwrap_or_default())
}

/// A file beside the current profile that will replace it, with room for what it will hold: a full
/// or read-only file system is found out before anything is changed.
///
/// Its name is fixed, because the instance's lock is held: what an interrupted run left behind is
/// replaced, and nothing piles up.
#[derive(Debug)]
pub struct Reserved {
    file: OwnedFd,
    /// None when the profile itself is written.
    temporary: Option<InstancePath>,
    path: InstancePath,
    len: u64,
}

/// Makes room for a current profile of `len` bytes.
///
/// # Errors
///
/// There is none.
pub fn reserve(instance: &Instance<'_>, len: usize) -> Result<Reserved, SessionError> {
    let subject = Subject::CurrentProfile;
    let path = ProfileFile::Current.path(instance);
    let temporary = instance_path(b"/run/snapd/ns/snap.", instance, b".fstab.new");
    let root = rustix::process::geteuid().is_root();
    if !root && let Some(mut reserved) = in_place(&path) {
        return reserved.grow(len).map(|()| reserved).map_err(failed(Task::Reserve, subject));
    }
    match unlinkat(CWD, temporary.as_c_str(), AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(errno) => return Err(failed(Task::Create, subject)(errno)),
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
    let file = open(temporary.as_c_str(), flags, mode).map_err(failed(Task::Create, subject))?;
    let mut reserved = Reserved { file, temporary: Some(temporary), path, len: 0 };
    let prepare = |reserved: &mut Reserved| -> io::Result<()> {
        // snap-confine may call as the user; the profile is root's all the same.
        if !(root && rustix::process::getegid().is_root()) {
            fchown(&reserved.file, Some(Uid::ROOT), Some(Gid::ROOT))?;
        }
        reserved.grow(len)
    };
    match prepare(&mut reserved) {
        Ok(()) => Ok(reserved),
        Err(errno) => {
            reserved.discard();
            Err(failed(Task::Reserve, subject)(errno))
        }
    }
}

/// The current profile itself, if it is there and root's. What a process that is not root creates
/// belongs to the calling user for a moment, who could keep it open; and nobody needs the old
/// profile of a first start, which is the only time at which this is not root.
fn in_place(path: &InstancePath) -> Option<Reserved> {
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = open(path.as_c_str(), flags, Mode::empty()).ok()?;
    let stat = fstat(&file).ok()?;
    let roots = stat.st_uid == 0 && FileType::from_raw_mode(stat.st_mode).is_file();
    roots.then(|| Reserved { file, temporary: None, path: path.clone(), len: 0 })
}

impl Reserved {
    /// Makes room for `len` bytes in all.
    ///
    /// # Errors
    ///
    /// There is none; what was there before still is.
    pub fn grow(&mut self, len: usize) -> Result<(), Errno> {
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        if len > self.len {
            match fallocate(&self.file, FallocateFlags::KEEP_SIZE, 0, len) {
                // /run is a tmpfs, and a tmpfs can (fallocate(2)); elsewhere one has to hope.
                Ok(()) | Err(Errno::OPNOTSUPP) => self.len = len,
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }

    /// Lets `write` write the profile, and puts it in the place of the old one.
    ///
    /// # Errors
    ///
    /// It cannot be written or put there; the old one is still there then.
    #[inline(never)]
    pub fn commit<F>(self, write: F) -> Result<(), SessionError>
    where
        F: FnOnce(&mut ProfileWriter<'_>) -> Result<(), Errno>,
    {
        let subject = Subject::CurrentProfile;
        let mut writer =
            ProfileWriter { file: &self.file, buffer: [0; WRITE_BYTES], used: 0, offset: 0 };
        let written = write(&mut writer)
            .and_then(|()| writer.flush())
            .and_then(|()| ftruncate(&self.file, writer.offset))
            .map_err(failed(Task::Write, subject));
        let replace = |temporary: &InstancePath| {
            renameat(CWD, temporary.as_c_str(), CWD, self.path.as_c_str())
                .map_err(failed(Task::Replace, subject))
        };
        written
            .and_then(|()| self.temporary.as_ref().map_or(Ok(()), replace))
            .inspect_err(|_| self.discard())
    }

    /// Removes the file again.
    pub fn discard(&self) {
        if let Some(temporary) = &self.temporary {
            // It is replaced by the next run if it stays.
            let _ = unlinkat(CWD, temporary.as_c_str(), AtFlags::empty());
        }
    }
}

/// How many bytes are written at once.
const WRITE_BYTES: usize = 8192;

/// Writes into a [`Reserved`] file, a block at a time.
#[derive(Debug)]
pub struct ProfileWriter<'f> {
    file: &'f OwnedFd,
    buffer: [u8; WRITE_BYTES],
    used: usize,
    offset: u64,
}

impl ProfileWriter<'_> {
    fn flush(&mut self) -> Result<(), Errno> {
        let mut rest = self.buffer.get(..self.used).unwrap_or_default();
        while !rest.is_empty() {
            let written = rustix::io::pwrite(self.file.as_fd(), rest, self.offset)?;
            rest = rest.get(written..).unwrap_or_default();
            self.offset = self.offset.saturating_add(u64::try_from(written).unwrap_or(0));
        }
        self.used = 0;
        Ok(())
    }
}

impl Sink for ProfileWriter<'_> {
    type Error = Errno;

    fn put(&mut self, mut bytes: &[u8]) -> Result<(), Errno> {
        while !bytes.is_empty() {
            let free = self.buffer.get_mut(self.used..).unwrap_or_default();
            let (now, later) = bytes.split_at(free.len().min(bytes.len()));
            if let Some(slot) = free.get_mut(..now.len()) {
                slot.copy_from_slice(now);
            }
            self.used = self.used.saturating_add(now.len());
            bytes = later;
            if self.used == self.buffer.len() {
                self.flush()?;
            }
        }
        Ok(())
    }
}
