//! What can be wrong with a profile's text.

use core::fmt;

/// A line that is no entry, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The line, counted from 1.
    pub line: u32,
    /// The byte in the line, counted from 1.
    pub column: u32,
    /// What is wrong there.
    pub kind: ParseErrorKind,
}

/// What is wrong at a place of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseErrorKind {
    /// The entry ends after so many fields; it needs three.
    TooFewFields(u32),
    /// A byte below space that is no separator, or DEL.
    ControlByte(u8),
    /// The fifth (dump) or sixth (pass) field is not a decimal number that fits 32 bits.
    NotANumber,
    /// The line is longer than [`crate::LINE_MAX`].
    LineTooLong,
}

impl fmt::Display for ParseErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewFields(found) => {
                write!(f, "{found} field(s), need at least 3 (source, mount point, type)")
            }
            Self::ControlByte(byte) => write!(f, "control byte 0x{byte:02x}; write \\011 or \\012"),
            Self::NotANumber => f.write_str("dump and pass must be decimal numbers"),
            Self::LineTooLong => f.write_str("the line is longer than 65536 bytes"),
        }
    }
}

impl core::error::Error for ParseError {}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.kind)
    }
}
