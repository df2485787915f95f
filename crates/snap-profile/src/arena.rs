//! Memory for texts that get longer.

/// Hands out pieces of a buffer, front to back; nothing is ever given back.
#[derive(Debug)]
pub struct Arena<'a> {
    rest: &'a mut [u8],
}

impl<'a> Arena<'a> {
    /// Uses all of `buffer`.
    pub fn new(buffer: &'a mut [u8]) -> Self {
        Self { rest: buffer }
    }

    /// Lets `write` fill the free space: it returns what it wrote and what is left, or none when it
    /// does not fit (then nothing is taken).
    pub fn fill<F>(&mut self, write: F) -> Option<&'a [u8]>
    where
        F: FnOnce(&'a mut [u8]) -> Option<(&'a [u8], &'a mut [u8])>,
    {
        let (written, rest) = write(core::mem::take(&mut self.rest))?;
        self.rest = rest;
        Some(written)
    }

    /// Stores `parts` one behind the other.
    pub fn concat(&mut self, parts: &[&[u8]]) -> Option<&'a mut [u8]> {
        let len = parts.iter().try_fold(0_usize, |len, part| len.checked_add(part.len()))?;
        if len > self.rest.len() {
            return None;
        }
        let (piece, rest) = core::mem::take(&mut self.rest).split_at_mut_checked(len)?;
        self.rest = rest;
        let mut free = &mut piece[..];
        for part in parts {
            let (head, tail) = free.split_at_mut_checked(part.len())?;
            head.copy_from_slice(part);
            free = tail;
        }
        Some(piece)
    }
}
