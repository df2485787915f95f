//! The user's home directory.

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, open, statat};

/// Why a home directory cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HomeError {
    /// It is a symbolic link, which is not followed (contract section 2).
    IsSymlink,
    /// It is no directory.
    IsNoDirectory,
    /// It cannot be opened: the kernel's error number.
    Failed(i32),
}

/// Makes sure that `home` is a directory, and no symbolic link to one.
///
/// # Errors
///
/// It is not.
pub fn check_home(home: &[u8]) -> Result<(), HomeError> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let Err(errno) = open(home, flags, Mode::empty()) else { return Ok(()) };
    // The run ends: what it says may be out of date, what it does does not depend on it.
    let stat = statat(CWD, home, AtFlags::SYMLINK_NOFOLLOW);
    Err(match stat.map(|stat| FileType::from_raw_mode(stat.st_mode)) {
        Ok(FileType::Symlink) => HomeError::IsSymlink,
        Ok(kind) if kind != FileType::Directory => HomeError::IsNoDirectory,
        Ok(_) | Err(_) => HomeError::Failed(errno.raw_os_error()),
    })
}
