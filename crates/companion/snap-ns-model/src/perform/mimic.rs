//! Writable mimics.

use snap_mount_options::{Depth, MountFlags};
use snap_ns_plan::{
    Attributes, Call, Fault, FsKind, Limit, Mimic, NodeKind, ObjectKind, Outcome, Role, Rule, What,
};
use snap_path::{PATH_MAX, components, parent};

use super::proof::is_roots_alone;
use crate::error::Error;
use crate::inode::Body;
use crate::look::failed;
use crate::mount::Spot;
use crate::namespace::Inside;

const ASIDE: &[u8] = b"/tmp/.snap";
const CHILD_ATTRIBUTES: Attributes = Attributes { mode: 0o755, uid: 0, gid: 0 };

/// How the children of a mimic's directory are given to the kernel: it shows in the faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    ByName,
    ByDescriptor,
}

/// How many children are not shown, and what happened to the first.
type Missed = Option<(Fault, u32)>;

impl Inside<'_> {
    pub(super) fn mimic(&mut self, mimic: &Mimic<'_>, rule: &dyn Rule) -> Result<Outcome, Fault> {
        let path = [ASIDE, mimic.dir].concat();
        if path.len() >= PATH_MAX {
            return Err(Fault::new(What::Full(Limit::Path), Role::Aside));
        }
        let own = is_roots_alone(mimic.attributes) && !rule.may_change(mimic.dir);
        let naming = match parent(mimic.dir) {
            Some(above) if own && self.is_proven(above, rule) => Naming::ByName,
            Some(_) | None => Naming::ByDescriptor,
        };
        self.make_aside(&path)?;
        let result = self.build(mimic, &path, naming);
        self.remove_aside(&path);
        let done = |missed: Missed| {
            missed.map_or(Outcome::Done, |(first, count)| Outcome::DoneWithout { first, count })
        };
        result.map(done)
    }

    fn build(
        &mut self,
        mimic: &Mimic<'_>,
        aside_path: &[u8],
        naming: Naming,
    ) -> Result<Missed, Fault> {
        let open = |role| failed(Call::Open, role);
        let (above, name) = self.find_parent(mimic.dir).map_err(open(Role::Mimic))?;
        let dir = self.machine.child_dir(above, name).map_err(open(Role::Mimic))?;
        let (aside_above, aside_name) = self.find_parent(aside_path).map_err(open(Role::Aside))?;
        let place = self.machine.child_dir(aside_above, aside_name).map_err(open(Role::Aside))?;
        self.machine.bind(dir, place, Depth::Recursive).map_err(failed(Call::Bind, Role::Aside))?;
        let aside = self
            .machine
            .child_dir(aside_above, aside_name)
            .map_err(open(Role::Aside))
            .inspect_err(|_| self.take_away(aside_above, aside_name))?;
        let covered = self.cover(mimic, (above, name), dir).and_then(|tmpfs| {
            self.uncover((aside_above, aside_name), aside)
                .map_err(|(call, error)| failed(call, Role::Aside)(error))
                .and_then(|()| self.restore(mimic, aside, tmpfs, naming))
                .inspect_err(|_| self.take_away(above, name))
        });
        let release = |inside: &mut Self| -> Result<(), (Call, Error)> {
            let unshared = inside.machine.require_mount(aside);
            unshared.map_err(|error| (Call::ChangePropagation, error))?;
            inside.machine.make_private(aside.mount);
            let top = inside.machine.child(aside_above, aside_name).ok_or(Error::NotFound);
            let detached = top.and_then(|top| inside.machine.detach(top));
            detached.map_err(|error| (Call::Unmount, error))
        };
        let released = release(self)
            .map_err(|(call, error)| failed(call, Role::Aside)(error))
            .inspect_err(|_| self.take_away(aside_above, aside_name));
        let missed = covered?;
        released.map(|()| missed).inspect_err(|_| self.take_away(above, name))
    }

    fn cover(
        &mut self,
        mimic: &Mimic<'_>,
        (above, name): (Spot, &[u8]),
        dir: Spot,
    ) -> Result<Spot, Fault> {
        self.mount_new(dir, FsKind::Tmpfs, MountFlags::empty(), mimic.attributes)
            .map_err(failed(Call::Mount, Role::Mimic))?;
        self.machine
            .child_dir(above, name)
            .map_err(failed(Call::Open, Role::Mimic))
            .inspect_err(|_| self.take_away(above, name))
    }

    /// On a shared mount the mimic's own tmpfs has spread to the aside.
    fn uncover(
        &mut self,
        (aside_above, aside_name): (Spot, &[u8]),
        aside: Spot,
    ) -> Result<(), (Call, Error)> {
        let top = self.machine.child_dir(aside_above, aside_name);
        let top = top.map_err(|error| (Call::Open, error))?;
        if top.inode == aside.inode {
            return Ok(());
        }
        let unshared = self.machine.require_mount(aside);
        unshared.map_err(|error| (Call::ChangePropagation, error))?;
        self.machine.make_private(aside.mount);
        self.machine.unmount(top).map_err(|error| (Call::Unmount, error))
    }

    fn restore(
        &mut self,
        mimic: &Mimic<'_>,
        aside: Spot,
        tmpfs: Spot,
        naming: Naming,
    ) -> Result<Missed, Fault> {
        let mut missed = None;
        for (number, child) in (mimic.first_child..).zip(mimic.children) {
            let role = Role::Child(number);
            let name = mimic.name(child);
            let restored = match child.kind {
                NodeKind::Directory => {
                    self.restore_dir((mimic.dir, name), aside, tmpfs, role, naming)
                }
                NodeKind::File | NodeKind::Special => self.restore_file(name, aside, tmpfs, role),
                NodeKind::Symlink => self.restore_link(name, aside, tmpfs, role),
            };
            if let Err(fault) = restored {
                // There is always room in the model, and no policy.
                if !matches!(fault.what, What::Failed(..) | What::Found(_)) {
                    return Err(fault);
                }
                let _ = self.machine.remove(tmpfs, name, self.id);
                let (first, count) = missed.unwrap_or((fault, 0));
                missed = Some((first, u32::saturating_add(count, 1)));
            }
        }
        Ok(missed)
    }

    fn restore_dir(
        &mut self,
        (dir, name): (&[u8], &[u8]),
        aside: Spot,
        tmpfs: Spot,
        role: Role,
        naming: Naming,
    ) -> Result<(), Fault> {
        let kind = ObjectKind::Directory;
        self.make_object(tmpfs, name, kind, CHILD_ATTRIBUTES, role)?;
        // A path leads elsewhere when what was just mounted has spread to a directory on the way.
        let (open, target) = match naming {
            Naming::ByName => (Call::Bind, self.find_dir(&[dir, b"/", name].concat())),
            Naming::ByDescriptor => (Call::Open, self.machine.child_dir(tmpfs, name)),
        };
        let source = self.machine.child_dir(aside, name).map_err(failed(open, role))?;
        let target = target.map_err(failed(open, role))?;
        self.machine.bind(source, target, Depth::Recursive).map_err(failed(Call::Bind, role))
    }

    fn restore_file(
        &mut self,
        name: &[u8],
        aside: Spot,
        tmpfs: Spot,
        role: Role,
    ) -> Result<(), Fault> {
        let source = self.machine.child(aside, name).ok_or(Error::NotFound);
        let source = source.map_err(failed(Call::Open, role))?;
        let kind = self.machine.kind(source);
        if matches!(kind, NodeKind::Directory | NodeKind::Symlink) {
            return Err(Fault::new(What::Found(kind), role));
        }
        let target = self.make_object(tmpfs, name, ObjectKind::File, CHILD_ATTRIBUTES, role)?;
        self.machine.bind(source, target, Depth::Single).map_err(failed(Call::Bind, role))
    }

    fn restore_link(
        &mut self,
        name: &[u8],
        aside: Spot,
        tmpfs: Spot,
        role: Role,
    ) -> Result<(), Fault> {
        let link = self.machine.child(aside, name).ok_or(Error::NotFound);
        let link = link.map_err(failed(Call::Open, role))?;
        let link = self.machine.storage.inode(link.inode);
        let (body, attributes) = (link.body.clone(), link.attributes);
        match &body {
            Body::Symlink(_) => {}
            Body::Directory(_) | Body::File(_) | Body::Special => {
                return Err(failed(Call::ReadLink, role)(Error::NotFound));
            }
        }
        let attributes = Attributes { mode: 0o777, ..attributes };
        self.create(tmpfs, name, attributes, body).map_err(failed(Call::MakeSymlink, role))?;
        Ok(())
    }

    fn make_aside(&mut self, path: &[u8]) -> Result<(), Fault> {
        let open = failed(Call::Open, Role::Aside);
        let tmp = parent(ASIDE).unwrap_or_default();
        let rest = snap_path::below(path, tmp).unwrap_or_default();
        let mut dir = self.find_dir(tmp).map_err(&open)?;
        for name in components(rest) {
            dir = match self.machine.child_dir(dir, name) {
                Ok(next) => next,
                Err(Error::NotFound) => {
                    let kind = ObjectKind::Directory;
                    self.make_object(dir, name, kind, CHILD_ATTRIBUTES, Role::Aside)?
                }
                Err(error) => return Err(open(error)),
            };
            let attributes = self.machine.storage.inode(dir.inode).attributes;
            if !is_roots_alone(attributes) {
                return Err(Fault::new(What::NotOurs(attributes.uid), Role::Aside));
            }
        }
        Ok(())
    }

    fn remove_aside(&mut self, path: &[u8]) {
        let mut path = path;
        while snap_path::is_at_or_below(path, ASIDE)
            && let Some(above) = parent(path)
            && self.remove_dir(path).is_ok()
        {
            path = above;
        }
    }
}
