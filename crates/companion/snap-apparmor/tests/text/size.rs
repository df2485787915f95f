//! How long a policy is: docs/apparmor.md says what is checked here.

use std::fmt::Write;

use super::{ALL, made, rules};

/// `entries` layouts, each `depth` directories below one of its own.
fn profile(entries: usize, depth: usize) -> String {
    let mut text = String::new();
    for number in 0..entries {
        let dirs = "/d".repeat(depth);
        writeln!(
            text,
            "/var/snap/hello/common/{number} /usr/n{number}{dirs}/x none rbind,x-snapd.origin=layout 0 0"
        )
        .unwrap();
    }
    text
}

#[test]
fn it_is_linear_in_entries_times_depth() {
    // Rules of an entry without those of its mimics; of each directory above it.
    let table = [("first-start", 4, 11), ("classic", 4, 11), ("fd", 6, 17)];
    for ((name, confined), (same, of_entry, of_dir)) in ALL.into_iter().zip(table) {
        assert_eq!(name, same);
        let count =
            |entries, depth| rules(&made(profile(entries, depth).as_bytes(), b"", confined)).len();
        let fixed = rules(&made(b"", b"", confined)).len();
        for (entries, depth) in [(1, 0), (1, 5), (10, 2), (100, 1), (300, 3)] {
            // Each has its own directories, /usr is above all.
            let dirs = entries * (depth + 1) + 1;
            let expected = fixed + entries * of_entry + dirs * of_dir;
            assert_eq!(count(entries, depth), expected, "{name}: {entries} entries, {depth} deep");
        }
    }
}

/// More directories than a plan can have mimics, and than its numbers reach.
#[test]
fn seventy_thousand_directories() {
    let policy = made(profile(14_000, 4).as_bytes(), b"", super::ALL[0].1);
    let mimics = policy.groups().iter().filter(|group| group.title().starts_with("writable"));
    assert_eq!(mimics.count(), 14_000 * 5 + 1);
}
