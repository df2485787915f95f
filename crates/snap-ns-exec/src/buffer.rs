//! Texts for the kernel, built without a heap.

use core::ffi::CStr;

/// A NUL-terminated text of at most `N - 1` bytes.
pub(crate) struct CText<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> CText<N> {
    pub(crate) fn new() -> Self {
        Self { bytes: [0; N], len: 0 }
    }

    /// Adds `bytes`; none when they do not fit.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.len.checked_add(bytes.len()).filter(|&end| end < N)?;
        self.bytes.get_mut(self.len..end)?.copy_from_slice(bytes);
        self.len = end;
        Some(())
    }

    /// Adds `number` in the given radix (8 or 10).
    pub(crate) fn push_number(&mut self, mut number: u32, radix: u32) -> Option<()> {
        let mut digits = [0_u8; 16];
        let mut start = digits.len();
        for digit in digits.iter_mut().rev() {
            start = start.saturating_sub(1);
            *digit = b'0'.wrapping_add(number.checked_rem(radix)? as u8);
            number = number.checked_div(radix)?;
            if number == 0 {
                break;
            }
        }
        self.push(digits.get(start..)?)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or_default()
    }
}

/// The path of a descriptor: `/proc/self/fd/N` (proc(5)).
pub(crate) fn fd_path(fd: rustix::fd::BorrowedFd<'_>) -> CText<32> {
    use rustix::fd::AsRawFd;
    let mut path = CText::new();
    // A descriptor is never negative, and ten digits fit.
    let number = u32::try_from(fd.as_raw_fd()).unwrap_or(u32::MAX);
    let _ = path.push(b"/proc/self/fd/").and_then(|()| path.push_number(number, 10));
    path
}
