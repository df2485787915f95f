//! How clean paths relate to each other.

use core::cmp::Ordering;

/// The components of `path`, none for `/`.
pub fn components(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|&b| b == b'/').filter(|component| !component.is_empty())
}

/// `path` and each directory above it, the shortest first: `/`, `/a`, `/a/b`.
pub fn prefixes(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let inner = path.iter().enumerate().skip(1).filter(|&(_, &b)| b == b'/').map(|(at, _)| at);
    let root = path.get(..1).into_iter();
    let whole = (path.len() > 1).then_some(path);
    root.chain(inner.filter_map(move |at| path.get(..at))).chain(whole)
}

/// The directory that holds `path`; none for `/`.
#[must_use]
pub fn parent(path: &[u8]) -> Option<&[u8]> {
    match path.iter().rposition(|&b| b == b'/')? {
        0 if path.len() == 1 => None,
        0 => path.get(..1),
        slash => path.get(..slash),
    }
}

/// The last component of `path`; empty for `/`.
#[must_use]
pub fn file_name(path: &[u8]) -> &[u8] {
    path.rsplit(|&b| b == b'/').next().unwrap_or_default()
}

/// What of `path` lies below `dir`, without a leading `/` (empty when they are equal), or none
/// when `path` is elsewhere. Compares whole components: `/ab` is not below `/a`.
#[must_use]
pub fn below<'p>(path: &'p [u8], dir: &[u8]) -> Option<&'p [u8]> {
    let dir = without_slash(dir);
    // Nearly always no, which the ends of names tell sooner than their common beginning.
    let last = dir.len().checked_sub(1);
    if path.get(dir.len()).is_some_and(|&byte| byte != b'/')
        || last.is_some_and(|last| path.get(last) != dir.get(last))
    {
        return None;
    }
    match path.strip_prefix(dir)? {
        [] => Some(&[]),
        [b'/', rest @ ..] => Some(rest),
        [_, ..] => None,
    }
}

/// `path` without a slash at its end: `/` is the only clean path that has one.
fn without_slash(path: &[u8]) -> &[u8] {
    if path == b"/" { b"" } else { path }
}

/// True when `path` is `dir` or lies below it, by whole components.
#[must_use]
pub fn is_at_or_below(path: &[u8], dir: &[u8]) -> bool {
    below(path, dir).is_some()
}

/// Compares as if both ended in `/`, so that a directory comes before what is in it and everything
/// at or below a directory stands together (`/a`, `/a/b`, `/a-b`).
#[must_use]
pub fn parents_first(a: &[u8], b: &[u8]) -> Ordering {
    let (a, b) = (without_slash(a), without_slash(b));
    let common = a.len().min(b.len());
    let (a_head, a_rest) = a.split_at_checked(common).unwrap_or_default();
    let (b_head, b_rest) = b.split_at_checked(common).unwrap_or_default();
    a_head.cmp(b_head).then_with(|| a_rest.iter().chain(b"/").cmp(b_rest.iter().chain(b"/")))
}
