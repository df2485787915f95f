//! The kernel's refusals.

/// Why something cannot be done, as errno(3) has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// `ENOENT`
    NotFound = 2,
    /// `EIO`; only ever on demand.
    Io = 5,
    /// `EBUSY`
    Busy = 16,
    /// `EEXIST`
    Exists = 17,
    /// `ENOTDIR`
    NotDirectory = 20,
    /// `EINVAL`
    Invalid = 22,
    /// `EROFS`
    ReadOnly = 30,
    /// `ENOTEMPTY`
    NotEmpty = 39,
    /// `ELOOP`: a symbolic link is on the way, or a mount would be moved below itself.
    Loop = 40,
}

impl Error {
    /// The kernel's number for it.
    #[must_use]
    pub const fn errno(self) -> i32 {
        self as i32
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?} (error {})", self.errno())
    }
}

impl std::error::Error for Error {}
