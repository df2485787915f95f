//! The storage and all mounts, of all namespaces.

use std::collections::BTreeMap;

use snap_mount_options::MountFlags;

use crate::inode::InodeId;
use crate::mount::{Bindable, GroupId, Mount, MountId, NamespaceId, Spot};
use crate::storage::Storage;

#[derive(Clone, Debug, Default)]
pub(crate) struct Machine {
    pub(crate) storage: Storage,
    mounts: BTreeMap<MountId, Mount>,
    /// What stands on a spot: one mount at most, since the next one stands on the root of that.
    standing: BTreeMap<Spot, MountId>,
    next_mount: u32,
    next_group: u32,
    next_namespace: u32,
}

/// What is told of a mount that is not there: nothing asks for one.
const NO_MOUNT: Mount = Mount {
    on: None,
    root: InodeId(0),
    flags: MountFlags::empty(),
    namespace: None,
    peers: None,
    master: None,
    bindable: Bindable::No,
};

impl Machine {
    pub(crate) fn mount(&self, id: MountId) -> &Mount {
        self.mounts.get(&id).unwrap_or(&NO_MOUNT)
    }

    pub(crate) fn change(&mut self, id: MountId, change: impl FnOnce(&mut Mount)) {
        if let Some(mount) = self.mounts.get_mut(&id) {
            change(mount);
        }
    }

    pub(crate) fn mounts(&self) -> impl Iterator<Item = (MountId, &Mount)> {
        self.mounts.iter().map(|(&id, mount)| (id, mount))
    }

    pub(crate) fn add(&mut self, mount: Mount) -> MountId {
        let id = MountId(self.next_mount);
        self.next_mount = self.next_mount.saturating_add(1);
        self.mounts.insert(id, mount);
        id
    }

    pub(crate) fn new_mount(&mut self, root: InodeId, flags: MountFlags) -> MountId {
        self.add(Mount { root, flags, bindable: Bindable::Yes, ..NO_MOUNT })
    }

    pub(crate) fn new_group(&mut self) -> GroupId {
        self.next_group = self.next_group.saturating_add(1);
        GroupId(self.next_group)
    }

    pub(crate) fn new_namespace(&mut self) -> NamespaceId {
        self.next_namespace = self.next_namespace.saturating_add(1);
        NamespaceId(self.next_namespace)
    }

    /// The mount that stands on `spot`.
    pub(crate) fn standing_on(&self, spot: Spot) -> Option<MountId> {
        self.standing.get(&spot).copied()
    }

    /// The mounts that stand in `mount`, and where.
    pub(crate) fn standing_in(&self, mount: MountId) -> impl Iterator<Item = (InodeId, MountId)> {
        let spot = |inode| Spot { mount, inode: InodeId(inode) };
        let range = self.standing.range(spot(0)..=spot(u32::MAX));
        range.map(|(spot, &child)| (spot.inode, child))
    }

    /// The mount `top` and everything above it, parents first.
    pub(crate) fn tree(&self, top: MountId) -> Vec<MountId> {
        let mut tree = vec![top];
        let mut at = 0;
        while let Some(&mount) = tree.get(at) {
            tree.extend(self.standing_in(mount).map(|(_, child)| child));
            at = at.saturating_add(1);
        }
        tree
    }

    /// Lets `mount` stand on `spot`, where nothing stands.
    pub(crate) fn put(&mut self, mount: MountId, spot: Spot) {
        self.standing.insert(spot, mount);
        self.change(mount, |mount| mount.on = Some(spot));
    }

    /// Lets `mount` stand nowhere.
    pub(crate) fn lift(&mut self, mount: MountId) {
        if let Some(spot) = self.mount(mount).on {
            self.standing.remove(&spot);
        }
        self.change(mount, |mount| mount.on = None);
    }

    /// Forgets a mount that stands nowhere and has nothing standing in it.
    pub(crate) fn forget(&mut self, mount: MountId) {
        self.leave_group(mount);
        self.mounts.remove(&mount);
    }

    /// What stands on `spot` on top; the spot itself, if nothing does.
    pub(crate) fn topmost(&self, spot: Spot) -> Spot {
        let mut top = spot;
        while let Some(mount) = self.standing_on(top) {
            top = Spot { mount, inode: self.mount(mount).root };
        }
        top
    }
}
