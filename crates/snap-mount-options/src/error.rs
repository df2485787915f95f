//! What can be wrong with options.

use core::fmt;

/// An option that cannot be used, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionError {
    /// The first byte of the option in the options' text, counted from 0.
    pub start: usize,
    /// The option's length in bytes; 0 when an option is missing.
    pub len: usize,
    /// What is wrong with it.
    pub kind: OptionErrorKind,
}

/// What is wrong with an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionErrorKind {
    /// The mode is not octal, or above 01777.
    Mode,
    /// The user or group is neither a number nor `root`, `nobody` or `nogroup`.
    Owner,
    /// The kind is none that we know.
    Kind,
    /// The origin is none that we know.
    Origin,
    /// What an interrupted run left is none of its words.
    Unfinished,
    /// The option needs a value.
    NeedsValue,
    /// The option takes no value.
    NoValue,
    /// The option was given before, with another meaning.
    Conflict,
    /// `kind=symlink` without `symlink=`, or `symlink=` without that kind.
    SymlinkTarget,
    /// `kind=ensure-dir` without `must-exist-dir=`, or `must-exist-dir=` without that kind.
    MustExistDir,
}

impl fmt::Display for OptionErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mode => "the mode must be octal and at most 01777",
            Self::Owner => "a user or group must be a number, root or nobody",
            Self::Kind => "the kind must be file, symlink or ensure-dir",
            Self::Origin => "the origin must be layout, overname or rootfs",
            Self::Unfinished => "only this program writes the option unfinished",
            Self::NeedsValue => "the option needs a value",
            Self::NoValue => "the option takes no value",
            Self::Conflict => "the option contradicts one before it",
            Self::SymlinkTarget => "kind=symlink and symlink=TARGET need each other",
            Self::MustExistDir => "kind=ensure-dir and must-exist-dir=DIR need each other",
        })
    }
}

impl core::error::Error for OptionErrorKind {}
