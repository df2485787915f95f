//! The same file system, changed: what the executor does to the real one.

extern crate std;

use std::collections::BTreeSet;

use snap_mount_options::{IfMissing, MountFlags, Operation, Origin};
use snap_path::{parent, prefixes};
use snap_profile::{Item, Shape};

use super::world::{Node, World};
use crate::{
    Access, Action, Call, Creation, Fault, FsKind, FsView, Look, Mimic, NodeKind, ObjectKind,
    Outcome, Performer, Role, Rule, Skip, Verdict, What,
};

/// Where something is to be created.
enum Start {
    Exists(NodeKind),
    Below,
    No(Outcome),
}

impl Performer for World {
    fn perform(&mut self, action: &Action<'_>, rule: &dyn Rule) -> Outcome {
        let fails = self.fails == Some(self.performed);
        self.performed += 1;
        if fails {
            self.vain_attempt = matches!(action, Action::PutBeneath(_));
            return Outcome::Failed(Fault::new(What::Failed(Call::Mount, 5), Role::Nothing));
        }
        match action {
            Action::Nothing => panic!("nobody performs nothing"),
            Action::Unmount { mount_point } => self.unmount(mount_point),
            Action::RemoveSymlink { path, target, keep } => {
                let outcome = self.remove_symlink(path, target);
                self.remove_above(outcome, path, *keep);
                outcome
            }
            Action::RemoveMountPoint { path, keep } | Action::RemoveSource { path, keep, .. } => {
                let holds = parent(path).unwrap();
                let Some(ground) = self.nodes.get(holds).map(Node::ground) else {
                    return Outcome::Skipped(Skip::NotThere);
                };
                match rule.verdict(holds, ground) {
                    Verdict::Write => {}
                    Verdict::WriteIfOn(len) if self.same_fs(holds, &holds[..len]) == Ok(true) => {}
                    Verdict::WriteIfOn(_)
                    | Verdict::WriteIfIn(_)
                    | Verdict::ReadOnly
                    | Verdict::Trespass => {
                        return Outcome::Skipped(Skip::Stays);
                    }
                }
                let outcome = self.remove_mount_point(path);
                self.remove_above(outcome, path, *keep);
                outcome
            }
            Action::Make(creation) => self.create(creation, rule),
            Action::MakeSymlink { path, target, old, .. } => {
                match self.start(path, Role::MountPoint, rule) {
                    Start::Exists(NodeKind::Symlink) if self.nodes[*path].text == *target => {
                        Outcome::Done
                    }
                    Start::Exists(NodeKind::Symlink)
                        if Some(&self.nodes[*path].text[..]) == *old =>
                    {
                        self.nodes.remove(*path);
                        self.make(path, NodeKind::Symlink, target);
                        Outcome::Done
                    }
                    Start::Exists(kind) => found(kind, Role::MountPoint),
                    Start::No(outcome) => outcome,
                    Start::Below => {
                        self.make_above(path);
                        self.make(path, NodeKind::Symlink, target);
                        Outcome::Done
                    }
                }
            }
            Action::EnsureDir { path, must_exist } => {
                if self.look(must_exist, Role::MustExistDir) != Ok(Look::Found(NodeKind::Directory))
                {
                    return Outcome::Failed(Fault::new(What::Missing, Role::MustExistDir));
                }
                let kind = ObjectKind::Directory;
                let role = Role::MountPoint;
                self.create(&Creation { path, role, kind, mode: 0o700, uid: None, gid: None }, rule)
            }
            Action::Mount(item) => self.mount_item(item),
            Action::PutBeneath(_) => Outcome::Skipped(Skip::InTurn),
            Action::Mimic(mimic) => self.mimic(mimic),
        }
    }
}

fn found(kind: NodeKind, role: Role) -> Outcome {
    Outcome::Failed(Fault::new(What::Found(kind), role))
}

fn node_kind(item: &Item<'_>) -> NodeKind {
    if item.shape == Shape::File { NodeKind::File } else { NodeKind::Directory }
}

impl World {
    fn start(&mut self, path: &[u8], role: Role, rule: &dyn Rule) -> Start {
        let (at, ground) = match self.look(path, role).unwrap() {
            Look::Found(kind) => return Start::Exists(kind),
            Look::Blocked { at, kind } => {
                return Start::No(Outcome::Failed(Fault::at(What::Found(kind), role, at)));
            }
            Look::Missing { parent, ground } => (parent, ground),
        };
        let dir = &path[..at];
        let what = match rule.verdict(dir, ground) {
            Verdict::Write => return Start::Below,
            Verdict::WriteIfOn(len) if self.same_fs(dir, &dir[..len]) == Ok(true) => {
                return Start::Below;
            }
            Verdict::WriteIfIn(len) if self.covered.iter().any(|(at, _)| *at == dir[..len]) => {
                return Start::Below;
            }
            Verdict::WriteIfOn(_) | Verdict::WriteIfIn(_) | Verdict::Trespass => {
                What::WouldShowOnHost
            }
            Verdict::ReadOnly => What::ReadOnly,
        };
        Start::No(Outcome::Failed(Fault::at(what, role, at)))
    }

    fn create(&mut self, creation: &Creation<'_>, rule: &dyn Rule) -> Outcome {
        let (path, role) = (creation.path, creation.role);
        let kind = match creation.kind {
            ObjectKind::Directory => NodeKind::Directory,
            ObjectKind::File => NodeKind::File,
        };
        match self.start(path, role, rule) {
            Start::Exists(there) if there == kind => {}
            Start::Exists(there) => return found(there, role),
            Start::No(outcome) => return outcome,
            Start::Below => {
                for dir in prefixes(parent(path).unwrap()) {
                    if !self.nodes.contains_key(dir) {
                        self.make(dir, NodeKind::Directory, b"");
                        self.nodes.get_mut(dir).unwrap().attributes.mode = rule.directory_mode(dir);
                    }
                }
                self.make(path, kind, b"");
                let attributes = &mut self.nodes.get_mut(path).unwrap().attributes;
                attributes.mode = creation.mode;
                attributes.uid = creation.uid.unwrap_or(0);
            }
        }
        Outcome::Done
    }

    fn mount_item(&mut self, item: &Item<'_>) -> Outcome {
        let (from, to, options) = (item.entry.source, item.entry.mount_point, item.options());
        let mut ends = std::vec![(to, Role::MountPoint)];
        let binds = matches!(options.operation, Operation::Bind(_));
        if binds {
            ends.insert(0, (from, Role::Source));
        }
        for (path, role) in ends {
            match self.look(path, role).unwrap() {
                Look::Found(kind) if kind == node_kind(item) => {}
                Look::Found(kind) => return found(kind, role),
                Look::Missing { .. } | Look::Blocked { .. } => {
                    let ignored = options.if_missing == IfMissing::Skip;
                    if ignored && item.origin == Origin::Content {
                        return Outcome::Skipped(Skip::IgnoredMissing);
                    }
                    return Outcome::Failed(Fault::new(What::Missing, role));
                }
            }
        }
        let mut tree = if binds { self.tree(from) } else { std::vec![] };
        for (path, node) in &mut tree {
            *path = match snap_path::below(path, from) {
                Some(rest) if !rest.is_empty() => [to, b"/", rest].concat(),
                Some(_) | None => to.to_vec(),
            };
            if options.flags.contains(MountFlags::READ_ONLY) {
                node.access = Access::ReadOnly;
            }
        }
        if !binds {
            let mut node = Node::directory(self.new_device());
            node.fs = if item.is_tmpfs() { FsKind::Tmpfs } else { FsKind::Other };
            tree.push((to.to_vec(), node));
        }
        self.mount(to, &tree);
        Outcome::Done
    }

    fn mimic(&mut self, mimic: &Mimic<'_>) -> Outcome {
        let mut tree = self.tree(mimic.dir);
        if tree.is_empty() {
            return Outcome::Failed(Fault::new(What::Missing, Role::Mimic));
        }
        let (mut first, mut count) = (None, 0);
        for (number, child) in (mimic.first_child..).zip(mimic.children) {
            let path = [mimic.dir, b"/", mimic.name(child)].concat();
            if child.kind != NodeKind::Symlink && !self.nodes.contains_key(&path) {
                let gone = What::Failed(Call::Open, 2);
                first = first.or(Some(Fault::new(gone, Role::Child(number))));
                count += 1;
            }
        }
        let device = self.new_device();
        let top = Node { fs: FsKind::Tmpfs, ..Node::directory(device) };
        tree[0].1 = Node { attributes: mimic.attributes, ..top.clone() };
        let listed: BTreeSet<_> = mimic.children.iter().map(|child| mimic.name(child)).collect();
        tree.retain(|(path, _)| {
            let rest = snap_path::below(path, mimic.dir).unwrap();
            let name = rest.split(|&byte| byte == b'/').next().unwrap();
            rest.is_empty() || listed.contains(name)
        });
        self.mount(mimic.dir, &tree);
        for child in mimic.children {
            let path = [mimic.dir, b"/", mimic.name(child)].concat();
            if child.kind != NodeKind::Symlink && self.nodes.contains_key(&path) {
                let dir = child.kind == NodeKind::Directory;
                let kind = if dir { child.kind } else { NodeKind::File };
                let placeholder = Node { kind, ..top.clone() };
                self.covered.push((path.clone(), std::vec![(path, placeholder)]));
            } else if let Some(link) = self.nodes.get_mut(&path) {
                (link.access, link.fs, link.device) = (top.access, top.fs, device);
            }
        }
        first.map_or(Outcome::Done, |first| Outcome::DoneWithout { first, count })
    }

    pub(super) fn unmount(&mut self, path: &[u8]) -> Outcome {
        let Some(at) = self.covered.iter().rposition(|(mounted, _)| mounted == path) else {
            return Outcome::Skipped(Skip::NotThere);
        };
        for (below, _) in self.tree(path) {
            self.nodes.remove(&below);
        }
        let (_, nodes) = self.covered.remove(at);
        self.nodes.extend(nodes);
        // What is mounted in it goes with it.
        let mut number = 0;
        self.covered.retain(|(mounted, _)| {
            number += 1;
            number <= at || mounted == path || snap_path::below(mounted, path).is_none()
        });
        Outcome::Done
    }

    fn remove_above(&mut self, outcome: Outcome, path: &[u8], keep: usize) {
        let mut above = parent(path).filter(|_| outcome == Outcome::Done);
        while let Some(dir) = above.filter(|dir| dir.len() > keep)
            && self.remove_mount_point(dir) == Outcome::Done
        {
            above = parent(dir);
        }
    }

    fn remove_symlink(&mut self, path: &[u8], target: &[u8]) -> Outcome {
        match self.nodes.get(path) {
            Some(node) if node.kind == NodeKind::Symlink && node.text == target => {
                if node.access == Access::ReadOnly {
                    return Outcome::Skipped(Skip::Stays);
                }
                self.nodes.remove(path);
                Outcome::Done
            }
            Some(_) | None => Outcome::Skipped(Skip::NotThere),
        }
    }

    fn remove_mount_point(&mut self, path: &[u8]) -> Outcome {
        let Some(node) = self.nodes.get(path) else { return Outcome::Skipped(Skip::NotThere) };
        let busy = self.covered.iter().any(|(mounted, _)| mounted == path);
        let full = self.tree(path).len() > 1 || !node.text.is_empty();
        if busy || full || self.nodes[parent(path).unwrap()].access == Access::ReadOnly {
            return Outcome::Skipped(Skip::Stays);
        }
        self.nodes.remove(path);
        Outcome::Done
    }
}
