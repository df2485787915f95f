//! Replacing the current profile: files beside it, with room for what they will hold.

use core::mem;

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{
    AtFlags, CWD, FallocateFlags, FileType, Gid, Mode, OFlags, RenameFlags, Uid, fallocate, fchown,
    fstat, ftruncate, open, renameat, renameat_with, unlinkat,
};
use rustix::io::{self, Errno};
use snap_fstab::Sink;

use crate::error::{SessionError, Subject, Task, failed};
use crate::instance::Instance;
use crate::join::{InstancePath, instance_path};
use crate::store::ProfileFile;

/// What a file beside the current profile is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draft {
    /// It will be the next profile.
    Profile,
    /// It says what is about to be done, as long as that is done.
    Journal,
}

impl Draft {
    fn path(self, instance: &Instance<'_>) -> InstancePath {
        let end: &[u8] = match self {
            Self::Profile => b".fstab.new",
            Self::Journal => b".fstab.journal",
        };
        instance_path(b"/run/snapd/ns/snap.", instance, end)
    }
}

/// Removes what a run that was interrupted left beside the current profile.
pub fn remove_drafts(instance: &Instance<'_>) {
    for draft in [Draft::Profile, Draft::Journal] {
        // There is hardly ever one, and it would be replaced by the next run that needs it.
        let _ = unlinkat(CWD, draft.path(instance).as_c_str(), AtFlags::empty());
    }
}

/// Whether this process can keep a journal. What another one than root creates belongs to the
/// calling user for a moment, who could keep it open; such a process works for snap-confine, in a
/// namespace that is thrown away when it dies.
#[must_use]
pub fn keeps_journal() -> bool {
    rustix::process::geteuid().is_root()
}

/// A file beside the current profile that may take its place, with room for what it will hold: a
/// full or read-only file system is found out before anything is changed.
///
/// Its name is fixed, because the instance's lock is held: what an interrupted run left behind is
/// replaced, and nothing piles up. What did not take the place is removed when this is dropped.
#[derive(Debug)]
pub struct Reserved {
    file: OwnedFd,
    /// None when it is the profile itself.
    temporary: Option<InstancePath>,
    path: InstancePath,
    /// So many are written, at most.
    len: u64,
}

/// Makes room for a current profile of `len` bytes.
///
/// # Errors
///
/// There is none.
pub fn reserve(
    instance: &Instance<'_>,
    draft: Draft,
    len: usize,
) -> Result<Reserved, SessionError> {
    let subject = Subject::CurrentProfile;
    let path = ProfileFile::Current.path(instance);
    let root = rustix::process::geteuid().is_root();
    if !root && let Some(mut reserved) = in_place(&path) {
        return reserved.reserve(len).map(|()| reserved);
    }
    let temporary = draft.path(instance);
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
    let create = || open(temporary.as_c_str(), flags, mode);
    let file = match create() {
        Err(Errno::EXIST) => {
            unlinkat(CWD, temporary.as_c_str(), AtFlags::empty()).and_then(|()| create())
        }
        result => result,
    }
    .map_err(failed(Task::Create, subject))?;
    let mut reserved = Reserved { file, temporary: Some(temporary), path, len: 0 };
    // snap-confine may call as the user; the profile is root's all the same.
    if !(root && rustix::process::getegid().is_root()) {
        fchown(&reserved.file, Some(Uid::ROOT), Some(Gid::ROOT))
            .map_err(failed(Task::Reserve, subject))?;
    }
    reserved.reserve(len).map(|()| reserved)
}

/// The current profile itself, if it is there and root's. What a process that is not root creates
/// belongs to the calling user for a moment, who could keep it open; and nobody needs the old
/// profile of a first start, which is the only time at which this is not root.
fn in_place(path: &InstancePath) -> Option<Reserved> {
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = open(path.as_c_str(), flags, Mode::empty()).ok()?;
    let stat = fstat(&file).ok()?;
    let roots = stat.st_uid == 0 && FileType::from_raw_mode(stat.st_mode).is_file();
    let len = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
    roots.then(|| Reserved { file, temporary: None, path: path.clone(), len })
}

impl Reserved {
    /// Makes room for `len` bytes in all.
    ///
    /// # Errors
    ///
    /// There is none; what was there before still is.
    pub fn reserve(&mut self, len: usize) -> Result<(), SessionError> {
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        let room = match len {
            0 => Ok(()),
            _ => fallocate(&self.file, FallocateFlags::KEEP_SIZE, 0, len),
        };
        match room {
            // /run is a tmpfs, and a tmpfs can (fallocate(2)); elsewhere one has to hope.
            Ok(()) | Err(Errno::OPNOTSUPP) => Ok(()),
            Err(errno) => Err(failed(Task::Reserve, Subject::CurrentProfile)(errno)),
        }
    }

    /// How many bytes are written.
    #[must_use]
    pub fn written(&self) -> usize {
        usize::try_from(self.len).unwrap_or(usize::MAX)
    }

    /// Lets `write` write the whole file.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn write<F>(&mut self, write: F) -> Result<(), SessionError>
    where
        F: FnOnce(&mut ProfileWriter<'_>) -> Result<(), Errno>,
    {
        let before = mem::replace(&mut self.len, u64::MAX);
        let written = self.write_at(0, write).and_then(|end| {
            self.len = end;
            // Where nothing has to be cut off, room that is left over stays.
            if before > end { ftruncate(&self.file, end) } else { Ok(()) }
        });
        written.map_err(|errno| {
            let task = if errno == Errno::NOSPC { Task::Reserve } else { Task::Write };
            failed(task, Subject::CurrentProfile)(errno)
        })
    }

    /// Lets `write` write over the file from the byte `offset` on; it has to be at least that long.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn overwrite<F>(&self, offset: usize, write: F) -> Result<(), Errno>
    where
        F: FnOnce(&mut ProfileWriter<'_>) -> Result<(), Errno>,
    {
        let offset = u64::try_from(offset).unwrap_or(u64::MAX);
        self.write_at(offset, write).map(|_| ())
    }

    #[inline(never)]
    fn write_at<F>(&self, offset: u64, write: F) -> Result<u64, Errno>
    where
        F: FnOnce(&mut ProfileWriter<'_>) -> Result<(), Errno>,
    {
        let mut writer =
            ProfileWriter { file: &self.file, buffer: [0; WRITE_BYTES], used: 0, offset };
        write(&mut writer)?;
        writer.flush()?;
        Ok(writer.offset)
    }

    /// Puts the file in the place of the current profile.
    ///
    /// # Errors
    ///
    /// It cannot be put there; the old profile is still there then.
    pub fn publish(&mut self) -> Result<(), SessionError> {
        if let Some(temporary) = &self.temporary {
            renameat(CWD, temporary.as_c_str(), CWD, self.path.as_c_str())
                .map_err(failed(Task::Replace, Subject::CurrentProfile))?;
        }
        self.temporary = None;
        Ok(())
    }

    /// Puts the file in the place of `published`, which is the current profile and becomes what this
    /// one was: a file beside it, whose room is still there. False if that cannot be done here; then
    /// nothing was changed.
    pub fn change_places_with(&mut self, published: &mut Self) -> bool {
        let Some(temporary) = &self.temporary else { return false };
        let (from, to) = (temporary.as_c_str(), self.path.as_c_str());
        let changed = renameat_with(CWD, from, CWD, to, RenameFlags::EXCHANGE).is_ok();
        if changed {
            published.temporary = self.temporary.take();
        }
        changed
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // It is replaced by the next run if it stays.
            let _ = unlinkat(CWD, temporary.as_c_str(), AtFlags::empty());
        }
    }
}

/// How many bytes are written at once.
const WRITE_BYTES: usize = 4096;

/// Writes into a [`Reserved`] file, a block at a time.
#[derive(Debug)]
pub struct ProfileWriter<'f> {
    file: &'f OwnedFd,
    buffer: [u8; WRITE_BYTES],
    used: usize,
    offset: u64,
}

impl ProfileWriter<'_> {
    fn flush(&mut self) -> io::Result<()> {
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
