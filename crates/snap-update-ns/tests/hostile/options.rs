//! Options with values that are none, in both dialects.

use crate::check::{Case, Place, all_refused, case, refused};
use crate::machine::on_a_machine;

/// Cases with these options, of which the last one is wrong.
fn options(fs_type: &str, list: &[&'static str], words: &'static str) -> Vec<Case> {
    list.iter().map(|&bad| one(fs_type, bad, Place::At(bad), words)).collect()
}

fn one(fs_type: &str, options: &str, place: Place, words: &'static str) -> Case {
    let line = format!("/snap/hello/1/lib /srv/bad {fs_type} rw,{options} 0 0");
    case(&line, place, words)
}

#[test]
fn malformed_values() {
    on_a_machine("options::malformed_values", |machine| {
        let mode = [
            "x-snapd.mode=8",
            "x-snapd.mode=rwxr-xr-x",
            "x-snapd.mode=02777",
            "x-snapd.mode=04755",
            "x-snapd.mode=-1",
            "x-snapd.mode=0o755",
            "x-snapd.mode=7777777777777777777777",
            "x-snap-mode:9",
            "x-snap-mode:0b1",
        ];
        let owner = [
            "x-snapd.uid=daemon",
            "x-snapd.uid=-1",
            "x-snapd.uid=4294967295",
            "x-snapd.uid=4294967296",
            "x-snapd.uid=0x0",
            "x-snapd.gid=root:root",
            "x-snapd.user=Root",
            "x-snapd.group=users",
            "x-snap-user:www-data",
            "x-snap-group:99999999999",
        ];
        let kind = ["x-snapd.kind=dir", "x-snapd.kind=fifo", "x-snapd.kind=FILE", "x-snap-kind:x"];
        let origin = ["x-snapd.origin=me", "x-snapd.origin=Layout", "x-snap-origin:content"];
        let mut cases = options("none", &mode, "bad option: the mode must be octal");
        cases.extend(options("none", &owner, "bad option: a user or group must be a number, root"));
        for kind in kind {
            // The kind is judged when all options are known: the place is where they start.
            let words = "bad option: the kind must be file, symlink or ensure-dir";
            cases.push(one("none", kind, Place::At("rw,"), words));
        }
        cases.extend(options("none", &origin, "bad option: the origin must be layout"));
        all_refused(machine, &cases);
    });
}

#[test]
fn values_that_are_missing_or_too_much() {
    on_a_machine("options::values_that_are_missing_or_too_much", |machine| {
        let needs = [
            "x-snapd.mode",
            "x-snapd.mode=",
            "x-snapd.uid=",
            "x-snapd.gid",
            "x-snapd.kind",
            "x-snapd.kind=",
            "x-snapd.origin=",
            "x-snapd.symlink=",
            "x-snapd.symlink",
            "x-snapd.must-exist-dir=",
            "x-snapd.needed-by",
            "x-snapd.id=",
            "x-snap-mode:",
            "x-snap-symlink:",
            "x-snap-user",
        ];
        let takes_none = [
            "x-snapd.synthetic=1",
            "x-snapd.synthetic=",
            "x-snapd.detach=yes",
            "x-snapd.ignore-missing=0",
            "x-snap-detach:1",
        ];
        let mut cases = options("none", &needs, "bad option: the option needs a value");
        cases.extend(options("none", &takes_none, "bad option: the option takes no value"));
        all_refused(machine, &cases);
    });
}

#[test]
fn contradictions() {
    on_a_machine("options::contradictions", |machine| {
        let pairs = [
            ("x-snapd.mode=0755", "x-snapd.mode=0700"),
            ("x-snapd.mode=0755", "x-snap-mode:0700"),
            ("x-snapd.uid=0", "x-snapd.user=1"),
            ("x-snapd.gid=0", "x-snapd.group=nobody"),
            ("x-snapd.kind=file", "x-snapd.kind=symlink"),
            ("x-snapd.origin=layout", "x-snapd.origin=overname"),
            ("x-snapd.id=a", "x-snapd.id=b"),
            ("x-snapd.needed-by=/a", "x-snapd.needed-by=/b"),
            ("x-snapd.symlink=/a", "x-snapd.symlink=/b"),
            ("x-snapd.must-exist-dir=/a", "x-snapd.must-exist-dir=/b"),
            ("bind", "rbind"),
            ("rbind", "move"),
            ("bind", "remount"),
            ("private", "shared"),
            ("slave", "rslave"),
        ];
        let words = "bad option: the option contradicts one before it";
        let cases = pairs.map(|(first, second)| {
            let at = format!(",{second}");
            let line = format!("/snap/hello/1/lib /srv/bad none {first}{at} 0 0");
            let column = line.rfind(second).expect("there");
            (line, column, words)
        });
        for (line, column, words) in cases {
            let place = format!("profile snap.hello.fstab:1:{}: ", column + 1);
            refused(machine, format!("{line}\n").as_bytes(), &[&place, words]);
            let second = format!("{}{line}\n", crate::check::GOOD[0]);
            let place = place.replace(":1:", ":2:");
            refused(machine, second.as_bytes(), &[&place, words]);
        }
    });
}

#[test]
fn kinds_without_what_they_need() {
    on_a_machine("options::kinds_without_what_they_need", |machine| {
        let link = "bad option: kind=symlink and symlink=TARGET need each other";
        let dir = "bad option: kind=ensure-dir and must-exist-dir=DIR need each other";
        let at = Place::At("rw,");
        let cases = [
            one("none", "x-snapd.kind=symlink,x-snapd.origin=layout", at, link),
            one("none", "x-snapd.symlink=/a,x-snapd.origin=layout", at, link),
            one("none", "x-snapd.kind=file,x-snapd.symlink=/a", at, link),
            one("none", "x-snapd.kind=ensure-dir,x-snapd.symlink=/a", at, link),
            one("x-snap-symlink", "x-snapd.origin=layout", at, link),
            one("none", "x-snap-symlink:/a", at, link),
            one("none", "x-snapd.kind=ensure-dir", at, dir),
            one("none", "x-snapd.must-exist-dir=/a", at, dir),
            one("none", "x-snapd.kind=file,x-snapd.must-exist-dir=/a", at, dir),
            one(
                "none",
                "x-snapd.kind=symlink,x-snapd.symlink=/a,x-snapd.must-exist-dir=/a",
                at,
                dir,
            ),
        ];
        all_refused(machine, &cases);
    });
}

#[test]
fn only_snap_confine_records_the_root_file_system() {
    on_a_machine("options::only_snap_confine_records_the_root_file_system", |machine| {
        let words = "bad option: only snap-confine records origin=rootfs";
        let at = Place::At("x-snapd.origin");
        let cases = [
            case("tmpfs / tmpfs x-snapd.origin=rootfs 0 0", at, words),
            case("tmpfs /srv/bad tmpfs x-snapd.origin=rootfs", at, words),
        ];
        all_refused(machine, &cases);
    });
}
