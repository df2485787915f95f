//! What is where before anything is mounted.

use std::collections::BTreeMap;

use snap_path::below;
use snap_profile::Item;

use crate::ground::at_and_above;

/// Mounts show mounts: no chain of them that means anything is longer.
const CHAIN_MAX: usize = 8;

/// What each entry shows, by its mount point.
pub(crate) struct Sources<'s>(BTreeMap<&'s [u8], &'s [u8]>);

impl<'s> Sources<'s> {
    pub(crate) fn of(items: &'s [Item<'s>]) -> Self {
        let shown = |item: &Item<'s>| Some((item.entry.mount_point, item.shown().0?));
        Self(items.iter().filter_map(shown).collect())
    }

    /// Where what will be at `path` may be now: there, or where the entries have it from. The plan is
    /// made before the first mount, and looks for it in these places.
    pub(crate) fn of_path(&self, path: &[u8]) -> Vec<Vec<u8>> {
        let mut places = vec![path.to_vec()];
        let mut next = 0;
        while let Some(place) = places.get(next).filter(|_| next < CHAIN_MAX).cloned() {
            next = next.saturating_add(1);
            for dir in at_and_above(&place) {
                let Some(source) = self.0.get(dir) else { continue };
                let moved = match below(&place, dir) {
                    Some(rest) => [source, &b"/"[..], rest].concat(),
                    None => source.to_vec(),
                };
                if !places.contains(&moved) {
                    places.push(moved);
                }
            }
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::Sources;

    #[test]
    fn what_is_shown_is_found_where_it_comes_from() {
        let shown = [("/plug", "/other/c"), ("/other", "/real"), ("/loop", "/loop/in")];
        let map = shown.map(|(at, from)| (at.as_bytes(), from.as_bytes()));
        let sources = Sources(map.into_iter().collect());
        let places = |path: &str| sources.of_path(path.as_bytes());
        assert_eq!(places("/plug/a"), [&b"/plug/a"[..], b"/other/c/a", b"/real/c/a"]);
        assert_eq!(places("/plugs"), [&b"/plugs"[..]]);
        assert_eq!(places("/loop").len(), 9);
    }
}
