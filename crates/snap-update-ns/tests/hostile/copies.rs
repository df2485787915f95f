//! Writable copies of hostile directories: what is recorded is what stands and can be read back, or
//! the run is refused.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::check::one_line;
use crate::machine::{CURRENT, DESIRED, Machine, ROOTFS, on_a_machine};
use crate::state::{State, mount_table};
use crate::truth::{check_truth, made_since};

/// Builds, builds again, and undoes; or is refused without a change.
#[track_caller]
fn true_or_refused(machine: &Machine, desired: &str, what: &str) {
    fs::write(DESIRED, desired).unwrap();
    let before = State::now();
    let first = machine.run();
    if first.status.code() == Some(1) {
        one_line(&first, &["layout /"], what);
        before.check_unchanged(what);
        return;
    }
    assert_eq!(first.status.code(), Some(0), "{what}: {first:?}");
    let built = State::now();
    let again = machine.run();
    assert_eq!(again.status.code(), Some(0), "{what}: the next run: {again:?}");
    built.check_unchanged(&format!("{what}: the next run"));
    machine.undo();
    assert_eq!(made_since(&before), BTreeMap::new(), "{what}: undone");
}

/// A directory with children of these names, a directory and a file for each; read-only.
fn with_children(machine: &Machine, dir: &str, names: &[&[u8]]) {
    for name in names {
        let at = |end: &[u8]| Path::new(dir).join(OsStr::from_bytes(&[*name, end].concat()));
        fs::create_dir_all(at(b"d")).unwrap();
        fs::write(at(b"f"), "text").unwrap();
        symlink(OsStr::from_bytes(name), at(b"l")).unwrap();
    }
    machine.world.read_only(dir).unwrap();
}

#[test]
fn children_with_odd_names() {
    on_a_machine("copies::children_with_odd_names", |machine| {
        let names: [&[u8]; 10] = [
            b"with space",
            b"new\nline",
            b"tab\t",
            b"back\\slash",
            b"esc\\040aped",
            b"not\xffutf8",
            b"a,b",
            b"#hash",
            b"none",
            b"...",
        ];
        with_children(machine, "/opt-odd", &names);
        let line = "/snap/hello/1/lib /opt-odd/new none rbind,x-snapd.origin=layout 0 0\n";
        true_or_refused(machine, line, "odd names");
    });
}

#[test]
fn children_with_control_bytes() {
    on_a_machine("copies::children_with_control_bytes", |machine| {
        with_children(machine, "/opt-odd", &[b"bell\x07", b"return\r", b"delete\x7f", b"\x1b[2J"]);
        let line = "/snap/hello/1/lib /opt-odd/new none rbind,x-snapd.origin=layout 0 0\n";
        true_or_refused(machine, line, "control bytes");
    });
}

#[test]
fn an_id_that_is_longer_than_a_path() {
    on_a_machine("copies::an_id_that_is_longer_than_a_path", |machine| {
        for len in [100, 4000, 4200, 5000, 30_000] {
            let id = "i".repeat(len);
            let options = format!("rbind,x-snapd.id={id},x-snapd.origin=layout");
            let line = format!("/snap/hello/1/lib /usr/share/good none {options} 0 0\n");
            true_or_refused(machine, &line, &format!("an ID of {len} bytes"));
            fs::write(DESIRED, &line).unwrap();
            let before = State::now();
            if machine.run().status.code() == Some(0) {
                check_truth(&before, &format!("an ID of {len} bytes"));
                machine.undo();
            }
        }
    });
}

#[test]
fn a_child_whose_path_is_too_long() {
    on_a_machine("copies::a_child_whose_path_is_too_long", |machine| {
        let dir = format!("/opt-deep{}", format!("/{}", "d".repeat(199)).repeat(20));
        let name = "c".repeat(250);
        fs::create_dir_all(format!("{dir}/{}", "c".repeat(60))).unwrap();
        std::env::set_current_dir(&dir).unwrap();
        fs::create_dir(&name).unwrap();
        std::env::set_current_dir("/").unwrap();
        machine.world.read_only(&dir).unwrap();
        let line = format!("/snap/hello/1/lib {dir}/new none rbind,x-snapd.origin=layout 0 0\n");
        fs::write(DESIRED, &line).unwrap();
        let before = mount_table();
        let output = machine.run();
        if output.status.code() == Some(1) {
            assert_eq!(mount_table(), before);
            assert_eq!(fs::read_to_string(CURRENT).unwrap(), ROOTFS);
            return;
        }
        let saved = fs::read_to_string(CURRENT).unwrap();
        let mounts = mount_table();
        assert_eq!(mounts.contains(&name), saved.contains(&name), "recorded, and made");
        machine.undo();
        let after = mount_table();
        assert_eq!(after.lines().count(), before.lines().count(), "undone");
    });
}
