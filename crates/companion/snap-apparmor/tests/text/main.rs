//! The text of a policy: what is in it for which entry, that no path gets out of its quotes, that
//! AppArmor's own parser takes it, and how long it is.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::wildcard_enum_match_arm
)]

mod parser;
mod quoting;
mod rules;
mod size;
mod snapshots;

use snap_apparmor::{Backend, Confined, Policy, Settings, policy};

/// The policies that there are.
const ALL: [(&str, Confined); 3] = [
    ("first-start", Confined::FirstStarts),
    ("classic", Confined::Updates(Backend::Classic)),
    ("fd", Confined::Updates(Backend::Fd)),
];

fn made(system: &[u8], users: &[u8], confined: Confined) -> Policy {
    let settings = Settings { confined, ..Settings::default() };
    policy(b"hello", system, users, &settings).unwrap()
}

/// The rules of all groups, in order.
fn rules(policy: &Policy) -> Vec<String> {
    policy.groups().iter().flat_map(|group| group.rules()).map(ToString::to_string).collect()
}

/// One entry of each kind.
const SYSTEM: &str = "\
/snap/hello_key /snap/hello none rbind,x-snapd.origin=overname 0 0
/snap/other/1/c /snap/hello/1/c none bind,ro 0 0
/var/lib/snapd/hostfs/usr/share/fonts /usr/share/fonts none bind,ro,x-snapd.ignore-missing 0 0
/snap/hello/1/usr/share/app /usr/share/app none rbind,rw,x-snapd.origin=layout 0 0
/var/snap/hello/common/etc/app.conf /etc/app.conf none bind,rw,x-snapd.kind=file,x-snapd.origin=layout 0 0
tmpfs /opt/cache tmpfs x-snapd.mode=01777,x-snapd.origin=layout 0 0
/snap/hello/1/lib /usr/lib/app none x-snapd.kind=symlink,x-snapd.symlink=/snap/hello/1/lib,x-snapd.origin=layout 0 0
tmpfs /dev/shm/snap.hello tmpfs nodev,nosuid,rprivate,mode=1777 0 0
";

const USERS: &str = "\
$XDG_RUNTIME_DIR/doc/by-app/snap.hello $XDG_RUNTIME_DIR/doc none bind,rw,x-snapd.ignore-missing 0 0
none $HOME/.local/share none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=$HOME 0 0
";
