//! A namespace: whose it is, and what it shares with others.

use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;

use snap_mount_options::MountFlags;
use snap_ns_plan::{Access, Attributes, FsKind};

use crate::copy::{Relation, Unbindable};
use crate::inode::{Body, Inode};
use crate::machine::Machine;
use crate::mount::{MountId, NamespaceId, Spot};

/// A mount namespace of a machine, and who acts in it. When it is dropped its mounts are gone.
///
/// Paths are absolute and clean (`snap_path::check`). What is created is owned by root, and its
/// directory must exist and be writable, unless a method says otherwise.
#[derive(Debug)]
pub struct Namespace {
    machine: Rc<RefCell<Machine>>,
    id: NamespaceId,
    root: MountId,
    caller: Caller,
    /// The number of the action, counted from 0 over all that are performed, that fails with
    /// `EIO` and does nothing.
    pub fail_at: Option<usize>,
    pub(crate) performed: usize,
}

/// Who acts, by user and group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    /// Owns what it creates, at first.
    pub(crate) owner: (u32, u32),
    /// Owns what has no other owner in the end.
    pub(crate) creates_for: (u32, u32),
}

/// A namespace and its machine, while something is done.
pub(crate) struct Inside<'n> {
    pub(crate) machine: RefMut<'n, Machine>,
    pub(crate) id: NamespaceId,
    /// Its root directory.
    pub(crate) root: Spot,
    pub(crate) caller: Caller,
}

/// What the root of a file system gets.
pub(crate) const DIRECTORY: Attributes = Attributes { mode: 0o755, uid: 0, gid: 0 };

impl Namespace {
    /// A namespace of a new machine: an empty tmpfs, of which the mount is private.
    #[must_use]
    pub fn new() -> Self {
        Self::with_root(FsKind::Tmpfs)
    }

    /// The same with a file system of this kind.
    #[must_use]
    pub fn with_root(kind: FsKind) -> Self {
        let mut machine = Machine::default();
        let inode = machine.storage.new_system(kind, Access::Writable, DIRECTORY);
        let root = machine.new_mount(inode, MountFlags::RELATIME);
        let id = machine.new_namespace();
        machine.join(root, Some(id));
        let caller = Caller { owner: (0, 0), creates_for: (0, 0) };
        let machine = Rc::new(RefCell::new(machine));
        Self { machine, id, root, caller, fail_at: None, performed: 0 }
    }

    /// What `unshare(CLONE_NEWNS)` makes: another namespace on the same machine, whose shared
    /// mounts are peers of those of this one.
    #[must_use]
    pub fn clone_namespace(&self) -> Self {
        let mut machine = self.machine.borrow_mut();
        let inode = machine.mount(self.root).root;
        let root = machine.copy_tree(self.root, inode, Relation::Alike, Unbindable::Copied);
        let id = machine.new_namespace();
        machine.join(root, Some(id));
        Self { machine: Rc::clone(&self.machine), id, root, ..*self }
    }

    /// What snap-confine makes: another namespace on the same machine, whose root is a tmpfs of its
    /// own. Directories right below the root of this one are bound there with all that is mounted in
    /// them, and links are copied.
    #[must_use]
    pub fn with_own_root(&self) -> Self {
        let mut machine = self.machine.borrow_mut();
        let inode = machine.storage.new_system(FsKind::Tmpfs, Access::Writable, DIRECTORY);
        let root = machine.new_mount(inode, MountFlags::RELATIME);
        let here = machine.mount(self.root).root;
        let names = match &machine.storage.inode(here).body {
            Body::Directory(children) => children.clone(),
            Body::File(_) | Body::Symlink(_) | Body::Special => BTreeMap::new(),
        };
        for (name, child) in names {
            let spot = machine.topmost(Spot { mount: self.root, inode: child });
            let (attributes, body) = match machine.storage.inode(spot.inode) {
                Inode { body: Body::Directory(_), attributes, .. } => {
                    (*attributes, Body::directory())
                }
                Inode { body: Body::Symlink(target), attributes, .. } => {
                    (*attributes, Body::Symlink(target.clone()))
                }
                Inode { body: Body::File(_) | Body::Special, .. } => continue,
            };
            let is_directory = matches!(body, Body::Directory(_));
            let Ok(at) = machine.storage.create(inode, &name, attributes, body) else { continue };
            if is_directory {
                let (relation, unbindable) = (Relation::Alike, Unbindable::LeftOut);
                let copy = machine.copy_tree(spot.mount, spot.inode, relation, unbindable);
                machine.put(copy, Spot { mount: root, inode: at });
            }
        }
        let id = machine.new_namespace();
        machine.join(root, Some(id));
        Self { machine: Rc::clone(&self.machine), id, root, ..*self }
    }

    /// The same namespace on a machine of its own, with a copy of everything. (The machine's other
    /// namespaces are still there, but nobody has them.)
    #[must_use]
    pub fn deep_copy(&self) -> Self {
        let machine = Rc::new(RefCell::new(self.machine.borrow().clone()));
        Self { machine, ..*self }
    }

    /// From now on `owner` performs actions, and what has no other owner shall be owned by
    /// `creates_for`: root for a snap's mounts, the same user for a user's.
    pub fn act_as(&mut self, owner: (u32, u32), creates_for: (u32, u32)) -> &mut Self {
        self.caller = Caller { owner, creates_for };
        self
    }

    /// How many actions were performed.
    #[must_use]
    pub fn performed(&self) -> usize {
        self.performed
    }

    pub(crate) fn inside(&self) -> Inside<'_> {
        let machine = self.machine.borrow_mut();
        let root = Spot { mount: self.root, inode: machine.mount(self.root).root };
        Inside { machine, id: self.id, root, caller: self.caller }
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // The last one takes its machine with it.
        if Rc::strong_count(&self.machine) > 1
            && let Ok(mut machine) = self.machine.try_borrow_mut()
        {
            machine.drop_tree(self.root);
        }
    }
}
