//! An index finds what a look at every entry would find.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::unwrap_used)]

use proptest::prelude::*;
use snap_path::is_at_or_below;
use snap_profile::{Arena, Around, Index, Item, Key, Profile, Role, Variables, load};

/// Names that sort before and behind `/`, some of which begin like others, and a long one.
const NAMES: [&str; 6] = ["a", "b", "a-b", "aa", "a!", "a-name-of-more-than-eight-bytes"];

fn path(least: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(NAMES.to_vec()), least..5)
        .prop_map(|names| format!("/{}", names.join("/")))
}

/// A line of a profile. What is no path can only be the source of a tmpfs.
fn line() -> impl Strategy<Value = String> {
    let bind = (path(0), path(1)).prop_map(|(source, path)| format!("{source} {path} none bind"));
    let name = prop::sample::select(vec!["none", "tmpfs", "!x"]);
    let tmpfs = (name, path(1)).prop_map(|(name, path)| format!("{name} {path} tmpfs rw"));
    let root = Just("tmpfs / tmpfs x-snapd.origin=rootfs".to_owned());
    prop_oneof![8 => bind, 2 => tmpfs, 1 => root]
}

/// Those for which `is` holds, by place.
fn all(items: &[Item<'_>], is: impl Fn(&Item<'_>) -> bool) -> Vec<u16> {
    (0..).zip(items).filter(|(_, item)| is(item)).map(|(place, _)| place).collect()
}

fn sorted(mut places: Vec<u16>) -> Vec<u16> {
    places.sort_unstable();
    places
}

fn check(items: &[Item<'_>], key: Key, asked: &[String]) {
    let mut index = Box::new(Index::new());
    index.fill(key, items);
    let of = |item: &Item<'_>| match key {
        Key::MountPoint => item.entry.mount_point.to_vec(),
        Key::Source => item.entry.source.to_vec(),
    };
    assert_eq!(sorted(index.iter().collect()), all(items, |_| true));
    // Twice, and backwards: what was asked before must not matter.
    for path in asked.iter().chain(asked.iter().rev()).map(String::as_bytes) {
        let places = |numbers: core::ops::Range<usize>| -> Vec<u16> {
            numbers.map(|at| index.nth(at).unwrap()).collect()
        };
        let same = all(items, |item| of(item) == path);
        let below = all(items, |item| is_at_or_below(&of(item), path));
        let above =
            all(items, |item| of(item).starts_with(b"/") && is_at_or_below(path, &of(item)));
        let found: Vec<u16> = index.at_or_above(path).collect();
        let lengths: Vec<usize> =
            found.iter().map(|&at| of(&items[usize::from(at)]).len()).collect();
        assert!(lengths.is_sorted_by(|a, b| a >= b), "the lowest first: {lengths:?}");
        assert_eq!(sorted(found), above);
        assert_eq!(
            index.at(path).collect::<Vec<_>>(),
            same.iter().rev().copied().collect::<Vec<_>>()
        );
        assert_eq!(index.find(path), same.last().copied());
        assert_eq!(sorted(places(index.subtree(path))), below);
        let Around { above: next, at, below: lower } = index.around(path);
        assert_eq!(places(at), same, "in the order of the profile");
        assert_eq!(places(lower).len(), below.len() - same.len());
        let chain = std::iter::successors(next, |&at| index.above(at)).count();
        assert_eq!(chain, above.len() - same.len());
    }
}

proptest! {
    #[test]
    fn finds_what_is_there(
        lines in prop::collection::vec(line(), 0..40),
        asked in prop::collection::vec(path(0), 1..20),
    ) {
        let text = lines.join("\n");
        let body = move || {
            let mut text = text.into_bytes();
            let (mut room, mut profile) = ([0; 64], Box::new(Profile::new()));
            let mut arena = Arena::new(&mut room);
            load(&mut text, Role::Current, &Variables::None, &mut arena, &mut profile).unwrap();
            check(&profile, Key::MountPoint, &asked);
            check(&profile, Key::Source, &asked);
        };
        // A profile is a few megabytes, and comes into being on the stack.
        std::thread::Builder::new().stack_size(64 << 20).spawn(body).unwrap().join().unwrap();
    }
}
