//! The changes of profiles that are planned.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use snap_ns_plan::NodeKind;

/// How many mount points lie below each other in [`Shape::Deep`].
const DEPTH: usize = 60;

/// A change from one profile to another, with so many entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Shape {
    /// Layouts, of which every other one gets another source.
    Refresh(usize),
    /// The same where the root file system is not recorded, as with snap-confine before 2.68.
    PlainRoot(usize),
    /// Content mounts in one directory, which all get another source, and a hundred layouts that
    /// bind this directory recursively.
    Copied(usize),
    /// A layout on a mimic with so many children gets another source.
    Mimic(usize),
    /// Mount points one below the other, sixty deep; the topmost ones get another source.
    Deep(usize),
}

impl Shape {
    /// All of them, one tenth of the size first.
    pub(super) fn pairs() -> [(Self, Self); 5] {
        [
            (Self::Refresh(1_000), Self::Refresh(10_000)),
            (Self::PlainRoot(1_000), Self::PlainRoot(10_000)),
            (Self::Copied(500), Self::Copied(5_000)),
            (Self::Mimic(500), Self::Mimic(5_000)),
            (Self::Deep(600), Self::Deep(6_000)),
        ]
    }

    pub(super) fn name(self) -> String {
        match self {
            Self::Refresh(n) => format!("refresh-{n}"),
            Self::PlainRoot(n) => format!("plain-root-{n}"),
            Self::Copied(n) => format!("copied-{n}"),
            Self::Mimic(n) => format!("mimic-{n}"),
            Self::Deep(n) => format!("deep-{n}"),
        }
    }

    /// The profile of `revision` 1 or 2; 1 is the current one.
    pub(super) fn profile(self, revision: usize) -> String {
        let mut text = String::new();
        if revision == 1 && !matches!(self, Self::PlainRoot(_)) {
            text.push_str("tmpfs / tmpfs x-snapd.origin=rootfs 0 0\n");
        }
        match self {
            Self::Refresh(n) | Self::PlainRoot(n) => {
                for i in 0..n {
                    let revision = if i % 2 == 0 { 1 } else { revision };
                    let source = format!("/var/snap/hello/{revision}/d{i}");
                    layout(&mut text, &source, &format!("/usr/share/d{i}"));
                }
            }
            Self::Copied(n) => {
                for i in 0..n {
                    let _ = writeln!(
                        text,
                        "/snap/other/{revision}/d{i} /snap/hello/1/all/d{i} none bind,ro 0 0"
                    );
                }
                for i in 0..100 {
                    layout(&mut text, "/snap/hello/1/all", &format!("/usr/share/d{i}"));
                }
            }
            Self::Mimic(n) => {
                if revision == 1 {
                    let made = "x-snapd.synthetic,x-snapd.needed-by=/usr/share/new";
                    let shows = format!("mode=0755,uid=0,gid=0,x-snapd.shows={:016x}", summary(n));
                    let _ = writeln!(text, "tmpfs /usr/share tmpfs {made},{shows} 0 0");
                }
                layout(&mut text, &format!("/var/snap/hello/{revision}/d"), "/usr/share/new");
            }
            Self::Deep(n) => {
                for i in 0..n / DEPTH {
                    let mut mount_point = format!("/usr/share/d{i}");
                    for depth in 0..DEPTH {
                        let revision = if depth == 0 { revision } else { 1 };
                        let source = format!("/var/snap/hello/{revision}/d{i}x{depth}");
                        layout(&mut text, &source, &mount_point);
                        mount_point.push_str("/d");
                    }
                }
            }
        }
        text
    }

    /// How many children the read-only directory `/usr/share` has, in which `new` is missing.
    pub(super) fn children(self) -> Option<usize> {
        match self {
            Self::Mimic(n) => Some(n),
            Self::Refresh(_) | Self::PlainRoot(_) | Self::Copied(_) | Self::Deep(_) => None,
        }
    }
}

fn layout(text: &mut String, source: &str, mount_point: &str) {
    let _ = writeln!(text, "{source} {mount_point} none rbind,rw,x-snapd.origin=layout 0 0");
}

/// What a mimic with the directories `d0`, `d1` and so on is recorded as (`Mimic::summary`).
fn summary(children: usize) -> u64 {
    let mut names: Vec<String> = (0..children).map(|i| format!("d{i}")).collect();
    names.sort();
    let bytes = names.iter().flat_map(|name| name.bytes().chain([0, NodeKind::Directory as u8]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
