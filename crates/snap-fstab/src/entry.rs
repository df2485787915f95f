//! One entry, and how it is written.

/// One line of a profile. All fields are unescaped bytes borrowed from the profile's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry<'a> {
    /// What is mounted: a path, a device, or a name such as `tmpfs` or `none`.
    pub source: &'a [u8],
    /// Where it is mounted.
    pub mount_point: &'a [u8],
    /// The file-system type; `none` for binds and for what is not a mount.
    pub fs_type: &'a [u8],
    /// The options, separated by commas; empty where the text says `defaults`.
    pub options: &'a [u8],
    /// The fifth field of fstab(5); kept, never used.
    pub dump: u32,
    /// The sixth field of fstab(5); kept, never used.
    pub pass: u32,
}

/// Where bytes are written to.
pub trait Sink {
    /// Why nothing more can be written.
    type Error;

    /// Takes all of `bytes`.
    ///
    /// # Errors
    ///
    /// The sink's own.
    fn put(&mut self, bytes: &[u8]) -> Result<(), Self::Error>;
}

impl Entry<'_> {
    /// Writes the canonical line: single spaces, escapes, `none` and `defaults` for what is empty.
    ///
    /// # Errors
    ///
    /// Whatever `sink` reports.
    pub fn write<S: Sink>(&self, sink: &mut S) -> Result<(), S::Error> {
        self.write_with(&[], sink)
    }

    /// The same with another option behind the others, unless that is empty.
    ///
    /// # Errors
    ///
    /// Whatever `sink` reports.
    pub fn write_with<S: Sink>(&self, option: &[u8], sink: &mut S) -> Result<(), S::Error> {
        write_field(self.source, b"none", sink)?;
        sink.put(b" ")?;
        write_field(self.mount_point, b"none", sink)?;
        sink.put(b" ")?;
        write_field(self.fs_type, b"none", sink)?;
        sink.put(b" ")?;
        match (self.options.is_empty(), option.is_empty()) {
            (_, true) => write_field(self.options, b"defaults", sink)?,
            (true, false) => write_field(option, &[], sink)?,
            (false, false) => {
                write_field(self.options, &[], sink)?;
                sink.put(b",")?;
                write_field(option, &[], sink)?;
            }
        }
        sink.put(b" ")?;
        write_number(self.dump, sink)?;
        sink.put(b" ")?;
        write_number(self.pass, sink)?;
        sink.put(b"\n")
    }
}

/// The bytes that a field must not contain as they are, with what stands for them (fstab(5)). A
/// field that starts with `#` would read back as a comment, but parsing yields none.
pub(crate) const ESCAPES: [(u8, &[u8; 4]); 4] =
    [(b' ', b"\\040"), (b'\t', b"\\011"), (b'\n', b"\\012"), (b'\\', b"\\134")];

fn escape(byte: u8) -> Option<&'static [u8; 4]> {
    ESCAPES.iter().find(|(plain, _)| *plain == byte).map(|&(_, escape)| escape)
}

/// How many bytes `field` takes once it is written.
#[must_use]
pub fn escaped_len(field: &[u8]) -> usize {
    field.iter().fold(0_usize, |len, &byte| len.saturating_add(escape(byte).map_or(1, |e| e.len())))
}

fn write_field<S: Sink>(mut field: &[u8], empty: &[u8], sink: &mut S) -> Result<(), S::Error> {
    if field.is_empty() {
        return sink.put(empty);
    }
    while let Some(at) = field.iter().position(|&byte| escape(byte).is_some()) {
        let (plain, rest) = field.split_at(at);
        sink.put(plain)?;
        if let [byte, rest @ ..] = rest {
            sink.put(escape(*byte).map_or(&[][..], |e| &e[..]))?;
            field = rest;
        }
    }
    sink.put(field)
}

fn write_number<S: Sink>(mut number: u32, sink: &mut S) -> Result<(), S::Error> {
    let mut digits = [0_u8; 10];
    let mut start = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b'0'.wrapping_add((number % 10) as u8);
        number /= 10;
        start = start.saturating_sub(1);
        if number == 0 {
            break;
        }
    }
    sink.put(digits.get(start..).unwrap_or_default())
}
