//! Why a profile cannot be used.

use core::fmt;

use snap_fstab::ParseErrorKind;
use snap_mount_options::OptionErrorKind;
use snap_path::PathError;

/// A place in a profile, and what is wrong there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadError<'a> {
    /// The line, counted from 1.
    pub line: u32,
    /// The byte in the line, counted from 1; 0 when the whole line is meant.
    pub column: u32,
    /// The text that is wrong; empty when the kind says it all.
    pub culprit: &'a [u8],
    /// What is wrong.
    pub kind: LoadErrorKind,
}

/// What is wrong with an entry of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadErrorKind {
    /// The line is no entry.
    Parse(ParseErrorKind),
    /// The mount point is no usable path.
    MountPoint(PathError),
    /// Nothing but snap-confine's own root file system is mounted at `/`.
    MountPointIsRoot,
    /// The source of a bind is no usable path.
    Source(PathError),
    /// The directory that must exist is no usable path.
    MustExistDir(PathError),
    /// The directory that must exist has a comma in its path.
    CommaInDir,
    /// An option is malformed.
    Option(OptionErrorKind),
    /// Only the current profile may have `x-snapd.origin=rootfs`.
    RootfsIsNotDesired,
    /// `$HOME` is used, but `SNAP_REAL_HOME` is not set.
    NoHome,
    /// `$HOME` is used, but `SNAP_REAL_HOME` is no clean absolute path.
    BadHome(PathError),
    /// More entries than [`crate::ENTRIES_MAX`].
    TooManyEntries,
    /// Expanded variables and translated options do not fit the arena.
    ArenaFull,
}

impl fmt::Display for LoadErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(kind) => kind.fmt(f),
            Self::MountPoint(kind) => write!(f, "bad mount point: {kind}"),
            Self::MountPointIsRoot => f.write_str("bad mount point: / cannot be mounted over"),
            Self::Source(kind) => write!(f, "bad source: {kind}"),
            Self::MustExistDir(kind) => write!(f, "bad must-exist-dir: {kind}"),
            Self::CommaInDir => f.write_str("bad must-exist-dir: the path has a comma in it"),
            Self::Option(kind) => write!(f, "bad option: {kind}"),
            Self::RootfsIsNotDesired => {
                f.write_str("bad option: only snap-confine records origin=rootfs")
            }
            Self::NoHome => f.write_str("$HOME is needed but SNAP_REAL_HOME is not set"),
            Self::BadHome(kind) => write!(f, "$HOME is needed but SNAP_REAL_HOME is bad: {kind}"),
            Self::TooManyEntries => f.write_str("more than 16384 entries"),
            Self::ArenaFull => f.write_str("expanded variables and options need more than 10 MiB"),
        }
    }
}

impl core::error::Error for LoadErrorKind {}
