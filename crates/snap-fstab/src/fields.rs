//! Fields of one line: unescaping and folding in place.

use crate::entry::ESCAPES;

/// What separates fields.
fn is_separator(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Unescapes `field` to its own front and returns just that.
pub(crate) fn unescape(field: &mut [u8]) -> &mut [u8] {
    let Some(first) = field.iter().position(|&byte| byte == b'\\') else {
        return field;
    };
    let (mut read, mut write) = (first, first);
    while let Some(rest) = field.get(read..)
        && let Some(&byte) = rest.first()
    {
        let escape = ESCAPES.iter().find(|(_, text)| rest.starts_with(&text[..]));
        let (plain, taken) = escape.map_or((byte, 1), |&(plain, text)| (plain, text.len()));
        if let Some(slot) = field.get_mut(write) {
            *slot = plain;
        }
        read = read.saturating_add(taken);
        write = write.saturating_add(1);
    }
    field.get_mut(..write).unwrap_or_default()
}

/// Folds each run of separators in `region` (several fields of a line) into one space.
pub(crate) fn fold_separators(region: &mut [u8]) -> &mut [u8] {
    let mut write = 0_usize;
    let mut in_run = false;
    for read in 0..region.len() {
        let Some(&byte) = region.get(read) else { break };
        let separator = is_separator(byte);
        if separator && in_run {
            continue;
        }
        in_run = separator;
        if let Some(slot) = region.get_mut(write) {
            *slot = if separator { b' ' } else { byte };
        }
        write = write.saturating_add(1);
    }
    region.get_mut(..write).unwrap_or_default()
}
