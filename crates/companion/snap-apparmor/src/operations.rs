//! What each operation of a plan needs.
//!
//! [`Subjects::rules`] and [`after`] match on every operation there is: one that is added to the
//! planner does not compile here until somebody has said what it needs.

use snap_mount_options::{
    Depth, MountFlags, Operation, Options, Origin, Propagation, PropagationKind,
};
use snap_ns_plan::Op;
use snap_profile::{Item, Shape};

use crate::backend::Backend;
use crate::ground::{Places, at_and_above};
use crate::pattern::Pattern;
use crate::rule::Rule;
use crate::sources::Sources;
use crate::variables::Homes;

/// Where a classic mimic's directory is bound meanwhile.
const ASIDE: &[u8] = b"/tmp/.snap";

/// What a group of rules is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purpose {
    /// The entry's mount itself.
    Mount,
    /// Undoing that.
    Undo,
    /// Files, directories and links that are made, and removed again.
    Objects,
    /// A writable mimic, there and back.
    Mimic,
}

impl Purpose {
    /// In a comment.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mount => "mount",
            Self::Undo => "undo",
            Self::Objects => "create and remove",
            Self::Mimic => "writable mimic",
        }
    }
}

/// All that can be planned for the entry at `place`.
pub(crate) fn operations(place: u16) -> impl Iterator<Item = Op> {
    std::iter::successors(Some(Op::MakeSource(place)), |op| after(*op))
}

/// The operation that follows in the list of all that can be planned for an entry.
fn after(op: Op) -> Option<Op> {
    Some(match op {
        Op::MakeSource(place) => Op::MakeMountPoint(place),
        Op::MakeMountPoint(place) => Op::MakeSymlink(place),
        Op::MakeSymlink(place) => Op::EnsureDir(place),
        Op::EnsureDir(place) => Op::Mount(place),
        Op::Mount(place) => Op::PutBeneath(place),
        Op::PutBeneath(place) => Op::Unmount(place),
        Op::Unmount(place) => Op::RemoveSymlink(place),
        Op::RemoveSymlink(place) => Op::RemoveMountPoint(place),
        Op::RemoveMountPoint(place) => Op::RemoveSource(place),
        Op::RemoveSource(place) => Op::Forget(place),
        // A mimic is for a directory, and comes on its own.
        Op::Forget(_) | Op::Mimic(_) => return None,
    })
}

/// Whether what is missing is not created for an entry, which is skipped then.
pub(crate) fn creates_nothing(item: &Item<'_>) -> bool {
    item.origin == Origin::Content && item.ignores_missing()
}

/// What the operations of a plan are about.
pub(crate) struct Subjects<'s> {
    /// By the numbers that are in operations.
    pub(crate) items: &'s [Item<'s>],
    pub(crate) places: Places<'s>,
    pub(crate) sources: Sources<'s>,
    pub(crate) homes: &'s Homes,
    pub(crate) backend: Backend,
}

impl<'s> Subjects<'s> {
    /// What `op` needs, and what for; `mimic` is the directory of one that makes a mimic. (A plan has
    /// fewer of these than there are numbers; a policy may have more.)
    pub(crate) fn rules(&self, op: Op, mimic: &[u8]) -> (Purpose, Vec<Rule>) {
        match op {
            Op::Mount(place) => (Purpose::Mount, self.item(place, |item| self.mount(item))),
            Op::PutBeneath(place) => (Purpose::Mount, self.item(place, |item| self.attached(item))),
            Op::Unmount(place) => (Purpose::Undo, self.item(place, |item| self.undo(item))),
            Op::MakeSource(place) | Op::RemoveSource(place) => {
                (Purpose::Objects, self.item(place, |item| self.sources(item)))
            }
            Op::MakeMountPoint(place)
            | Op::MakeSymlink(place)
            | Op::EnsureDir(place)
            | Op::RemoveMountPoint(place)
            | Op::RemoveSymlink(place) => {
                (Purpose::Objects, self.item(place, |item| self.mount_points(item)))
            }
            // It is about the saved profile only.
            Op::Forget(_) => (Purpose::Undo, Vec::new()),
            Op::Mimic(_) => (Purpose::Mimic, self.mimic(mimic)),
        }
    }

    fn item(&self, place: u16, rules: impl FnOnce(&Item<'_>) -> Vec<Rule>) -> Vec<Rule> {
        self.items.get(usize::from(place)).map(rules).unwrap_or_default()
    }

    fn path(&self, path: &[u8]) -> Pattern {
        self.homes.pattern(path)
    }

    /// A path as the kernel tells it to AppArmor: that of a directory ends with a slash.
    fn node(&self, path: &[u8], shape: Shape) -> Pattern {
        match shape {
            Shape::Directory | Shape::EnsureDir => self.path(path).then_literal(b"/"),
            Shape::File | Shape::Symlink => self.path(path),
        }
    }

    fn mount(&self, item: &Item<'_>) -> Vec<Rule> {
        if !item.shape.is_mount() {
            return Vec::new();
        }
        let options = item.options();
        let source = || self.node(item.entry.source, item.shape);
        let target = self.node(item.entry.mount_point, item.shape);
        let mut rules = Vec::new();
        match options.operation {
            Operation::Bind(Depth::Recursive) => {
                rules.push(Rule::mount("rbind, rw", Some(&source()), &target));
            }
            Operation::Bind(Depth::Single) => {
                rules.push(Rule::mount("bind, rw", Some(&source()), &target));
            }
            Operation::Move => rules.push(Rule::mount("move, rw", Some(&source()), &target)),
            Operation::Mount => {
                let fs_type = String::from_utf8_lossy(item.entry.fs_type);
                let device = Pattern::literal(item.entry.source);
                rules.push(Rule::mount_new(&fs_type, &flags(options.flags), &device, &target));
            }
            Operation::Remount => {
                rules.push(Rule::remount(&format!("remount, {}", flags(options.flags)), &target));
            }
        }
        // mount_setattr(2) is not AppArmor's business. Without it a bind is mounted again.
        let per_mount = options.flags & MountFlags::PER_MOUNT;
        if matches!(options.operation, Operation::Bind(Depth::Single)) && !per_mount.is_empty() {
            rules.push(Rule::remount(&format!("remount, bind, {}", flags(per_mount)), &target));
        }
        if let Some(change) = options.propagation {
            rules.push(Rule::mount(propagation(change), None, &target));
        }
        rules.extend(self.attached_if_fd(&options, &target));
        rules
    }

    /// With the newer calls, and Linux 6.7, something that has no path of its own is moved.
    fn attached_if_fd(&self, options: &Options<'_>, target: &Pattern) -> Option<Rule> {
        let attaches = match options.operation {
            Operation::Bind(_) | Operation::Mount => true,
            Operation::Move | Operation::Remount => false,
        };
        let fd = self.backend == Backend::Fd;
        (fd && attaches).then(|| Rule::mount("move, rw", None, target))
    }

    /// What is put beneath a mount is attached to its mount point.
    fn attached(&self, item: &Item<'_>) -> Vec<Rule> {
        if !item.shape.is_mount() {
            return Vec::new();
        }
        let target = self.node(item.entry.mount_point, item.shape);
        self.attached_if_fd(&item.options(), &target).into_iter().collect()
    }

    fn undo(&self, item: &Item<'_>) -> Vec<Rule> {
        if !item.shape.is_mount() {
            return Vec::new();
        }
        let target = self.node(item.entry.mount_point, item.shape);
        let mut rules = undone(&target);
        if self.backend == Backend::Fd {
            rules.push(looked_beneath(&target, item.shape));
        }
        rules
    }

    fn mount_points(&self, item: &Item<'_>) -> Vec<Rule> {
        let path = item.entry.mount_point;
        if creates_nothing(item) {
            return Vec::new();
        }
        if item.shape == Shape::EnsureDir {
            // The user makes them, and they stay.
            let created = at_and_above(path).take_while(|path| !self.homes.is_home(path));
            let dir = |path| Rule::own_file(&self.path(path).then_literal(b"/"), "w");
            return created.map(dir).collect();
        }
        self.objects(path, item.shape)
    }

    fn sources(&self, item: &Item<'_>) -> Vec<Rule> {
        match item.shown().0 {
            Some(source) if !creates_nothing(item) => self.objects(source, item.shape),
            Some(_) | None => Vec::new(),
        }
    }

    /// What may be made at `path` and above it.
    fn objects(&self, path: &[u8], shape: Shape) -> Vec<Rule> {
        let shape_of = |made: &[u8]| if made == path { shape } else { Shape::Directory };
        let made = self.places.creatable(path);
        let rule = |made: &'_ _| {
            let shape = shape_of(made);
            // Whether a directory that was made is still empty is seen by listing it.
            let access = if shape == Shape::Directory { "rw" } else { "w" };
            Rule::file(&self.node(made, shape), access)
        };
        made.map(rule).collect()
    }

    /// A directory is bound aside and covered by a tmpfs, in which its children are shown again.
    fn mimic(&self, dir: &[u8]) -> Vec<Rule> {
        let dir_slash = || self.path(dir).then_literal(b"/");
        let aside = || Pattern::literal(ASIDE).then_literal(dir).then_literal(b"/");
        // (Not `*{,/}`, which the directory itself would match.)
        let (child, child_dir) = (dir_slash().then("*"), dir_slash().then("*/"));
        let mut rules = vec![
            Rule::file(&child, "w"),
            Rule::file(&child_dir, "rw"),
            Rule::mount("rbind, rw", Some(&dir_slash()), &aside()),
            Rule::mount_new("tmpfs", "rw", &Pattern::literal(b"tmpfs"), &dir_slash()),
            Rule::mount("rbind, rw", Some(&aside().then("*/")), &child_dir),
            Rule::mount("bind, rw", Some(&aside().then("*")), &child),
        ];
        let listed = self.sources.of_path(dir);
        rules.extend(listed.iter().map(|dir| Rule::file(&self.path(dir).then_literal(b"/"), "r")));
        rules.extend(undone(&aside()));
        rules.extend(undone(&dir_slash()));
        if self.backend == Backend::Fd {
            let targets = [&dir_slash(), &child, &child_dir];
            rules.extend(targets.map(|target| Rule::mount("move, rw", None, target)));
            rules.push(looked_beneath(&dir_slash(), Shape::Directory));
            rules.push(looked_beneath(&child_dir, Shape::Directory));
            rules.push(looked_beneath(&child, Shape::File));
        }
        rules
    }
}

/// The mount at `target` is unmounted; one that is in use, or has others below it, is made private
/// and detached.
fn undone(target: &Pattern) -> Vec<Rule> {
    vec![Rule::unmount(target), Rule::mount("rprivate", None, target)]
}

/// What lies beneath a mount is looked at in a copy of the namespace, where it is moved away.
fn looked_beneath(target: &Pattern, shape: Shape) -> Rule {
    // In a tmpfs that was attached to the root there.
    let attic = match shape {
        Shape::Directory | Shape::EnsureDir => "[0-9]*/",
        Shape::File | Shape::Symlink => "[0-9]*/file",
    };
    Rule::mount("move, rw", Some(target), &Pattern::literal(b"/").then(attic))
}

/// Flags of mount(2) as AppArmor names them.
fn flags(flags: MountFlags) -> String {
    const NAMES: [(MountFlags, &str); 13] = [
        (MountFlags::READ_ONLY, "ro"),
        (MountFlags::NO_SUID, "nosuid"),
        (MountFlags::NO_DEV, "nodev"),
        (MountFlags::NO_EXEC, "noexec"),
        (MountFlags::SYNCHRONOUS, "sync"),
        (MountFlags::MANDATORY_LOCKS, "mand"),
        (MountFlags::DIR_SYNC, "dirsync"),
        (MountFlags::NO_ATIME, "noatime"),
        (MountFlags::NO_DIR_ATIME, "nodiratime"),
        (MountFlags::SILENT, "silent"),
        (MountFlags::POSIX_ACL, "acl"),
        (MountFlags::RELATIME, "relatime"),
        (MountFlags::STRICT_ATIME, "strictatime"),
    ];
    let read_write = if flags.contains(MountFlags::READ_ONLY) { None } else { Some("rw") };
    let names = NAMES.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, name)| *name);
    read_write.into_iter().chain(names).collect::<Vec<_>>().join(", ")
}

fn propagation(change: Propagation) -> &'static str {
    use PropagationKind::{Private, Shared, Slave, Unbindable};
    match (change.kind, change.depth) {
        (Shared, Depth::Single) => "shared",
        (Slave, Depth::Single) => "slave",
        (Private, Depth::Single) => "private",
        (Unbindable, Depth::Single) => "unbindable",
        (Shared, Depth::Recursive) => "rshared",
        (Slave, Depth::Recursive) => "rslave",
        (Private, Depth::Recursive) => "rprivate",
        (Unbindable, Depth::Recursive) => "runbindable",
    }
}
