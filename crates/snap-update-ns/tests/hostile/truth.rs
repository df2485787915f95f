//! Runs that fail in the middle, for reasons that only the kernel finds: everything is as before (a
//! failed layout or overname), or what is saved is what stands (a failed content entry); and the next
//! run can go on from there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::check::{GOOD, one_line};
use crate::machine::{CURRENT, DESIRED, FREEZER, Machine, mount, on_a_machine};
use crate::state::{State, mount_table};

/// Entries that look good and fail when they are mounted.
const BAD: [(&str, &str); 5] = [
    ("tmpfs /srv/mm tmpfs banana=1", "cannot mount at /srv/mm: invalid argument"),
    ("tmpfs /srv/mm tmpfs size=banana", "cannot mount at /srv/mm: invalid argument"),
    ("none /srv/mm bananafs rw", "cannot mount at /srv/mm: no such device"),
    ("/var/snap/hello/common/data /srv/mm none move", "cannot bind to /srv/mm: invalid argument"),
    ("none /srv/mm none remount,ro", "/srv/mm: invalid argument"),
];

/// Before and behind the bad one in the order of mount points, with writable copies.
const OTHERS: &str = "\
/snap/hello/1/lib /opt/new none rbind,rw,x-snapd.origin=layout 0 0
/var/snap/hello/common/data /srv/aa none rbind,rw,x-snapd.origin=layout 0 0
tmpfs /srv/aa/sub tmpfs mode=0700,x-snapd.origin=layout 0 0
none /srv/link none x-snapd.kind=symlink,x-snapd.symlink=/a,x-snapd.origin=layout 0 0
/snap/hello/1/file /srv/zz none bind,x-snapd.kind=file,x-snapd.origin=layout 0 0
/snap/hello/1/lib /usr/share/zz none rbind,rw,x-snapd.origin=layout 0 0
";

/// What is mounted now and was not before; each mount point with its number of mounts.
pub(crate) fn made_since(before: &State) -> BTreeMap<String, usize> {
    let mut points = BTreeMap::new();
    for point in State::now().mount_points() {
        *points.entry(point).or_insert(0) += 1;
    }
    for point in before.mount_points() {
        let count = points.get_mut(&point).expect("still there");
        *count -= 1;
    }
    points.retain(|_, count| *count > 0);
    points
}

/// Checks that every mount is recorded, and every record is true. The children of a mimic have no
/// record of their own.
#[track_caller]
pub(crate) fn check_truth(before: &State, what: &str) {
    let saved = fs::read_to_string(CURRENT).expect("saved");
    let mut recorded = BTreeMap::new();
    let mut mimics = BTreeSet::new();
    for line in saved.lines().skip(1) {
        let point = line.split(' ').nth(1).expect("a mount point");
        if line.contains("x-snapd.synthetic") {
            mimics.insert(point);
        }
        if line.contains("x-snapd.kind=symlink") {
            assert!(fs::read_link(point).is_ok(), "{what}: no link at {point}");
        } else {
            *recorded.entry(point.to_owned()).or_insert(0) += 1;
        }
    }
    let mut made = made_since(before);
    made.retain(|point, count| {
        let known = recorded.get(point).copied().unwrap_or(0);
        let in_mimic = point.rsplit_once('/').is_some_and(|(dir, _)| mimics.contains(dir));
        if in_mimic && *count == known + 1 {
            *count = known;
        }
        *count > 0
    });
    assert_eq!(recorded, made, "{what}: recorded, and made\n{saved}");
    assert_eq!(fs::symlink_metadata("/srv/link").is_ok(), saved.contains("/srv/link"), "{what}");
    assert_eq!(fs::read_to_string(FREEZER).unwrap(), "THAWED", "{what}: frozen");
    assert!(!fs::exists("/run/snapd/ns/snap.hello.fstab.new").unwrap(), "{what}: a left-over");
}

/// Everything that can be seen, but for what has to change when something is made and undone: mount
/// IDs, times, and the order of lines of the same meaning.
pub(crate) fn seen() -> (Vec<String>, Option<String>, Vec<String>) {
    let table = mount_table();
    let mut mounts: Vec<_> =
        table.lines().map(|line| line.splitn(3, ' ').nth(2).unwrap()).collect();
    mounts.sort_unstable();
    let mounts = mounts.into_iter().map(str::to_owned).collect();
    let mut tree = State::now().tree_without_times();
    // The test's own.
    tree.retain(|line| !line.starts_with(FREEZER) && !line.starts_with(DESIRED));
    (mounts, fs::read_to_string(CURRENT).ok(), tree)
}

/// Fails, and everything is as before.
#[track_caller]
pub(crate) fn fails_and_undoes(machine: &Machine, desired: &str, place: &str, words: &str) {
    let before = seen();
    fails(machine, desired, place, words);
    let now = seen();
    assert_eq!(before.0, now.0, "mounts after {desired}");
    assert_eq!(before.1, now.1, "saved after {desired}");
    assert_eq!(before.2, now.2, "tree after {desired}");
    assert_eq!(fs::read_to_string(FREEZER).unwrap(), "THAWED", "{desired}: frozen");
    for draft in ["new", "journal"] {
        assert!(!fs::exists(format!("{CURRENT}.{draft}")).unwrap(), "{desired}: a left-over");
    }
}

#[track_caller]
pub(crate) fn fails(machine: &Machine, desired: &str, place: &str, words: &str) {
    fs::write(DESIRED, desired).unwrap();
    one_line(&machine.run(), &[place, words], desired);
}

#[track_caller]
pub(crate) fn succeeds(machine: &Machine, desired: &str) {
    fs::write(DESIRED, desired).unwrap();
    let output = machine.run();
    assert_eq!(output.status.code(), Some(0), "{desired}: {output:?}");
}

#[test]
fn after_a_first_construction() {
    on_a_machine("truth::after_a_first_construction", |machine| {
        let before = State::now();
        for (bad, words) in BAD {
            let desired = format!("{OTHERS}{bad},x-snapd.origin=layout 0 0\n");
            // The second time as well.
            for _ in 0..2 {
                let place = "layout /srv/mm (snap.hello.fstab:7): ";
                fails_and_undoes(machine, &desired, place, words);
            }
            // A good profile goes on from there.
            succeeds(machine, OTHERS);
            check_truth(&before, bad);
            for line in OTHERS.lines() {
                assert!(fs::read_to_string(CURRENT).unwrap().contains(line), "{bad}: {line}");
            }
            machine.undo();
            assert_eq!(made_since(&before), BTreeMap::new(), "{bad}");
        }
    });
}

#[test]
fn undone_at_once() {
    on_a_machine("truth::undone_at_once", |machine| {
        let before = State::now();
        for (bad, words) in BAD {
            let desired = format!("{bad},x-snapd.origin=layout 0 0\n{OTHERS}");
            fails_and_undoes(machine, &desired, "layout /srv/mm (snap.hello.fstab:1): ", words);
            machine.undo();
            assert_eq!(made_since(&before), BTreeMap::new(), "{bad}");
            assert!(!fs::exists("/srv/aa").unwrap() && !fs::exists("/srv/zz").unwrap());
        }
    });
}

#[test]
fn after_an_update() {
    on_a_machine("truth::after_an_update", |machine| {
        let before = State::now();
        for (bad, words) in BAD {
            succeeds(machine, &GOOD.concat());
            // One of the old ones goes, one stays.
            let desired = format!("{}{OTHERS}{bad},x-snapd.origin=layout 0 0\n", GOOD[1]);
            fails_and_undoes(machine, &desired, "layout /srv/mm (snap.hello.fstab:8): ", words);
            check_truth(&before, bad);
            let saved = fs::read_to_string(CURRENT).unwrap();
            assert!(saved.contains(GOOD[1]) && saved.contains(GOOD[0]), "{saved}");
            succeeds(machine, &[GOOD[1], OTHERS].concat());
            check_truth(&before, bad);
            machine.undo();
            assert_eq!(made_since(&before), BTreeMap::new(), "{bad}");
        }
    });
}

/// A layout fails, and there is no plan that leads back to what was `recorded`: the journal, which has
/// all that may stand, stays for the next run.
#[track_caller]
fn fails_without_a_way_back(
    machine: &Machine,
    (bad, words): (&str, &str),
    recorded: &str,
    why: &str,
) {
    fs::write(CURRENT, recorded).unwrap();
    fs::write(DESIRED, format!("{}{OTHERS}{bad},x-snapd.origin=layout 0 0\n", GOOD[0])).unwrap();
    let output = machine.run();
    let (text, notices) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{bad}: {text}");
    assert!(text.contains(words), "{bad}: {text}");
    assert!(notices.contains(why), "{bad}: {notices}");
    let journal = fs::read_to_string(CURRENT).unwrap();
    assert!(journal.starts_with('#'), "{bad}: {journal}");
    for line in recorded.lines().chain(OTHERS.lines()) {
        let point = line.split(' ').nth(1).expect("a mount point");
        let count = |text: &str| text.matches(&format!(" {point} ")).count();
        assert!(count(&journal) >= count(recorded).max(1), "{bad}: {point}: {journal}");
    }
    assert_eq!(fs::read_to_string(FREEZER).unwrap(), "THAWED", "{bad}: frozen");
    for draft in ["new", "journal"] {
        assert!(!fs::exists(format!("{CURRENT}.{draft}")).unwrap(), "{bad}: a left-over");
    }
}

#[test]
fn a_way_back_that_nobody_may_want() {
    on_a_machine("truth::a_way_back_that_nobody_may_want", |machine| {
        let before = State::now();
        for bad in BAD {
            succeeds(machine, &GOOD.concat());
            // Two layouts at one place.
            mount(Some("tmpfs"), "/srv/good", Some("tmpfs"), 0, None);
            let saved = fs::read_to_string(CURRENT).unwrap();
            let both = format!("{saved}tmpfs /srv/good tmpfs rw,x-snapd.origin=layout 0 0\n");
            let why = "both have the mount point /srv/good\nsnap-update-ns: there is no way back\n";
            fails_without_a_way_back(machine, bad, &both, why);
            succeeds(machine, &GOOD.concat());
            check_truth(&before, bad.0);
            machine.undo();
            assert_eq!(made_since(&before), BTreeMap::new(), "{bad:?}");
        }
    });
}

#[test]
fn a_way_back_whose_profile_cannot_be_read() {
    on_a_machine("truth::a_way_back_whose_profile_cannot_be_read", |machine| {
        succeeds(machine, &GOOD.concat());
        // As it is written it is four times as long: too long for a line.
        let note = format!("/srv/good none x-snapd.note={},", "\\".repeat(30_000));
        let recorded = fs::read_to_string(CURRENT).unwrap().replace("/srv/good none ", &note);
        assert!(recorded.contains(&note));
        fails_without_a_way_back(machine, BAD[0], &recorded, "longer than");
        // Nor can the journal be read, which the next run says and leaves alone.
        let place = "current profile snap.hello.fstab:";
        fails_and_undoes(machine, &GOOD.concat(), place, "longer than");
    });
}

#[test]
fn after_content_that_fails() {
    on_a_machine("truth::after_content_that_fails", |machine| {
        let before = State::now();
        for (bad, words) in BAD {
            fs::write(DESIRED, format!("{OTHERS}{bad} 0 0\n")).unwrap();
            let output = machine.run();
            let notice = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(0), "{bad}: {notice}");
            assert_eq!(output.stdout, b"", "{bad}");
            let place = "left out: content /srv/mm (snap.hello.fstab:7): ";
            assert!(notice.contains(place) && notice.contains(words), "{bad}: {notice}");
            assert_eq!(notice.lines().count(), 1, "{bad}: {notice}");
            check_truth(&before, bad);
            let saved = fs::read_to_string(CURRENT).unwrap();
            assert!(OTHERS.lines().all(|line| saved.contains(line)), "{saved}");
            assert!(!saved.contains("/srv/mm"), "{saved}");
            machine.undo();
            assert_eq!(made_since(&before), BTreeMap::new(), "{bad}");
        }
    });
}

#[test]
fn after_an_overname_that_fails() {
    on_a_machine("truth::after_an_overname_that_fails", |machine| {
        let before = State::now();
        let bad = "tmpfs /srv/mm tmpfs banana=1,x-snapd.origin=overname 0 0\n";
        let good = "/snap/hello/1/lib /srv/aaa none rbind,x-snapd.origin=overname 0 0\n";
        let place = "parallel instance /srv/mm (snap.hello.fstab:8): ";
        fails_and_undoes(machine, &[OTHERS, good, bad].concat(), place, "invalid argument");
        succeeds(machine, &[OTHERS, good].concat());
        check_truth(&before, "overname, then good");
        machine.undo();
        assert_eq!(made_since(&before), BTreeMap::new());
    });
}

#[test]
fn a_mount_point_that_is_missing_in_a_new_bind_from_a_tmpfs() {
    let name = "truth::a_mount_point_that_is_missing_in_a_new_bind_from_a_tmpfs";
    on_a_machine(name, |machine| {
        let desired = "\
/var/snap/hello/common/data /srv/aa none rbind,rw,x-snapd.origin=layout 0 0
tmpfs /srv/aa/missing tmpfs mode=0700,x-snapd.origin=layout 0 0
";
        let before = State::now();
        succeeds(machine, desired);
        check_truth(&before, "on the same tmpfs as /");
        machine.undo();
        mount(Some("data"), "/var/snap/hello/common/data", Some("tmpfs"), 0, Some("mode=755"));
        let before = State::now();
        succeeds(machine, desired);
        check_truth(&before, "on a tmpfs of its own");
        machine.undo();
        assert_eq!(made_since(&before), BTreeMap::new());
    });
}
