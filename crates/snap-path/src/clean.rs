//! From what a profile says to a clean path.

use core::fmt;

/// The longest path in bytes, with its terminating NUL (`limits.h`, path_resolution(7)).
pub const PATH_MAX: usize = 4096;

/// Why a path cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathError {
    /// The path does not start with `/`.
    NotAbsolute,
    /// A component is `..`.
    DotDot,
    /// A NUL byte is in it.
    Nul,
    /// It has [`PATH_MAX`] bytes or more.
    TooLong,
    /// It has an empty or `.` component, or a trailing `/`, where none is put right.
    NotClean,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAbsolute => "the path must start with /",
            Self::DotDot => "the path must not contain ..",
            Self::Nul => "the path must not contain a NUL byte",
            Self::TooLong => "the path must be shorter than 4096 bytes",
            Self::NotClean => "the path must not contain //, /./ or end in /",
        })
    }
}

impl core::error::Error for PathError {}

/// Tells whether `path` is clean already.
///
/// # Errors
///
/// Why it is not. [`PathError::NotClean`] is the one that [`clean`] puts right; its length is not
/// looked at then.
pub fn check(path: &[u8]) -> Result<(), PathError> {
    let [b'/', components @ ..] = path else { return Err(PathError::NotAbsolute) };
    if path.contains(&0) {
        return Err(PathError::Nul);
    }
    let mut clean = true;
    for component in components.split(|&b| b == b'/') {
        match component {
            b".." => return Err(PathError::DotDot),
            // But `/` itself ends in an empty one.
            b"" | b"." => clean = path == b"/",
            _ => {}
        }
    }
    if !clean {
        return Err(PathError::NotClean);
    }
    if path.len() >= PATH_MAX { Err(PathError::TooLong) } else { Ok(()) }
}

/// Cleans `path` in place: `//`, `/./` and a trailing `/` go away. The result borrows the start of
/// the buffer; nothing is ever lengthened.
///
/// # Errors
///
/// A path that is relative, has a `..` component or a NUL byte, or is too long.
pub fn clean(path: &mut [u8]) -> Result<&[u8], PathError> {
    match check(path) {
        Ok(()) => Ok(path),
        Err(PathError::NotClean) => {
            let len = squeeze(path);
            if len >= PATH_MAX {
                return Err(PathError::TooLong);
            }
            Ok(path.get(..len).unwrap_or_default())
        }
        Err(error) => Err(error),
    }
}

/// Moves the real components to the front, each behind one `/`; returns the new length.
fn squeeze(path: &mut [u8]) -> usize {
    let (mut read, mut write) = (0_usize, 0_usize);
    while read < path.len() {
        let rest = path.get(read..).unwrap_or_default();
        let len = rest.iter().position(|&b| b == b'/').unwrap_or(rest.len());
        let end = read.saturating_add(len);
        if !matches!(rest.get(..len), Some(b"" | b".")) {
            if let Some(slot) = path.get_mut(write) {
                *slot = b'/';
            }
            write = write.saturating_add(1);
            path.copy_within(read..end, write);
            write = write.saturating_add(len);
        }
        read = end.saturating_add(1);
    }
    write.max(1)
}
