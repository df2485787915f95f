//! Names; everything else of this crate is the system's, and tested from tests/.

use crate::{Instance, NameError};

#[test]
fn names_of_instances() {
    let good: [(&[u8], &[u8]); 10] = [
        (b"hello", b"hello"),
        (b"aa", b"aa"),
        (b"a1", b"a1"),
        (b"1a", b"1a"),
        (b"0ad", b"0ad"),
        (b"a-b-c", b"a-b-c"),
        (b"hello_1", b"hello"),
        (b"hello_key0123456", b"hello"),
        (b"a123456789012345678901234567890123456789", b"a123456789012345678901234567890123456789"),
        (
            b"a123456789012345678901234567890123456789_0123456789",
            b"a123456789012345678901234567890123456789",
        ),
    ];
    for (whole, name) in good {
        let instance = Instance::parse(whole).expect("a name");
        assert_eq!((instance.as_bytes(), instance.snap_name()), (whole, name));
    }
}

#[test]
fn what_is_no_name() {
    use NameError::{KeyCharacters, KeyLength, NameCharacters, NameLength, NameLetter};
    let bad: [(&[u8], NameError); 26] = [
        (b"", NameLength),
        (b"a", NameLength),
        (b"_", NameLength),
        (b"_a", NameLength),
        (b"a_b", NameLength),
        (b"a1234567890123456789012345678901234567890", NameLength),
        (b"-a", NameCharacters),
        (b"a-", NameCharacters),
        (b"--", NameCharacters),
        (b"a--b", NameCharacters),
        (b"aA", NameCharacters),
        (b"a.b", NameCharacters),
        (b"..", NameCharacters),
        (b"a/b", NameCharacters),
        (b"/a", NameCharacters),
        (b"a b", NameCharacters),
        (b"a\0", NameCharacters),
        (b"a\n", NameCharacters),
        (b"\xc3\xa9", NameCharacters),
        (b"11", NameLetter),
        (b"1-1", NameLetter),
        (b"aa_", KeyLength),
        (b"aa_12345678901", KeyLength),
        (b"aa_B", KeyCharacters),
        (b"aa_b_c", KeyCharacters),
        (b"aa_b/", KeyCharacters),
    ];
    for (text, error) in bad {
        assert_eq!(Instance::parse(text).map_err(|found| (text, found)), Err((text, error)));
    }
}
