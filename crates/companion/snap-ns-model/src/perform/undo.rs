//! Undoing: mounts, symbolic links, mount points.

use snap_ns_plan::{Call, Fault, NodeKind, Outcome, Role, Rule, Skip, Verdict, What};
use snap_path::parent;

use crate::error::Error;
use crate::look::failed;
use crate::mount::Spot;
use crate::namespace::Inside;

impl Inside<'_> {
    pub(crate) fn undo_mount(&mut self, path: &[u8]) -> Result<Outcome, Fault> {
        let role = Role::MountPoint;
        if parent(path).is_none() {
            return Err(Fault::new(What::MimicOfRoot, role));
        }
        let top = self.find_in_dir(path);
        let Ok(top) = top else { return Ok(Outcome::Skipped(Skip::NotThere)) };
        match self.machine.unmount(top) {
            Ok(()) => Ok(Outcome::Done),
            Err(Error::Busy) => {
                self.machine.make_private(top.mount);
                self.machine.detach(top).map_err(failed(Call::Unmount, role))?;
                Ok(Outcome::Done)
            }
            // It is no mount point.
            Err(Error::Invalid) => Ok(Outcome::Skipped(Skip::NotThere)),
            Err(error) => Err(failed(Call::Unmount, role)(error)),
        }
    }

    /// Makes the topmost mount at `name` private, with all in it, and detaches it.
    pub(super) fn take_away(&mut self, dir: Spot, name: &[u8]) {
        if let Some(top) = self.machine.child(dir, name)
            && self.machine.require_mount(top).is_ok()
        {
            self.machine.make_private(top.mount);
            // It is a mount, as was just seen.
            let _ = self.machine.detach(top);
        }
    }

    pub(super) fn remove_symlink(
        &mut self,
        path: &[u8],
        target: &[u8],
        keep: usize,
        rule: &dyn Rule,
    ) -> Result<Outcome, Fault> {
        let skipped = |skip| Ok(Outcome::Skipped(skip));
        let link = self.find_in_dir(path);
        let leads_there = link.is_ok_and(|link| {
            let same = self.machine.storage.inode(link.inode).text() == target;
            same && self.machine.kind(link) == NodeKind::Symlink
        });
        if !leads_there {
            return if parent(path).is_none() {
                Err(failed(Call::Remove, Role::MountPoint)(Error::Busy))
            } else {
                skipped(Skip::NotThere)
            };
        }
        let removed = self.may_remove(path, rule).and_then(|()| self.remove(path));
        match removed {
            Ok(()) => {
                self.remove_empty_above(path, keep);
                Ok(Outcome::Done)
            }
            Err(Error::ReadOnly) => skipped(Skip::Stays),
            Err(error) => Err(failed(Call::Remove, Role::MountPoint)(error)),
        }
    }

    pub(super) fn remove_mount_point(
        &mut self,
        path: &[u8],
        keep: usize,
        rule: &dyn Rule,
    ) -> Result<Outcome, Fault> {
        match self.remove_if_vacant(path, rule) {
            Ok(()) => {
                self.remove_empty_above(path, keep);
                Ok(Outcome::Done)
            }
            Err(Error::NotFound | Error::NotDirectory | Error::Loop) => {
                Ok(Outcome::Skipped(Skip::NotThere))
            }
            Err(Error::NotEmpty | Error::Exists | Error::Busy | Error::ReadOnly) => {
                Ok(Outcome::Skipped(Skip::Stays))
            }
            Err(error @ (Error::Io | Error::Invalid)) => {
                Err(failed(Call::Remove, Role::MountPoint)(error))
            }
        }
    }

    /// The same, only in the file system of the directory `own`.
    pub(super) fn remove_source(
        &mut self,
        path: &[u8],
        own: &[u8],
        keep: usize,
        rule: &dyn Rule,
    ) -> Result<Outcome, Fault> {
        match parent(path).map(|above| self.is_on(above, own)) {
            Some(Ok(true)) => self.remove_mount_point(path, keep, rule),
            Some(Ok(false)) | None => Ok(Outcome::Skipped(Skip::Stays)),
            Some(Err(_)) => Ok(Outcome::Skipped(Skip::NotThere)),
        }
    }

    /// Whether `path` may have been created by us.
    fn may_remove(&self, path: &[u8], rule: &dyn Rule) -> Result<(), Error> {
        let (dir, _) = self.find_parent(path)?;
        let above = parent(path).unwrap_or_default();
        match rule.verdict(above, self.machine.ground(dir)) {
            Verdict::Write => Ok(()),
            Verdict::WriteIfOn(len) if self.is_on(above, above.get(..len).unwrap_or(above))? => {
                Ok(())
            }
            Verdict::WriteIfOn(_)
            | Verdict::WriteIfIn(_)
            | Verdict::ReadOnly
            | Verdict::Trespass => Err(Error::ReadOnly),
        }
    }

    fn remove_if_vacant(&mut self, path: &[u8], rule: &dyn Rule) -> Result<(), Error> {
        let (dir, name) = self.find_parent(path)?;
        let spot = self.machine.child(dir, name).ok_or(Error::NotFound)?;
        self.may_remove(path, rule)?;
        let inode = self.machine.storage.inode(spot.inode);
        match inode.kind() {
            NodeKind::Directory => self.remove(path),
            NodeKind::File if inode.text().is_empty() => self.remove(path),
            NodeKind::File | NodeKind::Symlink | NodeKind::Special => Err(Error::NotEmpty),
        }
    }

    /// Removes the directories above `path`, longer than `keep` bytes, until one is not empty or a
    /// mount point.
    fn remove_empty_above(&mut self, path: &[u8], keep: usize) {
        let mut next = parent(path);
        while let Some(dir) = next.filter(|dir| dir.len() > keep)
            && self.remove_dir(dir).is_ok()
        {
            next = parent(dir);
        }
    }

    /// rmdir(2)
    pub(super) fn remove_dir(&mut self, path: &[u8]) -> Result<(), Error> {
        self.find_dir(path)?;
        self.remove(path)
    }
}
