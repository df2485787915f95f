//! The values of model options: numbers, modes, users.

use crate::error::OptionErrorKind;

/// The user and group `nobody` of Debian, Ubuntu and the kernel (`overflowuid`, proc(5)).
const NOBODY: u32 = 65534;

/// A number of a type `N` without a sign or anything else around it.
fn number<N: TryFrom<u64>>(text: &[u8], radix: u32) -> Option<N> {
    let text = core::str::from_utf8(text).ok().filter(|text| !text.starts_with('+'))?;
    N::try_from(u64::from_str_radix(text, radix).ok()?).ok()
}

/// An octal mode without set-id bits, at most `01777`.
pub(crate) fn mode(text: &[u8]) -> Result<u16, OptionErrorKind> {
    number(text, 8).filter(|&mode| mode <= 0o1777).ok_or(OptionErrorKind::Mode)
}

/// A decimal number of 64 bits.
pub(crate) fn mount_id(text: &[u8]) -> Result<u64, OptionErrorKind> {
    number(text, 10).ok_or(OptionErrorKind::Unfinished)
}

/// A decimal user or group number, or one of the two names that need no name service.
pub(crate) fn owner(text: &[u8]) -> Result<u32, OptionErrorKind> {
    match text {
        b"root" => Ok(0),
        b"nobody" => Ok(NOBODY),
        // (uid_t) -1 means "leave as it is" in chown(2).
        _ => number(text, 10).filter(|&id| id != u32::MAX).ok_or(OptionErrorKind::Owner),
    }
}
