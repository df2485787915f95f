//! Mounts leave namespaces, and objects their directories.

use std::collections::BTreeSet;

use crate::error::Error;
use crate::inode::{Body, InodeId};
use crate::machine::Machine;
use crate::mount::{MountId, NamespaceId, Spot};

impl Machine {
    /// umount(2): nothing may stand in the mount whose root is `spot`.
    pub(crate) fn unmount(&mut self, spot: Spot) -> Result<(), Error> {
        self.require_mount(spot)?;
        if self.standing_in(spot.mount).next().is_some() {
            return Err(Error::Busy);
        }
        self.take_down(spot.mount);
        Ok(())
    }

    /// umount2(2) with `MNT_DETACH`.
    pub(crate) fn detach(&mut self, spot: Spot) -> Result<(), Error> {
        self.require_mount(spot)?;
        self.take_down(spot.mount);
        Ok(())
    }

    /// Whether `spot` is the root of a mount that stands somewhere.
    pub(crate) fn require_mount(&self, spot: Spot) -> Result<(), Error> {
        let mount = self.mount(spot.mount);
        if mount.on.is_some() && mount.root == spot.inode { Ok(()) } else { Err(Error::Invalid) }
    }

    /// Takes the tree of `top` down, and what corresponds to it wherever that propagates to.
    fn take_down(&mut self, top: MountId) {
        let mut going: BTreeSet<_> = self.tree(top).into_iter().collect();
        let mut candidates = Vec::new();
        for &mount in &going {
            let Some(on) = self.mount(mount).on else { continue };
            let Some(group) = self.mount(on.mount).peers else { continue };
            for other in self.reached_by(group) {
                let spot = Spot { mount: other, inode: on.inode };
                candidates.extend(self.standing_on(spot).filter(|id| !going.contains(id)));
            }
        }
        going.extend(candidates.iter().copied());
        // What others stand in stays, unless they can come down to where it stood.
        while let Some(at) = candidates.iter().position(|&id| self.carries_others(id, &going)) {
            going.remove(&candidates.swap_remove(at));
        }
        self.drop_all(&going);
    }

    /// Whether something that stays stands in the mount, not on its root.
    fn carries_others(&self, mount: MountId, going: &BTreeSet<MountId>) -> bool {
        let root = self.mount(mount).root;
        going.contains(&mount)
            && self
                .standing_in(mount)
                .any(|(inode, child)| inode != root && self.staying(child, going).is_some())
    }

    /// What will be where `mount` is: itself, or the first on top of it that stays.
    fn staying(&self, mount: MountId, going: &BTreeSet<MountId>) -> Option<MountId> {
        let mut at = mount;
        while going.contains(&at) {
            at = self.standing_on(Spot { mount: at, inode: self.mount(at).root })?;
        }
        Some(at)
    }

    /// Forgets mounts; what stays on top of one of them comes down to where that stood.
    fn drop_all(&mut self, going: &BTreeSet<MountId>) {
        let bottoms: Vec<_> = going
            .iter()
            .filter_map(|&id| Some((id, self.mount(id).on?)))
            .filter(|(_, on)| !going.contains(&on.mount))
            .map(|(id, on)| (on, self.staying(id, going)))
            .collect();
        for (_, staying) in &bottoms {
            staying.iter().for_each(|&mount| self.lift(mount));
        }
        for &mount in going {
            self.lift(mount);
        }
        for &mount in going {
            self.forget(mount);
        }
        for (on, staying) in bottoms {
            staying.iter().for_each(|&mount| self.put(mount, on));
        }
    }

    /// Forgets the tree of `top`, here only.
    pub(crate) fn drop_tree(&mut self, top: MountId) {
        let going = self.tree(top).into_iter().collect();
        self.drop_all(&going);
    }

    /// Removes an object: rmdir(2) for a directory, unlink(2) for anything else. Where it is a
    /// mount point in other namespaces, the mounts go.
    pub(crate) fn remove(
        &mut self,
        dir: Spot,
        name: &[u8],
        from: NamespaceId,
    ) -> Result<(), Error> {
        self.require_writable(dir)?;
        let inode = self.storage.inode(dir.inode).child(name).ok_or(Error::NotFound)?;
        let standing = self.all_standing_on(inode);
        if standing.iter().any(|&id| self.mount(id).namespace == Some(from)) {
            return Err(Error::Busy);
        }
        match &self.storage.inode(inode).body {
            Body::Directory(children) if !children.is_empty() => return Err(Error::NotEmpty),
            Body::Directory(_) | Body::File(_) | Body::Symlink(_) | Body::Special => {}
        }
        self.storage.unlink(inode);
        for mount in standing {
            self.drop_tree(mount);
        }
        Ok(())
    }

    fn all_standing_on(&self, inode: InodeId) -> Vec<MountId> {
        let on = |mount: &crate::mount::Mount| mount.on.is_some_and(|on| on.inode == inode);
        self.mounts().filter(|(_, mount)| on(mount)).map(|(id, _)| id).collect()
    }
}
