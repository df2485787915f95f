use core::cmp::Ordering;

use super::*;

#[test]
fn cleaning() {
    for (given, want) in [
        (&b"/"[..], Ok(&b"/"[..])),
        (b"//", Ok(b"/")),
        (b"/./", Ok(b"/")),
        (b"/a", Ok(b"/a")),
        (b"/a/", Ok(b"/a")),
        (b"//a///b/./c/.", Ok(b"/a/b/c")),
        (b"/.a/..b/c..", Ok(b"/.a/..b/c..")),
        (b"/a/../b", Err(PathError::DotDot)),
        (b"/..", Err(PathError::DotDot)),
        (b"a/b", Err(PathError::NotAbsolute)),
        (b"", Err(PathError::NotAbsolute)),
        (b"/a\0b", Err(PathError::Nul)),
    ] {
        let mut buffer = [0_u8; 64];
        let buffer = &mut buffer[..given.len()];
        buffer.copy_from_slice(given);
        assert_eq!(clean(buffer), want, "{given:?}");
    }
}

#[test]
fn the_length_counts_after_cleaning() {
    let mut just_fits = [b'a'; PATH_MAX - 1];
    just_fits[0] = b'/';
    assert_eq!(clean(&mut just_fits).map(<[u8]>::len), Ok(PATH_MAX - 1));
    let mut too_long = [b'a'; PATH_MAX];
    too_long[0] = b'/';
    assert_eq!(clean(&mut too_long), Err(PathError::TooLong));
    let mut slashes = [b'/'; PATH_MAX * 2];
    slashes[PATH_MAX] = b'x';
    assert_eq!(clean(&mut slashes), Ok(&b"/x"[..]));
}

#[test]
fn parents_and_names() {
    for (path, dir, name) in [
        (&b"/"[..], None, &b""[..]),
        (b"/a", Some(&b"/"[..]), b"a"),
        (b"/a/bc", Some(b"/a"), b"bc"),
    ] {
        assert_eq!(parent(path), dir);
        assert_eq!(file_name(path), name);
    }
}

#[test]
fn prefixes_and_components() {
    let all = |path| prefixes(path).fold(0, |n, p: &[u8]| n * 10 + p.len());
    assert_eq!(all(b"/"), 1);
    assert_eq!(all(b"/a"), 12);
    assert_eq!(all(b"/a/bc/d"), 1257);
    assert!(components(b"/").next().is_none());
    assert!(components(b"/a/bc").eq([&b"a"[..], b"bc"]));
}

#[test]
fn below_means_whole_components() {
    for (path, dir, want) in [
        (&b"/a/b"[..], &b"/a"[..], Some(&b"b"[..])),
        (b"/a", b"/a", Some(b"")),
        (b"/ab", b"/a", None),
        (b"/a", b"/a/b", None),
        (b"/a", b"/", Some(b"a")),
        (b"/", b"/", Some(b"")),
    ] {
        assert_eq!(below(path, dir), want, "{path:?} {dir:?}");
        assert_eq!(is_at_or_below(path, dir), want.is_some());
    }
}

#[test]
fn order_is_that_of_the_paths_with_a_slash_behind() {
    let paths: [&[u8]; 8] = [b"/", b"/!", b"/a-b", b"/a", b"/a/b", b"/a/b-c", b"/a0", b"/b"];
    for a in paths {
        for b in paths {
            let slash = |p: &[u8]| {
                let mut s = [0_u8; 16];
                s[..p.len()].copy_from_slice(p);
                if p != b"/" {
                    s[p.len()] = b'/';
                }
                s
            };
            let want = if a == b { Ordering::Equal } else { slash(a).cmp(&slash(b)) };
            assert_eq!(parents_first(a, b), want, "{a:?} {b:?}");
        }
    }
}

#[test]
fn texts_hold_what_fits() {
    let mut text = Text::<8>::new();
    assert!(text.is_empty());
    assert_eq!(text.push(b"abc"), Some(()));
    assert_eq!(text.push_fmt(format_args!("{:o}", 0o755)), Some(()));
    assert_eq!(text.as_bytes(), b"abc755");
    assert_eq!(text.push(b"de"), None);
    assert_eq!(text.push(b"d"), Some(()));
    assert_eq!(text.as_c_str().to_bytes(), b"abc755d");
    text.truncate(2);
    text.truncate(5);
    assert_eq!(text.as_c_str().to_bytes(), b"ab");
    assert_eq!(text.push_fmt(format_args!("{}", u32::MAX)), None);
    assert_eq!(text.push_fmt(format_args!("{}", 0)), Some(()));
    assert_eq!(text.as_bytes(), b"ab0");
}
