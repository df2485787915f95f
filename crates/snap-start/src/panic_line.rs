//! What a panic says.

use core::panic::Location;

/// The one line that the program's caller shows when a bug was met. Made by hand, because the
/// formatting machinery of `core` would be the largest part of a program that has no other use
/// for it, and could itself panic.
pub(crate) struct PanicLine {
    text: [u8; 256],
    used: usize,
}

impl PanicLine {
    /// The line for a panic at `location`.
    pub(crate) fn new(location: Option<&Location<'_>>) -> Self {
        let mut line = Self { text: [0; 256], used: 0 };
        line.push(b"cannot update snap namespace: internal error at ");
        match location {
            Some(location) => {
                // The end of a long path tells more than its beginning.
                let file = location.file().as_bytes();
                line.push(file.last_chunk::<180>().map_or(file, |end| end));
                line.push(b":");
                line.push_decimal(location.line());
            }
            None => line.push(b"an unknown place"),
        }
        line.push(b"\n");
        line
    }

    /// The line, with its end of line.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.text.get(..self.used).unwrap_or_default()
    }

    fn push(&mut self, bytes: &[u8]) {
        let room = self.text.iter_mut().skip(self.used);
        let mut written = 0_usize;
        for (slot, byte) in room.zip(bytes) {
            *slot = *byte;
            written = written.saturating_add(1);
        }
        self.used = self.used.saturating_add(written);
    }

    fn push_decimal(&mut self, mut number: u32) {
        // u32::MAX has ten digits.
        let mut digits = [0_u8; 10];
        for digit in digits.iter_mut().rev() {
            *digit = b'0'.saturating_add(u8::try_from(number % 10).unwrap_or_default());
            number /= 10;
            if number == 0 {
                break;
            }
        }
        let unused = digits.iter().take_while(|digit| **digit == 0).count();
        self.push(digits.get(unused..).unwrap_or_default());
    }
}
