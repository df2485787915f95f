//! Where the fields of a line are, found in one pass: profiles can be long, and are read each time.

/// Where a field stands in its line: its first byte, and the one behind it.
pub(crate) type Span = (usize, usize);

/// What one pass over a line finds.
#[derive(Clone, Copy)]
pub(crate) struct Scan {
    /// The line's length, without its newline.
    pub(crate) len: usize,
    /// The first four fields.
    pub(crate) head: [Span; 4],
    /// The last three fields.
    pub(crate) tail: [Span; 3],
    /// How many fields there are, up to a comment.
    pub(crate) count: u32,
    /// The first control byte, and where it is; a comment must have none either.
    pub(crate) control: Option<(usize, u8)>,
    pub(crate) escapes: Escapes,
}

/// Whether a line has a backslash at all.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escapes {
    None,
    Some,
}

/// What a byte means to the scan.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Plain,
    Separator,
    Newline,
    Control,
    Backslash,
}

const fn class(byte: u8) -> Class {
    match byte {
        b'\n' => Class::Newline,
        b' ' | b'\t' => Class::Separator,
        b'\\' => Class::Backslash,
        0..b' ' | 0x7f => Class::Control,
        _ => Class::Plain,
    }
}

impl Scan {
    /// Looks at the first line of `text`.
    pub(crate) fn of(text: &[u8]) -> Self {
        let mut scan = Self {
            len: text.len(),
            head: [(0, 0); 4],
            tail: [(0, 0); 3],
            count: 0,
            control: None,
            escapes: Escapes::None,
        };
        let mut field: Option<usize> = None;
        let mut in_comment = false;
        for (at, &byte) in text.iter().enumerate() {
            match class(byte) {
                Class::Plain if field.is_some() || in_comment => {}
                Class::Plain if byte == b'#' => in_comment = true,
                Class::Plain => field = Some(at),
                Class::Separator => {
                    if let Some(start) = field.take() {
                        scan.add((start, at));
                    }
                }
                Class::Backslash => {
                    scan.escapes = Escapes::Some;
                    if !in_comment {
                        field = field.or(Some(at));
                    }
                }
                Class::Control => {
                    scan.control = scan.control.or(Some((at, byte)));
                    if !in_comment {
                        field = field.or(Some(at));
                    }
                }
                Class::Newline => {
                    scan.len = at;
                    break;
                }
            }
        }
        if let Some(start) = field {
            scan.add((start, scan.len));
        }
        scan
    }

    fn add(&mut self, span: Span) {
        if let Some(slot) = self.head.get_mut(self.count as usize) {
            *slot = span;
        }
        self.tail = [self.tail[1], self.tail[2], span];
        self.count = self.count.saturating_add(1);
    }
}
