//! Texts for the kernel, built without a heap.

use core::ffi::CStr;
use core::fmt;

/// A NUL-terminated text of at most `N - 1` bytes.
#[derive(Clone, Debug)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Text<N> {
    /// The empty text.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "it is only ever a static or a buffer")]
    pub const fn new() -> Self {
        Self { bytes: [0; N], len: 0 }
    }

    /// Adds `bytes`; none when they do not fit (then nothing is added).
    #[must_use]
    pub fn push(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.len.checked_add(bytes.len()).filter(|&end| end < N)?;
        self.bytes.get_mut(self.len..end)?.copy_from_slice(bytes);
        self.len = end;
        Some(())
    }

    /// Adds formatted text; none when it does not fit (then what fitted may have been added).
    #[must_use]
    pub fn push_fmt(&mut self, text: fmt::Arguments<'_>) -> Option<()> {
        fmt::write(self, text).ok()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The text up to its first NUL byte, for a system call.
    #[must_use]
    pub fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or_default()
    }

    /// The bytes, without the terminating NUL.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Shortens the text to `len` bytes, if it is longer.
    pub fn truncate(&mut self, len: usize) {
        if let Some(cut) = self.bytes.get_mut(len..self.len) {
            cut.fill(0);
            self.len = len;
        }
    }
}

impl<const N: usize> fmt::Write for Text<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes()).ok_or(fmt::Error)
    }
}
