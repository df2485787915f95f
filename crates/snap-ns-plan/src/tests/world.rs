//! A file system in memory: what the planner looks at.

extern crate std;

use std::borrow::ToOwned;
use std::collections::BTreeMap;
use std::string::String;
use std::vec::Vec;

use snap_path::{components, is_at_or_below, parent, prefixes};

use crate::{
    Access, Attributes, Buffer, Each, Fault, FsKind, FsView, Ground, Look, NodeKind, Role,
};

pub(super) type Path = Vec<u8>;

/// One object. What is created inherits all but its kind from the directory it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    /// The target of a link; what is in a file.
    pub(super) text: Vec<u8>,
    pub(super) access: Access,
    pub(super) fs: FsKind,
    pub(super) device: u32,
    pub(super) attributes: Attributes,
}

/// A tree with the mounts in it. A bind is a copy of its source as it was then.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) nodes: BTreeMap<Path, Node>,
    /// What each mount covers, in the order of mounting.
    pub(super) covered: Vec<(Path, Vec<(Path, Node)>)>,
    devices: u32,
    /// The number of the action that fails, counted from 0.
    pub(super) fails: Option<usize>,
    /// Whether that one was an attempt that need not succeed.
    pub(super) vain_attempt: bool,
    pub(super) performed: usize,
}

impl World {
    /// Reads a line for each object: `d PATH`, `f PATH TEXT`, `l PATH TARGET`, `s PATH` (special),
    /// or `m PATH` (a mount on it), with `ro`, `rw`, `tmpfs` (each a file system of its own), or
    /// `mode=N,uid=N` behind. Missing directories are made.
    pub(super) fn new(text: &str) -> Self {
        let mut world = Self::default();
        world.nodes.insert(b"/".to_vec(), Node::directory(0));
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let mut words = line.split(' ');
            let (kind, path) = (words.next().unwrap(), words.next().unwrap().as_bytes());
            if kind == "m" {
                let device = world.new_device();
                world.mount(path, &[(path.to_vec(), Node::directory(device))]);
            } else {
                world.make_above(path);
                let kind = match kind {
                    "d" => NodeKind::Directory,
                    "f" => NodeKind::File,
                    "l" => NodeKind::Symlink,
                    "s" => NodeKind::Special,
                    other => panic!("{other}"),
                };
                world.make(path, kind, b"");
            }
            for word in words {
                let device = world.new_device();
                let node = world.nodes.get_mut(path).unwrap();
                node.set(word, device);
            }
        }
        world
    }

    pub(super) fn new_device(&mut self) -> u32 {
        self.devices += 1;
        self.devices
    }

    pub(super) fn make(&mut self, path: &[u8], kind: NodeKind, text: &[u8]) {
        let Some(above) = parent(path) else { return };
        let mut node = self.nodes[above].clone();
        (node.kind, node.text) = (kind, text.to_owned());
        node.attributes = Node::directory(0).attributes;
        self.nodes.entry(path.to_vec()).or_insert(node);
    }

    pub(super) fn make_above(&mut self, path: &[u8]) {
        for dir in prefixes(parent(path).unwrap_or(b"/")).filter(|dir| *dir != b"/") {
            self.make(dir, NodeKind::Directory, b"");
        }
    }

    /// Everything at or below `path`, by its whole path.
    pub(super) fn tree(&self, path: &[u8]) -> Vec<(Path, Node)> {
        let from = self.nodes.range(path.to_vec()..);
        let same = from.take_while(|(at, _)| at.starts_with(path));
        let below = same.filter(|(at, _)| is_at_or_below(at, path));
        below.map(|(at, node)| (at.clone(), node.clone())).collect()
    }

    pub(super) fn mount(&mut self, path: &[u8], tree: &[(Path, Node)]) {
        let covered = self.tree(path);
        for (at, _) in &covered {
            self.nodes.remove(at);
        }
        self.nodes.extend(tree.iter().cloned());
        self.covered.push((path.to_vec(), covered));
    }

    /// The tree as text: for comparing.
    pub(super) fn picture(&self) -> String {
        let name = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
        let line = |(path, node): (&Path, &Node)| {
            let text = name(&node.text);
            let Attributes { mode, uid, .. } = node.attributes;
            std::format!(
                "{:?} {} {text} {:?} {:?} {mode:o} {uid}\n",
                node.kind,
                name(path),
                node.access,
                node.fs
            )
        };
        self.nodes.iter().map(line).collect()
    }
}

impl Node {
    pub(super) fn directory(device: u32) -> Self {
        Self {
            kind: NodeKind::Directory,
            text: Vec::new(),
            access: Access::Writable,
            fs: FsKind::Other,
            device,
            attributes: Attributes { mode: 0o755, uid: 0, gid: 0 },
        }
    }

    fn set(&mut self, word: &str, device: u32) {
        match word {
            "ro" => (self.access, self.device) = (Access::ReadOnly, device),
            "rw" => {
                (self.access, self.fs, self.device) = (Access::Writable, FsKind::Other, device);
            }
            "tmpfs" => {
                (self.access, self.fs, self.device) = (Access::Writable, FsKind::Tmpfs, device);
            }
            _ if word.starts_with("mode=") => {
                self.attributes.mode = u16::from_str_radix(&word["mode=".len()..], 8).unwrap();
            }
            _ if word.starts_with("uid=") => {
                self.attributes.uid = word["uid=".len()..].parse().unwrap();
            }
            _ => self.text = word.as_bytes().to_vec(),
        }
    }

    pub(super) fn ground(&self) -> Ground {
        Ground { access: self.access, fs: self.fs }
    }
}

impl FsView for World {
    fn look(&mut self, path: &[u8], _role: Role) -> Result<Look, Fault> {
        let mut above = &b"/"[..];
        for at in prefixes(path) {
            match self.nodes.get(at) {
                None => {
                    let ground = self.nodes[above].ground();
                    return Ok(Look::Missing { parent: above.len(), ground });
                }
                Some(node) if at == path => return Ok(Look::Found(node.kind)),
                Some(node) if node.kind != NodeKind::Directory => {
                    return Ok(Look::Blocked { at: at.len(), kind: node.kind });
                }
                Some(_) => above = at,
            }
        }
        panic!("a path without components: {path:?}")
    }

    fn ground(&mut self, dir: &[u8]) -> Result<Ground, Fault> {
        Ok(self.nodes[dir].ground())
    }

    fn same_fs(&mut self, a: &[u8], b: &[u8]) -> Result<bool, Fault> {
        Ok(self.nodes[a].device == self.nodes[b].device)
    }

    fn leads_to(&mut self, path: &[u8], target: &[u8]) -> Result<bool, Fault> {
        Ok(self.nodes[path].text == target)
    }

    fn read_link(&mut self, path: &[u8], target: &mut Buffer) -> Result<bool, Fault> {
        target.try_extend_from_slice(&self.nodes[path].text).unwrap();
        let owners = [path, snap_path::parent(path).unwrap()].map(|at| self.nodes[at].attributes);
        Ok(owners.iter().all(|owner| (owner.uid, owner.gid) == (0, 0)))
    }

    fn is_vacant(&mut self, path: &[u8]) -> Result<bool, Fault> {
        Ok(self.tree(path).len() == 1 && self.nodes[path].text.is_empty())
    }

    fn attributes(&mut self, path: &[u8]) -> Result<Attributes, Fault> {
        Ok(self.nodes[path].attributes)
    }

    fn mount_id_at(&mut self, path: &[u8]) -> u64 {
        u64::from(self.covered.iter().any(|(mounted, _)| mounted == path))
    }

    fn list(&mut self, path: &[u8], each: &mut Each<'_>) -> Result<(), Fault> {
        let depth = components(path).count() + 1;
        for (at, node) in self.tree(path) {
            if components(&at).count() == depth {
                each(snap_path::file_name(&at), node.kind)?;
            }
        }
        Ok(())
    }

    /// A world with this in it stands for a kernel that cannot.
    fn has_tree_flags(&mut self) -> bool {
        !self.nodes.contains_key(&b"/before-5.12"[..])
    }
}
