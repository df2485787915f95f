//! The values of model options: numbers, modes, users.

use crate::error::OptionErrorKind;

/// The user and group `nobody` of Debian, Ubuntu and the kernel (`overflowuid`, proc(5)).
const NOBODY: u32 = 65534;

/// An octal mode without set-id bits, at most `01777`.
pub(crate) fn mode(text: &[u8]) -> Result<u16, OptionErrorKind> {
    let step = |mode: u16, &byte: &u8| match byte {
        b'0'..=b'7' => mode.checked_mul(8)?.checked_add(u16::from(byte.wrapping_sub(b'0'))),
        _ => None,
    };
    match text.iter().try_fold(0, step) {
        Some(mode) if mode <= 0o1777 && !text.is_empty() => Ok(mode),
        _ => Err(OptionErrorKind::Mode),
    }
}

/// A decimal user or group number, or one of the names that need no name service.
pub(crate) fn owner(text: &[u8]) -> Result<u32, OptionErrorKind> {
    match text {
        b"root" => return Ok(0),
        b"nobody" => return Ok(NOBODY),
        _ => {}
    }
    let step = |number: u32, &byte: &u8| match byte {
        b'0'..=b'9' => number.checked_mul(10)?.checked_add(u32::from(byte.wrapping_sub(b'0'))),
        _ => None,
    };
    // (uid_t) -1 means "leave as it is" in chown(2).
    match text.iter().try_fold(0, step) {
        Some(number) if number != u32::MAX && !text.is_empty() => Ok(number),
        _ => Err(OptionErrorKind::Owner),
    }
}
