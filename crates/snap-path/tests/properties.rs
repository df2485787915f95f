//! What holds for all paths, by examples that a machine makes up.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use std::cmp::Ordering;

use proptest::collection::vec;
use proptest::prelude::*;
use snap_path::{PathError, check, clean, is_at_or_below, parents_first};

/// Mostly what cleaning looks at; sometimes any byte.
fn path() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(vec![&b"/"[..], b"//", b"/.", b"/a", b"/.a", b"a.", b"-", b"/b"])
            .prop_map(<[u8]>::to_vec),
        1 => Just(b"/..".to_vec()),
        1 => vec(any::<u8>(), 1..4),
    ];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// A clean path; few names, so that paths often lie below each other. The bytes around `/` count.
fn clean_path() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop::sample::select(b"a.-0\x01\xff".to_vec());
    let name = vec(byte, 1..3).prop_filter("not clean", |name| name != b"." && name != b"..");
    vec(name, 0..4).prop_map(|names| {
        let path: Vec<u8> = names.iter().flat_map(|name| [b"/", &name[..]].concat()).collect();
        if path.is_empty() { b"/".to_vec() } else { path }
    })
}

proptest! {
    // What fails is printed; no file is left in the source tree.
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_cleaned_path_is_clean(path in path()) {
        let verdict = check(&path);
        let mut buffer = path.clone();
        match clean(&mut buffer) {
            Ok(cleaned) => {
                prop_assert_eq!(check(cleaned), Ok(()));
                prop_assert!(matches!(verdict, Ok(()) | Err(PathError::NotClean)));
                prop_assert!(cleaned.len() <= path.len());
                let mut again = cleaned.to_vec();
                prop_assert_eq!(clean(&mut again), Ok(cleaned));
            }
            Err(error) => prop_assert_eq!(verdict, Err(error)),
        }
    }

    /// The names stay, in their order.
    #[test]
    fn cleaning_keeps_the_names(path in path()) {
        let names = |path: &[u8]| -> Vec<Vec<u8>> {
            let all = path.split(|&b| b == b'/').filter(|name| !matches!(*name, b"" | b"."));
            all.map(<[u8]>::to_vec).collect()
        };
        let mut buffer = path.clone();
        if let Ok(cleaned) = clean(&mut buffer) {
            prop_assert_eq!(names(cleaned), names(&path));
        }
    }

    #[test]
    fn the_order_is_total(a in clean_path(), b in clean_path(), c in clean_path()) {
        prop_assert_eq!(check(&a), Ok(()));
        prop_assert_eq!(parents_first(&a, &b) == Ordering::Equal, a == b);
        prop_assert_eq!(parents_first(&a, &b), parents_first(&b, &a).reverse());
        let mut sorted = [&a, &b, &c];
        sorted.sort_by(|x, y| parents_first(x, y));
        let [first, second, third] = sorted;
        prop_assert_ne!(parents_first(first, second), Ordering::Greater);
        prop_assert_ne!(parents_first(second, third), Ordering::Greater);
        prop_assert_ne!(parents_first(first, third), Ordering::Greater);
    }

    #[test]
    fn a_directory_stands_before_what_is_in_it(dir in clean_path(), path in clean_path()) {
        if is_at_or_below(&path, &dir) {
            prop_assert_ne!(parents_first(&dir, &path), Ordering::Greater);
        }
    }

    /// Whatever stands between a directory and something in it is in it, too.
    #[test]
    fn a_tree_stands_together(dir in clean_path(), name in clean_path(), other in clean_path()) {
        let inner = if dir == b"/" { name } else { [&dir[..], &name].concat() };
        let inner = inner.strip_suffix(b"/").filter(|rest| !rest.is_empty()).unwrap_or(&inner);
        prop_assert!(is_at_or_below(inner, &dir));
        let after_dir = parents_first(&dir, &other) != Ordering::Greater;
        let before_inner = parents_first(&other, inner) != Ordering::Greater;
        if after_dir && before_inner {
            prop_assert!(is_at_or_below(&other, &dir));
        }
    }
}
