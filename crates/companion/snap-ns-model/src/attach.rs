//! Mounts get into namespaces: in one place, and wherever that propagates to.

use snap_mount_options::Depth;

use crate::copy::{Relation, Unbindable};
use crate::error::Error;
use crate::inode::{InodeId, Life};
use crate::machine::Machine;
use crate::mount::{Bindable, GroupId, Mount, MountId, NamespaceId, Spot};

impl Machine {
    /// Shows `source` at `target`, too.
    pub(crate) fn bind(&mut self, source: Spot, target: Spot, depth: Depth) -> Result<(), Error> {
        let target = self.mountable(target)?;
        if self.mount(source.mount).bindable == Bindable::No {
            return Err(Error::Invalid);
        }
        self.fits(source.inode, target)?;
        self.require_linked(source.inode)?;
        let copy = match depth {
            Depth::Single => self.copy_mount(source.mount, source.inode, Relation::Alike),
            Depth::Recursive => {
                let (relation, unbindable) = (Relation::Alike, Unbindable::LeftOut);
                self.copy_tree(source.mount, source.inode, relation, unbindable)
            }
        };
        self.attach(copy, target);
        Ok(())
    }

    /// Lets a new mount of `root` stand on `target`.
    pub(crate) fn mount_new(&mut self, mount: Mount, target: Spot) -> Result<(), Error> {
        let target = self.mountable(target)?;
        self.fits(mount.root, target)?;
        let mount = self.add(mount);
        self.attach(mount, target);
        Ok(())
    }

    /// Lets the mount whose root is `source` stand on `target` instead.
    pub(crate) fn move_to(&mut self, source: Spot, target: Spot) -> Result<(), Error> {
        let target = self.mountable(target)?;
        let Mount { root, on: Some(on), .. } = *self.mount(source.mount) else {
            return Err(Error::Invalid);
        };
        let tree = self.tree(source.mount);
        let unbindable = |&mount: &MountId| self.mount(mount).bindable == Bindable::No;
        let shared = self.mount(target.mount).peers.is_some();
        if root != source.inode
            || self.is_dir(root) != self.is_dir(target.inode)
            || self.mount(on.mount).peers.is_some()
            || shared && tree.iter().any(unbindable)
        {
            return Err(Error::Invalid);
        }
        if tree.contains(&target.mount) {
            return Err(Error::Loop);
        }
        self.require_linked(root)?;
        self.lift(source.mount);
        self.attach(source.mount, target);
        Ok(())
    }

    /// The top of `target`, if something can be mounted there.
    fn mountable(&self, target: Spot) -> Result<Spot, Error> {
        let target = self.topmost(target);
        self.require_linked(target.inode).map(|()| target)
    }

    /// What was removed cannot be mounted on, and not be mounted anywhere else either: something
    /// might come to stand on it there.
    fn require_linked(&self, inode: InodeId) -> Result<(), Error> {
        match self.storage.inode(inode).life {
            Life::Linked => Ok(()),
            Life::Removed => Err(Error::NotFound),
        }
    }

    fn is_dir(&self, inode: InodeId) -> bool {
        self.storage.inode(inode).is_dir()
    }

    fn fits(&self, root: InodeId, target: Spot) -> Result<(), Error> {
        if self.is_dir(root) == self.is_dir(target.inode) {
            Ok(())
        } else {
            Err(Error::NotDirectory)
        }
    }

    /// Lets the new tree of `mount` stand on `target`, on which nothing stands, and copies of it
    /// wherever that propagates to.
    fn attach(&mut self, mount: MountId, target: Spot) {
        let mut copies = Vec::new();
        if let Some(group) = self.mount(target.mount).peers {
            for mount in self.tree(mount) {
                self.share(mount);
            }
            let others = self.receivers(self.members(group), target.inode);
            for other in others.into_iter().filter(|&other| other != target.mount) {
                copies.push((self.copy_all(mount, Relation::Alike), other));
            }
            self.copy_to_slaves(group, mount, target.inode, &mut copies);
        }
        self.put(mount, target);
        self.join(mount, self.mount(target.mount).namespace);
        for (copy, parent) in copies {
            let spot = Spot { mount: parent, inode: target.inode };
            // What stands there already stays on top.
            if let Some(above) = self.standing_on(spot) {
                let top = self.topmost(Spot { mount: copy, inode: self.mount(copy).root });
                self.lift(above);
                self.put(above, top);
            }
            self.put(copy, spot);
            self.join(copy, self.mount(parent).namespace);
        }
    }

    /// Adds copies of the shared tree of `mount`, for all slaves of `group`, and for theirs.
    fn copy_to_slaves(
        &mut self,
        group: GroupId,
        mount: MountId,
        on: InodeId,
        copies: &mut Vec<(MountId, MountId)>,
    ) {
        let mut groups = Vec::new();
        let slaves: Vec<_> = self.slaves(group).collect();
        for slave in slaves {
            match self.mount(slave).peers {
                Some(peers) if !groups.contains(&peers) => groups.push(peers),
                Some(_) => {}
                None => {
                    for slave in self.receivers([slave].into_iter(), on) {
                        copies.push((self.copy_all(mount, Relation::Slave), slave));
                    }
                }
            }
        }
        for group in groups {
            let mut first = None;
            for member in self.receivers(self.members(group), on) {
                let copy = match first {
                    None => self.copy_all(mount, Relation::SharedSlave),
                    Some(first) => self.copy_all(first, Relation::Alike),
                };
                first.get_or_insert(copy);
                copies.push((copy, member));
            }
            self.copy_to_slaves(group, first.unwrap_or(mount), on, copies);
        }
    }

    /// Those of `mounts` that are in a namespace and show `inode`.
    fn receivers(&self, mounts: impl Iterator<Item = MountId>, inode: InodeId) -> Vec<MountId> {
        mounts
            .filter(|&id| {
                let mount = self.mount(id);
                mount.namespace.is_some() && self.storage.is_below(inode, mount.root)
            })
            .collect()
    }

    fn copy_all(&mut self, mount: MountId, relation: Relation) -> MountId {
        self.copy_tree(mount, self.mount(mount).root, relation, Unbindable::Copied)
    }

    /// Puts the tree of `mount` into a namespace.
    pub(crate) fn join(&mut self, mount: MountId, namespace: Option<NamespaceId>) {
        for mount in self.tree(mount) {
            self.change(mount, |mount| mount.namespace = namespace);
        }
    }
}
