//! The kernel's error numbers in words (errno(3)).

use core::fmt;

use rustix::io::Errno;

/// Shows an error number as the words that strerror(3) has for it.
pub(crate) struct ErrnoText(pub(crate) i32);

impl fmt::Display for ErrnoText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errno = Errno::from_raw_os_error(self.0);
        let words = match errno {
            Errno::PERM => "operation not permitted",
            Errno::NOENT => "no such file or directory",
            Errno::IO => "input/output error",
            Errno::NOMEM => "cannot allocate memory",
            Errno::ACCESS => "permission denied",
            Errno::BUSY => "device or resource busy",
            Errno::EXIST => "file exists",
            Errno::NODEV => "no such device",
            Errno::NOTDIR => "not a directory",
            Errno::ISDIR => "is a directory",
            Errno::INVAL => "invalid argument",
            Errno::MFILE => "too many open files",
            Errno::NOSPC => "no space left on device",
            Errno::ROFS => "read-only file system",
            Errno::NAMETOOLONG => "file name too long",
            Errno::NOTEMPTY => "directory not empty",
            Errno::LOOP => "too many levels of symbolic links",
            Errno::OPNOTSUPP => "operation not supported",
            _ => return write!(f, "error {}", self.0),
        };
        f.write_str(words)
    }
}
