//! The founding design's dialect: `x-snap-NAME:VALUE` and the type `x-snap-symlink`.

use crate::token::{Dialect, model_option, tokens};

/// The file-system type that stood for a symbolic link.
pub const SYMLINK_TYPE: &[u8] = b"x-snap-symlink";

/// True when an entry with this type and these options is in the founding design's dialect.
#[must_use]
pub fn is_used(fs_type: &[u8], options: &[u8]) -> bool {
    fs_type == SYMLINK_TYPE || tokens(options).any(|(_, token)| is_founding(token))
}

fn is_founding(token: &[u8]) -> bool {
    model_option(token).is_some_and(|option| option.dialect == Dialect::Founding)
}

/// Writes `options` into `out` in today's dialect, and returns what was written and the rest of
/// `out`. For an entry with the type [`SYMLINK_TYPE`] the kind is added; its type is to be `none`.
///
/// None when `out` is too small: it needs 9 bytes for each option of the model and 21 for the kind
/// beyond the length of `options`.
#[must_use]
pub fn translate<'o>(
    fs_type: &[u8],
    options: &[u8],
    out: &'o mut [u8],
) -> Option<(&'o [u8], &'o mut [u8])> {
    let mut writer = Writer { out, len: 0 };
    if fs_type == SYMLINK_TYPE {
        writer.option(&[b"x-snapd.kind=symlink"])?;
    }
    for (_, token) in tokens(options) {
        match model_option(token) {
            Some(option) if option.dialect == Dialect::Founding => match option.value {
                Some(value) => writer.option(&[b"x-snapd.", option.name, b"=", value])?,
                None => writer.option(&[b"x-snapd.", option.name])?,
            },
            Some(_) | None => writer.option(&[token])?,
        }
    }
    let (written, rest) = writer.out.split_at_mut_checked(writer.len)?;
    Some((written, rest))
}

struct Writer<'o> {
    out: &'o mut [u8],
    len: usize,
}

impl Writer<'_> {
    fn option(&mut self, parts: &[&[u8]]) -> Option<()> {
        if self.len > 0 {
            self.put(b",")?;
        }
        parts.iter().try_for_each(|part| self.put(part))
    }

    fn put(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.len.checked_add(bytes.len())?;
        self.out.get_mut(self.len..end)?.copy_from_slice(bytes);
        self.len = end;
        Some(())
    }
}
