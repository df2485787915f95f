//! What is measured: the worlds, the profiles, and what must be there afterwards.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// The work that a snap's profile asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Shape {
    /// An invocation that fails while it reads its arguments.
    StartUp,
    /// snap-confine's call with equal profiles.
    Nothing,
    /// Twenty entries, as a desktop snap with a content snap has them.
    Typical,
    /// So many layouts between directories that exist.
    Layouts(usize),
    /// One layout onto a new name in a read-only directory with so many children.
    Mimic(usize),
}

/// One measured call of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Phase {
    /// Nothing but starting and leaving.
    Start,
    /// From the empty profile to the desired one.
    Build,
    /// The same desired profile again.
    NoChange,
    /// Back to the empty profile.
    Undo,
}

impl Phase {
    /// As the tables and the floor's arguments spell it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Build => "build",
            Self::NoChange => "no change",
            Self::Undo => "undo",
        }
    }
}

/// One child in ten of a mimicked directory is a file.
pub(crate) fn child_is_file(index: usize) -> bool {
    index % 10 == 9
}

impl Shape {
    /// Every shape of a full run, in the order of the table.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = vec![Self::StartUp, Self::Nothing, Self::Typical];
        all.extend([100, 1_000, 5_000, 16_000].map(Self::Layouts));
        all.extend([100, 1_000, 5_000].map(Self::Mimic));
        all
    }

    /// Without what takes longest.
    pub(crate) fn quick() -> Vec<Self> {
        let mut quick = Self::all();
        quick.retain(|s| ![Self::Layouts(16_000), Self::Mimic(5_000)].contains(s));
        quick
    }

    /// The largest world takes seconds a run and is only there for the growth.
    pub(crate) fn at_most(self, runs: u16) -> u16 {
        if self == Self::Layouts(16_000) { runs.min(5) } else { runs }
    }

    /// The name for `--only`.
    pub(crate) fn name(self) -> String {
        match self {
            Self::StartUp => "start-up".into(),
            Self::Nothing => "nothing".into(),
            Self::Typical => "typical-20".into(),
            Self::Layouts(n) => format!("layouts-{n}"),
            Self::Mimic(n) => format!("mimic-{n}"),
        }
    }

    /// The calls that one run makes, in order.
    pub(crate) fn phases(self) -> &'static [Phase] {
        match self {
            Self::StartUp => &[Phase::Start],
            Self::Nothing => &[Phase::NoChange],
            Self::Typical | Self::Layouts(_) | Self::Mimic(_) => {
                &[Phase::Build, Phase::NoChange, Phase::Undo]
            }
        }
    }

    /// What the floor program is told: the kind of work and its size.
    pub(crate) fn floor_words(self) -> (&'static str, usize) {
        match self {
            Self::StartUp | Self::Nothing => ("nothing", 0),
            Self::Typical => ("typical", 20),
            Self::Layouts(n) => ("layouts", n),
            Self::Mimic(n) => ("mimic", n),
        }
    }

    /// The desired profile while something is wanted.
    pub(crate) fn desired(self) -> String {
        match self {
            Self::StartUp => String::new(),
            Self::Nothing => content(2),
            Self::Typical => typical(),
            Self::Layouts(count) => {
                let mut text = String::new();
                for i in 0..count {
                    layout(
                        &mut text,
                        &format!("/var/snap/hello/common/d{i:05}"),
                        &format!("{BASE}/d{i:05}"),
                    );
                }
                text
            }
            Self::Mimic(_) => {
                let mut text = String::new();
                layout(&mut text, "/var/snap/hello/common/new", &format!("{BASE}/new"));
                text
            }
        }
    }

    /// How many mounts the build must add to the namespace at least: every entry's own, and a
    /// mimic's cover and children.
    pub(crate) fn mounts(self) -> usize {
        match self {
            Self::StartUp | Self::Nothing => 0,
            // 19 entries are mounts, one is a symbolic link; one mimic of 12 children.
            Self::Typical => 19 + 1 + TYPICAL_CHILDREN,
            Self::Layouts(count) => count,
            Self::Mimic(children) => 1 + 1 + children,
        }
    }
}

/// The read-only place that layouts and mimics of the large worlds stand on.
pub(crate) const BASE: &str = "/usr/share/bench";

/// Children of the directory that the typical profile needs a mimic of.
pub(crate) const TYPICAL_CHILDREN: usize = 12;

fn layout(text: &mut String, source: &str, mount_point: &str) {
    let _ = writeln!(text, "{source} {mount_point} none rbind,rw,x-snapd.origin=layout 0 0");
}

fn content(count: usize) -> String {
    (0..count)
        .map(|i| format!("/snap/theme/1/share/c{i} /snap/hello/1/theme/c{i} none bind,ro 0 0\n"))
        .collect()
}

/// Eight content entries, three layouts each from the snap and from its data onto directories
/// that exist, two file layouts, a tmpfs; and two layouts and a symbolic link with new names in
/// one read-only directory. `floor.c` has the same table.
fn typical() -> String {
    let mut text = content(8);
    for i in 0..3 {
        layout(&mut text, &format!("/snap/hello/1/usr/l{i}"), &format!("/usr/lib/hello/l{i}"));
    }
    for i in 0..3 {
        layout(&mut text, &format!("/var/snap/hello/common/v{i}"), &format!("/etc/hello/v{i}"));
    }
    for i in 0..2 {
        let _ = writeln!(
            text,
            "/snap/hello/1/etc/f{i} /etc/hello/f{i} none bind,rw,x-snapd.kind=file,x-snapd.origin=layout 0 0"
        );
    }
    text.push_str("tmpfs /usr/lib/hello/scratch tmpfs x-snapd.origin=layout 0 0\n");
    for i in 0..2 {
        layout(&mut text, &format!("/snap/hello/1/usr/n{i}"), &format!("/usr/share/hello/n{i}"));
    }
    text.push_str(
        "none /usr/share/hello/link none x-snapd.kind=symlink,x-snapd.symlink=/var/snap/hello/common/v0,x-snapd.origin=layout 0 0\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_typical_profile_has_twenty_entries_with_distinct_mount_points() {
        let text = Shape::Typical.desired();
        let mut points: Vec<&str> = text.lines().filter_map(|l| l.split(' ').nth(1)).collect();
        points.sort_unstable();
        points.dedup();
        assert_eq!(points.len(), 20, "{text}");
    }

    #[test]
    fn large_profiles_have_one_line_for_each_layout() {
        assert_eq!(Shape::Layouts(1_000).desired().lines().count(), 1_000);
    }

    #[test]
    fn names_are_distinct() {
        let mut names: Vec<String> = Shape::all().into_iter().map(Shape::name).collect();
        names.sort();
        let before = names.len();
        names.dedup();
        assert_eq!(names.len(), before);
    }
}
