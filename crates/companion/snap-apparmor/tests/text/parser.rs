//! AppArmor's own parser.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use snap_ns_testbed::skip;

use super::{ALL, SYSTEM, USERS, made};

const PARSER: &str = "/usr/sbin/apparmor_parser";

/// Compiles `text`; nothing is loaded, and nothing kept.
fn accepts(text: &str) -> Result<(), String> {
    let mut parser = Command::new(PARSER);
    parser.args(["--skip-kernel-load", "--skip-cache"]);
    let parser = parser.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut parser = parser.spawn().unwrap();
    parser.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = parser.wait_with_output().unwrap();
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// The profiles that snap-layout makes of its good files.
fn layouts() -> Vec<(String, Vec<u8>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../snap-layout/corpus/good");
    let files = fs::read_dir(dir).unwrap().map(|file| file.unwrap().path());
    let profiles = files.filter(|file| file.extension().is_some_and(|end| end == "fstab"));
    let all: Vec<_> =
        profiles.map(|file| (file.display().to_string(), fs::read(file).unwrap())).collect();
    assert!(all.len() >= 40, "only {} files", all.len());
    all
}

#[test]
fn takes_every_policy() {
    let test = "parser::takes_every_policy";
    if !Path::new(PARSER).exists() {
        return skip(test, "AppArmor's parser is not here: install the package apparmor");
    }
    // Every byte that a path of a profile can have, one name for each.
    let odd = (0x21..=0xff_u32).filter(|byte| !b"/\\#\x7f".contains(&u8::try_from(*byte).unwrap()));
    let odd: Vec<u8> = odd
        .flat_map(|byte| {
            let name = [b"/usr/share/x".to_vec(), vec![u8::try_from(byte).unwrap()]].concat();
            [b"/snap/hello/1/a ", &name[..], b"y none rbind,x-snapd.origin=layout 0 0\n"].concat()
        })
        .collect();
    let escaped = b"/snap/hello/1/a /opt/\\040\\134\\134 none rbind,x-snapd.origin=layout 0 0\n";
    for (name, confined) in ALL {
        for (system, users) in [
            (&b""[..], &b""[..]),
            (SYSTEM.as_bytes(), USERS.as_bytes()),
            (odd.as_slice(), b""),
            (escaped, b""),
        ] {
            let policy = made(system, users, confined);
            accepts(&policy.to_string()).unwrap_or_else(|said| panic!("{name}: {said}\n{policy}"));
        }
    }
    for (file, profile) in layouts() {
        for (name, confined) in ALL {
            let policy = made(&profile, b"", confined);
            accepts(&policy.to_string()).unwrap_or_else(|said| panic!("{file}, {name}: {said}"));
        }
    }
    let fragment = snap_apparmor::fragment(&snap_apparmor::PROGRAMS.map(str::to_owned));
    accepts(&format!("profile snap-confine {{\n{fragment}}}\n")).unwrap();
    // It is one that says no.
    assert!(accepts("profile x {\n  mount options=(nonsense) -> /,\n}\n").is_err());
}
