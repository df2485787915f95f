//! The entries of a profile, line by line.

use crate::error::{ParseError, ParseErrorKind};
use crate::fields::{fold_separators, unescape};
use crate::scan::{Escapes, Scan, Span};

/// The longest line in bytes, without its newline (docs/limits.md).
pub const LINE_MAX: usize = 64 * 1024;

/// One parsed line. The two paths can still be changed in place (to clean them).
#[derive(Debug)]
pub struct Line<'a> {
    /// The line's number, counted from 1.
    pub number: u32,
    /// Where the fields stand in the line, for messages.
    pub columns: Columns,
    /// The first field.
    pub source: &'a mut [u8],
    /// The second field.
    pub mount_point: &'a mut [u8],
    /// The third field.
    pub fs_type: &'a [u8],
    /// The fourth field and all surplus ones; empty for `defaults` or when there is none.
    pub options: &'a [u8],
    /// The fifth field, or 0.
    pub dump: u32,
    /// The sixth field, or 0.
    pub pass: u32,
}

/// The columns, counted from 1, at which fields of a line start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// Of the source.
    pub source: u32,
    /// Of the mount point.
    pub mount_point: u32,
    /// Of the options; 0 when the line has none.
    pub options: u32,
}

/// Reads `text` as a profile, in place.
pub fn parse(text: &mut [u8], rigour: Rigour) -> Lines<'_> {
    Lines { rest: text, number: 0, rigour }
}

/// How much is put up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rigour {
    /// Only what fstab(5) knows.
    Strict,
    /// Control bytes in fields, and anything in the fifth and sixth field (0 is read then): what
    /// other programs, or the names of files, may have brought into a record.
    Lenient,
}

/// The iterator that [`parse`] returns. It can go on after an error, with the next line.
#[derive(Debug)]
pub struct Lines<'a> {
    rest: &'a mut [u8],
    number: u32,
    rigour: Rigour,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Result<Line<'a>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let text = core::mem::take(&mut self.rest);
            let scan = Scan::of(text);
            let (line, rest) = text.split_at_mut(scan.len.min(text.len()));
            self.rest = rest.get_mut(1..).unwrap_or_default();
            self.number = self.number.saturating_add(1);
            match parse_line(line, &scan, self.number, self.rigour) {
                Ok(None) => {}
                Ok(Some(line)) => return Some(Ok(line)),
                Err(error) => return Some(Err(error)),
            }
        }
        None
    }
}

fn parse_line<'a>(
    line: &'a mut [u8],
    scan: &Scan,
    number: u32,
    rigour: Rigour,
) -> Result<Option<Line<'a>>, ParseError> {
    let error = |at: usize, kind| ParseError { line: number, column: column(at), kind };
    if line.len() > LINE_MAX {
        return Err(error(LINE_MAX, ParseErrorKind::LineTooLong));
    }
    if let Some((at, byte)) = scan.control.filter(|_| rigour == Rigour::Strict) {
        return Err(error(at, ParseErrorKind::ControlByte(byte)));
    }
    let Scan { head, tail, count, .. } = *scan;
    let [source, mount_point, fs_type, options] = head;
    if count == 0 {
        return Ok(None);
    }
    if count < 3 {
        return Err(error(line.len(), ParseErrorKind::TooFewFields(count)));
    }
    // The fifth field is dump and the sixth pass; of more, the last two are, and all others belong
    // to the options.
    let (options, dump, pass) = match count {
        3 => (None, None, None),
        4 => (Some(options), None, None),
        5 => (Some(options), Some(tail[2]), None),
        _ => (Some((options.0, tail[0].1)), Some(tail[1]), Some(tail[2])),
    };
    let value = |span: Option<Span>| match span.map_or(Ok(0), |span| decimal(line, span)) {
        Err(_) if rigour == Rigour::Lenient => Ok(0),
        value => value,
    };
    let not_a_number = |at| error(at, ParseErrorKind::NotANumber);
    let (dump, pass) = (value(dump).map_err(not_a_number)?, value(pass).map_err(not_a_number)?);
    let columns = Columns {
        source: column(source.0),
        mount_point: column(mount_point.0),
        options: options.map_or(0, |(start, _)| column(start)),
    };
    let mut fields = Cutter { rest: line, at: 0, escapes: scan.escapes };
    let source = fields.cut(source);
    let mount_point = fields.cut(mount_point);
    let fs_type = fields.cut(fs_type);
    let options: &[u8] = match options {
        Some(span) if count > 6 => unescape(fold_separators(fields.cut_raw(span))),
        Some(span) => fields.cut(span),
        None => &[],
    };
    let options = if options == b"defaults" { &[] } else { options };
    Ok(Some(Line { number, columns, source, mount_point, fs_type, options, dump, pass }))
}

/// Cuts spans, which must come in ascending order, out of a line.
struct Cutter<'a> {
    rest: &'a mut [u8],
    at: usize,
    escapes: Escapes,
}

impl<'a> Cutter<'a> {
    /// The field at a span, unescaped.
    fn cut(&mut self, span: Span) -> &'a mut [u8] {
        let field = self.cut_raw(span);
        match self.escapes {
            Escapes::None => field,
            Escapes::Some => unescape(field),
        }
    }

    fn cut_raw(&mut self, (start, end): Span) -> &'a mut [u8] {
        let rest = core::mem::take(&mut self.rest);
        let cut = end.saturating_sub(self.at).min(rest.len());
        let (head, tail) = rest.split_at_mut(cut);
        let skip = start.saturating_sub(self.at);
        self.rest = tail;
        self.at = end;
        head.get_mut(skip..).unwrap_or_default()
    }
}

/// The number at `span`, or where it stands when it is none.
fn decimal(line: &[u8], span: Span) -> Result<u32, usize> {
    let digits = line.get(span.0..span.1).unwrap_or_default();
    let step = |value: u32, &byte: &u8| match byte {
        b'0'..=b'9' => value.checked_mul(10)?.checked_add(u32::from(byte.wrapping_sub(b'0'))),
        _ => None,
    };
    digits.iter().try_fold(0_u32, step).ok_or(span.0)
}

fn column(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1)
}
