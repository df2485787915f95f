//! Copies of mounts: binds, what propagates, new namespaces.

use crate::inode::InodeId;
use crate::machine::Machine;
use crate::mount::{Bindable, Mount, MountId, Spot};

/// How a copy is related to what it is a copy of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// A peer, or a slave of the same master, or private, as that is.
    Alike,
    /// Its slave.
    Slave,
    /// Its slave, and shared with others.
    SharedSlave,
}

/// Whether unbindable mounts are copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unbindable {
    LeftOut,
    Copied,
}

impl Machine {
    /// Copies one mount, which shows `root` then. It is in no namespace.
    pub(crate) fn copy_mount(
        &mut self,
        mount: MountId,
        root: InodeId,
        relation: Relation,
    ) -> MountId {
        let original = *self.mount(mount);
        // That it is unbindable is not copied into a new namespace (as Linux 6.18 does it).
        let bindable = Bindable::Yes;
        let copy = Mount { on: None, root, namespace: None, bindable, ..original };
        let copy = match relation {
            Relation::Alike => copy,
            Relation::Slave => Mount { peers: None, master: original.peers, ..copy },
            Relation::SharedSlave => {
                Mount { peers: Some(self.new_group()), master: original.peers, ..copy }
            }
        };
        self.add(copy)
    }

    /// Copies a mount with all that stands at or below `root` in it.
    pub(crate) fn copy_tree(
        &mut self,
        mount: MountId,
        root: InodeId,
        relation: Relation,
        unbindable: Unbindable,
    ) -> MountId {
        let copy = self.copy_mount(mount, root, relation);
        let children: Vec<_> = self
            .standing_in(mount)
            .filter(|&(inode, _)| self.storage.is_below(inode, root))
            .filter(|&(_, child)| {
                unbindable == Unbindable::Copied || self.mount(child).bindable == Bindable::Yes
            })
            .collect();
        for (inode, child) in children {
            let child = self.copy_tree(child, self.mount(child).root, relation, unbindable);
            self.put(child, Spot { mount: copy, inode });
        }
        copy
    }
}
