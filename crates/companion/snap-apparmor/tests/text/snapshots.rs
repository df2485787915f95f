//! Whole policies. `UPDATE_SNAPSHOTS=1 cargo test -p snap-apparmor` writes them anew.

use std::path::Path;
use std::{env, fs};

use super::{ALL, SYSTEM, USERS, made};

#[test]
fn every_kind_of_entry() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/text/expected");
    for (name, confined) in ALL {
        let text = made(SYSTEM.as_bytes(), USERS.as_bytes(), confined).to_string();
        check(&dir.join(format!("{name}.apparmor")), &text);
    }
    check(&dir.join("snap-confine.apparmor"), &snap_apparmor::fragment(&["/usr/lib/x".to_owned()]));
}

fn check(file: &Path, text: &str) {
    if env::var_os("UPDATE_SNAPSHOTS").is_some() && env::var_os("CI").is_none() {
        fs::write(file, text).unwrap();
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    assert_eq!(text, expected, "{}", file.display());
}
