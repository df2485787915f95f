//! One option: a word, or a name and value of the model in either dialect.

/// One option of the model, without its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ModelOption<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) dialect: Dialect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `x-snapd.NAME=VALUE`
    Today,
    /// `x-snap-NAME:VALUE`
    Founding,
}

/// The options of `text` with their offsets; empty ones (`a,,b`) are passed over.
pub(crate) fn tokens(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut next = 0_usize;
    text.split(|&byte| byte == b',').filter_map(move |token| {
        let start = next;
        next = start.saturating_add(token.len()).saturating_add(1);
        (!token.is_empty()).then_some((start, token))
    })
}

/// `token` as an option of the model, if it is one.
pub(crate) fn model_option(token: &[u8]) -> Option<ModelOption<'_>> {
    // Nearly every token is a plain word: one byte decides.
    if token.first() != Some(&b'x') {
        return None;
    }
    let (rest, separator, dialect) = match token.strip_prefix(b"x-snapd.") {
        Some(rest) => (rest, b'=', Dialect::Today),
        None => (token.strip_prefix(b"x-snap-")?, b':', Dialect::Founding),
    };
    let at = rest.iter().position(|&byte| byte == separator);
    // A name with the other dialect's separator in it would mean something else once translated.
    if dialect == Dialect::Founding && rest.get(..at.unwrap_or(rest.len()))?.contains(&b'=') {
        return None;
    }
    let (name, value) = match at.and_then(|at| rest.split_at_checked(at)) {
        Some((name, value)) => (name, value.get(1..)),
        None => (rest, None),
    };
    Some(ModelOption { name, value, dialect })
}
