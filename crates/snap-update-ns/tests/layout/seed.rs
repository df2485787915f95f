//! The example with which the design began: a directory bound over `/usr`, a tmpfs for nobody, and
//! a link, in the profile that was written down for it.

use std::fs;

use snap_ns_testbed::is_root_or_skips;

use crate::build::{DIALECTS, Dialect, build, profile};
use crate::machine::{CURRENT, DESIRED, Machine, on_a_machine};
use crate::seen::{Writable, at, has_text, is_writable, mounted};

/// As it was written down, with `$SNAP` expanded; then in today's spelling.
const PROFILES: [&str; 2] = [
    "/snap/hello/2/usr /usr none bind,ro 0 0
none /mytmp tmpfs x-snap-user:OWNER,x-snap-group:OWNER,x-snap-mode:1777 0 0
none /mylink x-snap-symlink x-snap-symlink:/link/target 0 0
",
    "/snap/hello/2/usr /usr none bind,ro 0 0
none /mytmp tmpfs x-snapd.user=OWNER,x-snapd.group=OWNER,x-snapd.mode=1777 0 0
none /mylink none x-snapd.kind=symlink,x-snapd.symlink=/link/target 0 0
",
];

/// The layout that it was written down for, at places that a layout may have today: a new top-level
/// directory and a target outside of the snap are refused.
const LAYOUT: &str = "
  /var/lib/usr: {bind: $SNAP/lib}
  /var/mytmp: {type: tmpfs, user: OWNER, group: OWNER, mode: 1777}
  /var/mylink: {symlink: $SNAP/link/target}
";

#[test]
fn example() {
    on_a_machine("seed::example", |machine| check(machine, "root", 0));
}

/// In a user namespace there is only one user.
#[test]
fn example_for_nobody() {
    if is_root_or_skips("seed::example_for_nobody") {
        on_a_machine("seed::example_for_nobody", |machine| check(machine, "nobody", 65534));
    }
}

#[track_caller]
fn check(machine: &Machine, owner: &str, id: u32) {
    let layout = profile(&LAYOUT.replace("OWNER", owner), &[], None);
    for dialect in DIALECTS {
        build(machine, &layout, dialect);
        has_text("/var/lib/usr/text", "snap\n");
        assert_eq!(at("/var/mytmp"), format!("dir 1777 {id}:{id}"));
        let target = fs::read_link("/var/mylink").expect("a link");
        assert_eq!(target.to_str(), Some("/snap/hello/1/link/target"));
        machine.undo();
    }
    machine.world.file("/snap/hello/2/usr/share/text", "of the snap\n").expect("a file");
    machine.world.read_only("/snap/hello/2").expect("read-only");
    // With /usr covered the hosted binary does not find its libraries again.
    let profiles = if cfg!(freestanding) { &PROFILES[..] } else { &PROFILES[..1] };
    let mut saved = Vec::new();
    for profile in profiles {
        let profile = profile.replace("OWNER", owner);
        fs::write(DESIRED, &profile).expect("write");
        let output = machine.run();
        assert!(output.status.success() && output.stderr.is_empty(), "{profile}{output:?}");
        saved.push(fs::read_to_string(CURRENT).expect("saved"));
        has_text("/usr/share/text", "of the snap\n");
        is_writable("/usr/share", Writable::No);
        assert_eq!(mounted("/mytmp").as_deref(), Some("tmpfs"));
        assert_eq!(at("/mytmp"), format!("dir 1777 {id}:{id}"));
        assert_eq!(fs::read_link("/mylink").expect("a link").to_str(), Some("/link/target"));
        if cfg!(freestanding) {
            machine.undo();
        }
    }
    assert!(!saved.iter().any(|text| text.contains("x-snap-")), "{saved:?}");
    assert!(saved.windows(2).all(|pair| pair[0] == pair[1]), "{saved:?}");
}

/// What this test's own translation makes of the second is the first, but for the order of options.
#[test]
fn spellings_are_the_same() {
    assert_eq!(Dialect::Founding.spell(PROFILES[1]), PROFILES[0]);
}
