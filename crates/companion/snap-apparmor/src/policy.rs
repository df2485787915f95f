//! The whole policy of an instance.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use snap_mount_options::Origin;
use snap_ns_plan::Op;
use snap_profile::{Item, Shape};
use snap_session::Instance;

use crate::backend::{Backend, Confined};
use crate::fixed::{self, Users};
use crate::ground::{IfMissing, Places};
use crate::group::{Group, named};
use crate::operations::{Purpose, Subjects, creates_nothing, operations};
use crate::pattern::Pattern;
use crate::rule::Rule;
use crate::sources::Sources;
use crate::variables::Homes;

/// What a policy is made for, besides the profiles.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What it confines.
    pub confined: Confined,
    /// Where the program is, as patterns of apparmor.d(5), which are taken as they are.
    pub programs: Vec<String>,
    /// Where users live.
    pub homes: Homes,
}

impl Default for Settings {
    fn default() -> Self {
        let programs = fixed::PROGRAMS.map(str::to_owned).into();
        Self { confined: Confined::default(), programs, homes: Homes::default() }
    }
}

/// A profile for AppArmor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    name: String,
    groups: Vec<Group>,
}

impl Policy {
    /// The policy for `instance` with entries of the desired profile, `system`, and of that of
    /// users.
    pub(crate) fn new(
        instance: &Instance<'_>,
        (system, users): (&[Item<'_>], &[Item<'_>]),
        settings: &Settings,
    ) -> Self {
        let who = if users.is_empty() { Users::HaveNone } else { Users::HaveMounts };
        let mut groups = fixed::groups(instance, &settings.programs, who, settings.confined);
        groups.extend(entries("entry", system, Whose::Snap, settings));
        groups.extend(entries("entry of users", users, Whose::User, settings));
        let name = String::from_utf8_lossy(instance.as_bytes());
        Self { name: format!("snap-update-ns.{name}"), groups }
    }

    /// The profile's name, to which snap-confine switches.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All groups of rules.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The policy without its group number `left_out`: tests show that each is needed.
    #[must_use]
    pub fn without(&self, left_out: usize) -> Self {
        let groups = self.groups.iter().enumerate().filter(|(at, _)| *at != left_out);
        Self { name: self.name.clone(), groups: groups.map(|(_, group)| group.clone()).collect() }
    }
}

impl Display for Policy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // Or it would depend on the parser's configuration what is mediated at all: networks, say.
        writeln!(f, "abi <abi/3.0>,\n")?;
        // What is open since before the namespace was unshared has no path in it.
        writeln!(f, "profile {} flags=(attach_disconnected) {{", self.name)?;
        for (at, group) in self.groups.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            write!(f, "{group}")?;
        }
        writeln!(f, "}}")
    }
}

/// Whose namespace it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// It is kept and updated.
    Snap,
    /// It is thrown away with the process that it was made for: nothing in it is ever undone, and no
    /// directory is replaced.
    User,
}

/// The groups of some entries: what each needs, and the mimics that they may need together.
fn entries(what: &str, items: &[Item<'_>], whose: Whose, settings: &Settings) -> Vec<Group> {
    let places = Places::new(items.iter().map(|item| {
        let skips = creates_nothing(item);
        (item.entry.mount_point, if skips { IfMissing::Skip } else { IfMissing::Create })
    }));
    let mimics = match whose {
        Whose::Snap => mimics(items, &places),
        Whose::User => BTreeMap::new(),
    };
    let subjects = Subjects {
        items,
        places,
        homes: &settings.homes,
        sources: Sources::of(items),
        backend: match settings.confined {
            Confined::FirstStarts => Backend::Classic,
            Confined::Updates(backend) => backend,
        },
    };
    let mut groups = Vec::new();
    for (place, item) in (0..).zip(items) {
        let mut purposes: BTreeMap<Purpose, Vec<Rule>> = BTreeMap::new();
        for op in operations(place) {
            let (purpose, rules) = subjects.rules(op, b"");
            if whose == Whose::Snap || purpose != Purpose::Undo {
                purposes.entry(purpose).or_default().extend(rules);
            }
        }
        let mount_point = named(&settings.homes.pattern(item.entry.mount_point));
        for (purpose, rules) in purposes.into_iter().filter(|(_, rules)| !rules.is_empty()) {
            let title = format!("{what} {mount_point} (line {}): {}", item.line, purpose.name());
            groups.push(Group::new(title, rules));
        }
    }
    for (dir, needed) in &mimics {
        let (purpose, rules) = subjects.rules(Op::Mimic(0), dir);
        let title =
            format!("{} of {}, for {needed}", purpose.name(), named(&Pattern::literal(dir)));
        groups.push(Group::new(title, rules));
    }
    groups
}

/// The entries that may need a mimic.
struct Needed<'n> {
    first: &'n [u8],
    others: usize,
}

impl Display for Needed<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", named(&Pattern::literal(self.first)))?;
        match self.others {
            0 => Ok(()),
            others => write!(f, " and {others} more"),
        }
    }
}

/// The directories that may have to be replaced (contract section 4: for the mount points of
/// content and layouts, and for the sources of layouts).
fn mimics<'i>(items: &'i [Item<'i>], places: &Places<'_>) -> BTreeMap<&'i [u8], Needed<'i>> {
    let mut mimics: BTreeMap<&[u8], Needed<'_>> = BTreeMap::new();
    for item in items {
        let mount_point = item.entry.mount_point;
        let target = match (item.origin, item.shape) {
            (Origin::Content | Origin::Layout, Shape::Directory | Shape::File | Shape::Symlink) => {
                Some(mount_point)
            }
            (Origin::Content | Origin::Layout, Shape::EnsureDir)
            | (Origin::Overname | Origin::Rootfs, _) => None,
        };
        let source = item.shown().0.filter(|_| item.origin == Origin::Layout);
        let mut dirs: Vec<_> = [target, source]
            .into_iter()
            .flatten()
            .filter(|_| !creates_nothing(item))
            .flat_map(|path| places.mimics_for(path))
            .collect();
        dirs.sort_unstable();
        dirs.dedup();
        for dir in dirs {
            mimics
                .entry(dir)
                .and_modify(|needed| needed.others = needed.others.saturating_add(1))
                .or_insert(Needed { first: mount_point, others: 0 });
        }
    }
    mimics
}
