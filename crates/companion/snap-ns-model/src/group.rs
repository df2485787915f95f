//! Propagation: which mounts are peers, and who gets mounts from whom (mount_namespaces(7)).

use snap_mount_options::{Depth, Propagation, PropagationKind};

use crate::machine::Machine;
use crate::mount::{Bindable, GroupId, MountId};

impl Machine {
    /// What mount(2) does with a propagation type.
    pub(crate) fn set_propagation(&mut self, mount: MountId, to: Propagation) {
        let mounts = match to.depth {
            Depth::Single => vec![mount],
            Depth::Recursive => self.tree(mount),
        };
        for mount in mounts {
            match to.kind {
                PropagationKind::Shared => self.share(mount),
                PropagationKind::Slave => {
                    let master = self.leave_group(mount);
                    self.change(mount, |mount| mount.master = master);
                }
                PropagationKind::Private => self.set_private(mount, Bindable::Yes),
                PropagationKind::Unbindable => self.set_private(mount, Bindable::No),
            }
        }
    }

    pub(crate) fn make_private(&mut self, mount: MountId) {
        let (kind, depth) = (PropagationKind::Private, Depth::Recursive);
        self.set_propagation(mount, Propagation { kind, depth });
    }

    fn set_private(&mut self, mount: MountId, bindable: Bindable) {
        self.leave_group(mount);
        self.change(mount, |mount| (mount.master, mount.bindable) = (None, bindable));
    }

    /// Makes a mount shared; one that is in no group founds one. A slave stays a slave.
    pub(crate) fn share(&mut self, mount: MountId) {
        if self.mount(mount).peers.is_none() {
            let group = self.new_group();
            self.change(mount, |mount| mount.peers = Some(group));
        }
        self.change(mount, |mount| mount.bindable = Bindable::Yes);
    }

    /// Takes a mount out of its group; tells which group it would get mounts from as a slave. The
    /// slaves of a group without members go to that group's own master.
    pub(crate) fn leave_group(&mut self, mount: MountId) -> Option<GroupId> {
        let (peers, master) = (self.mount(mount).peers, self.mount(mount).master);
        let Some(group) = peers else { return master };
        self.change(mount, |mount| mount.peers = None);
        if self.mounts().any(|(_, other)| other.peers == Some(group)) {
            return Some(group);
        }
        let slaves: Vec<_> = self.slaves(group).collect();
        for slave in slaves {
            self.change(slave, |slave| slave.master = master);
        }
        master
    }

    pub(crate) fn members(&self, group: GroupId) -> impl Iterator<Item = MountId> {
        self.mounts().filter(move |(_, mount)| mount.peers == Some(group)).map(|(id, _)| id)
    }

    pub(crate) fn slaves(&self, group: GroupId) -> impl Iterator<Item = MountId> {
        self.mounts().filter(move |(_, mount)| mount.master == Some(group)).map(|(id, _)| id)
    }

    /// All mounts that what happens in `group` reaches: its members, their slaves, and theirs.
    pub(crate) fn reached_by(&self, group: GroupId) -> Vec<MountId> {
        let mut reached: Vec<_> = self.members(group).collect();
        let mut groups = vec![group];
        let mut at = 0;
        while let Some(&master) = groups.get(at) {
            for slave in self.slaves(master) {
                if let Some(group) = self.mount(slave).peers
                    && !groups.contains(&group)
                {
                    groups.push(group);
                }
                reached.push(slave);
            }
            at = at.saturating_add(1);
        }
        reached
    }
}
