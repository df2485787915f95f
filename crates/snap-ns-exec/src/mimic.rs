//! Replacing a directory by a tmpfs that shows the same and can be written to.

use core::mem::MaybeUninit;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Gid, Mode, RawDir, Uid, chownat, mkdirat, unlinkat};
use rustix::io::Errno;
use rustix::mount::{
    MountFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive, mount_change, unmount,
};
use rustix::process::fchdir;
use snap_ns_plan::{
    Attributes, Call, Fault, Limit, Mimic, NodeKind, ObjectKind, Outcome, Role, Rule, What,
};
use snap_path::{PATH_MAX, Text, file_name, parent};

use crate::backend::Fallback;
use crate::child::{Missed, check_is_file};
use crate::fault::failed;
use crate::fd_path::fd_path;
use crate::here::Here;
use crate::kernel::Kernel;
use crate::parents::is_roots_alone;
use crate::remembered::Proof;
use crate::settle::MountAt;
use crate::stat::LISTED;
use crate::unmount::{PRIVATE_TREE, detach, take_away};
use crate::walk::{PATH, PATH_DIR, is_same, open_child};

/// Below this directory a mimic's directory is bound while it is re-created; snapd's AppArmor
/// policy knows the place (contract section 5).
pub(crate) const ASIDE: &[u8] = b"/tmp/.snap";

/// How many directories are looked at to sweep the aside.
const SWEPT_MAX: usize = 1024;

/// Mode and owner of the directories of the aside, and of what a mimic's children are mounted on.
pub(crate) const CHILD_ATTRIBUTES: Attributes = Attributes { mode: 0o755, uid: 0, gid: 0 };

/// What a policy answers.
const REFUSALS: [Errno; 2] = [Errno::PERM, Errno::ACCESS];

/// How the children of a mimic's directory are given to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    /// As a name in the aside, and a path.
    ByName,
    /// As descriptors.
    ByDescriptor,
}

impl Kernel {
    /// Makes all of `mimic`, or nothing of it.
    pub(crate) fn mimic(&mut self, mimic: &Mimic<'_>, rule: &dyn Rule) -> Result<Outcome, Fault> {
        let made = self.by_backend(
            |kernel| kernel.mimic_unseen(mimic),
            |kernel| kernel.mimic_in_place(mimic, rule),
        );
        self.parents.forget_at(mimic.dir);
        made.map(Missed::outcome)
    }

    /// The same with the classic calls.
    fn mimic_in_place(&mut self, mimic: &Mimic<'_>, rule: &dyn Rule) -> Result<Missed, Fault> {
        let naming = self.naming(mimic, rule);
        // An old kernel is no policy: it lets anything be bound that is open.
        if self.fallback() == Some(Fallback::Missing) {
            match self.build_from_covered(mimic, naming) {
                Err(Fault { what: What::Failed(Call::Bind, errno), .. })
                    if REFUSALS.contains(&Errno::from_raw_os_error(errno)) => {}
                built => return built,
            }
        }
        let mut path = Text::<PATH_MAX>::new();
        path.push(ASIDE)
            .and_then(|()| path.push(mimic.dir))
            .ok_or(Fault::new(What::Full(Limit::Path), Role::Aside))?;
        let aside_path = path.as_bytes();
        let made = self.make_aside(aside_path);
        let result = made.and_then(|()| self.build(mimic, aside_path, naming));
        // What is empty by now was ours, if not somebody else's was found.
        if result.is_ok() || result.is_err_and(|fault| !matches!(fault.what, What::NotOurs(_))) {
            self.remove_aside(aside_path);
        }
        result
    }

    /// How the children of a mimic's directory may be named. By name when nobody but root can
    /// change the directory or the way to it (see `can_name_target` for places of the snap): what
    /// was listed is what is there.
    fn naming(&mut self, mimic: &Mimic<'_>, rule: &dyn Rule) -> Naming {
        let own = mimic.attributes.uid == 0 && mimic.attributes.mode & 0o022 == 0;
        let above = parent(mimic.dir).map(|dir| self.prove_target_dir(dir, rule));
        if own && !rule.may_change(mimic.dir) && above == Some(Ok(Proof::RootOnly)) {
            Naming::ByName
        } else {
            Naming::ByDescriptor
        }
    }

    /// Builds it from the directory itself, which stays open while the tmpfs covers it.
    fn build_from_covered(&self, mimic: &Mimic<'_>, naming: Naming) -> Result<Missed, Fault> {
        let open = failed(Call::Open, Role::Mimic);
        let (above, name) = self.open_parent(mimic.dir).map_err(&open)?;
        let dir = open_child(above.as_fd(), name, PATH_DIR).map_err(&open)?;
        let tmpfs = self.cover(mimic, (above.as_fd(), name), dir.as_fd())?;
        self.restore(mimic, &dir, &tmpfs, naming).inspect_err(|_| take_away(above.as_fd(), name))
    }

    fn build(
        &mut self,
        mimic: &Mimic<'_>,
        aside_path: &[u8],
        naming: Naming,
    ) -> Result<Missed, Fault> {
        let open = |role| failed(Call::Open, role);
        let (above, name) = self.open_parent(mimic.dir).map_err(open(Role::Mimic))?;
        let dir = open_child(above.as_fd(), name, PATH_DIR).map_err(open(Role::Mimic))?;
        let (aside_above, aside_name) = self.open_parent(aside_path).map_err(open(Role::Aside))?;
        let place =
            open_child(aside_above.as_fd(), aside_name, PATH_DIR).map_err(open(Role::Aside))?;
        let here = Here::enter(place.as_fd());
        mount_bind_recursive(fd_path(dir.as_fd()).as_c_str(), here.path())
            .map_err(failed(Call::Bind, Role::Aside))?;
        let aside = open_child(aside_above.as_fd(), aside_name, PATH_DIR)
            .map_err(open(Role::Aside))
            .inspect_err(|_| take_away(aside_above.as_fd(), aside_name))?;
        let covered = self.cover(mimic, (above.as_fd(), name), dir.as_fd()).and_then(|tmpfs| {
            uncover((aside_above.as_fd(), aside_name), aside.as_fd())
                .map_err(|(call, errno)| failed(call, Role::Aside)(errno))
                .and_then(|()| self.restore(mimic, &aside, &tmpfs, naming))
                .inspect_err(|_| take_away(above.as_fd(), name))
        });
        // The aside goes whether or not the mimic stands.
        let released = detach(aside_above.as_fd(), aside_name, aside.as_fd())
            .map_err(|(call, errno)| failed(call, Role::Aside)(errno))
            .inspect_err(|_| take_away(aside_above.as_fd(), aside_name));
        let missed = covered?;
        released.map(|()| missed).inspect_err(|_| take_away(above.as_fd(), name))
    }

    /// Covers the directory with a tmpfs.
    fn cover(
        &self,
        mimic: &Mimic<'_>,
        (above, name): (BorrowedFd<'_>, &[u8]),
        dir: BorrowedFd<'_>,
    ) -> Result<OwnedFd, Fault> {
        let data = tmpfs_data(mimic);
        let here = Here::enter(dir);
        // No flags: just this form is in the stock AppArmor policy.
        mount(c"tmpfs", here.path(), c"tmpfs", MountFlags::empty(), data.as_c_str())
            .map_err(failed(Call::Mount, Role::Mimic))?;
        open_child(above, name, PATH_DIR)
            .map_err(failed(Call::Open, Role::Mimic))
            .inspect_err(|_| take_away(above, name))
    }

    fn restore(
        &self,
        mimic: &Mimic<'_>,
        aside: &OwnedFd,
        tmpfs: &OwnedFd,
        naming: Naming,
    ) -> Result<Missed, Fault> {
        if naming == Naming::ByName {
            fchdir(aside).map_err(failed(Call::ChangeDirectory, Role::Aside))?;
        }
        let mut target = Text::<PATH_MAX>::new();
        target
            .push(mimic.dir)
            .and_then(|()| target.push(b"/"))
            .ok_or(Fault::new(What::Full(Limit::Path), Role::Mimic))?;
        let mut missed = Missed::default();
        for (number, child) in (mimic.first_child..).zip(mimic.children) {
            let role = Role::Child(number);
            let name = mimic.name(child);
            let restored = match (child.kind, naming) {
                (NodeKind::Directory, Naming::ByName) => {
                    self.restore_by_name(&mut target, name, tmpfs, role)
                }
                (NodeKind::Directory, Naming::ByDescriptor) => {
                    self.restore_dir(name, aside, tmpfs, role)
                }
                (NodeKind::File | NodeKind::Special, _) => {
                    self.restore_file(name, aside, tmpfs, role)
                }
                (NodeKind::Symlink, _) => {
                    self.restore_link(name, aside.as_fd(), tmpfs.as_fd(), role)
                }
            };
            missed.take(restored, child.kind, (tmpfs.as_fd(), name))?;
        }
        Ok(missed)
    }

    /// Restores the directory `name` of the working directory, which has what is covered, below `dir`, the
    /// path of the mimic and a slash.
    fn restore_by_name(
        &self,
        dir: &mut Text<PATH_MAX>,
        name: &[u8],
        tmpfs: &OwnedFd,
        role: Role,
    ) -> Result<(), Fault> {
        self.make_child_dir(name, tmpfs.as_fd(), role)?;
        let len = dir.as_bytes().len();
        dir.push(name).ok_or(Fault::new(What::Full(Limit::Path), role))?;
        let bound = mount_bind_recursive(name, dir.as_c_str());
        dir.truncate(len);
        bound.map_err(failed(Call::Bind, role))
    }

    /// Makes the directory `name` in the tmpfs of a mimic, which is root's own.
    pub(crate) fn make_child_dir(
        &self,
        name: &[u8],
        tmpfs: BorrowedFd<'_>,
        role: Role,
    ) -> Result<(), Fault> {
        mkdirat(tmpfs, name, Mode::from_raw_mode(CHILD_ATTRIBUTES.mode.into()))
            .map_err(failed(Call::MakeDirectory, role))?;
        if self.owner != (0, 0) {
            let root = (Some(Uid::ROOT), Some(Gid::ROOT));
            chownat(tmpfs, name, root.0, root.1, AtFlags::SYMLINK_NOFOLLOW)
                .map_err(failed(Call::ChangeOwner, role))?;
        }
        Ok(())
    }

    fn restore_dir(
        &self,
        name: &[u8],
        aside: &OwnedFd,
        tmpfs: &OwnedFd,
        role: Role,
    ) -> Result<(), Fault> {
        let open = |dir: &OwnedFd| {
            open_child(dir.as_fd(), name, PATH_DIR).map_err(failed(Call::Open, role))
        };
        self.make_child_dir(name, tmpfs.as_fd(), role)?;
        let (source, target) = (open(aside)?, open(tmpfs)?);
        let here = Here::enter(target.as_fd());
        mount_bind_recursive(fd_path(source.as_fd()).as_c_str(), here.path())
            .map_err(failed(Call::Bind, role))
    }

    fn restore_file(
        &self,
        name: &[u8],
        aside: &OwnedFd,
        tmpfs: &OwnedFd,
        role: Role,
    ) -> Result<(), Fault> {
        let source = open_child(aside.as_fd(), name, PATH).map_err(failed(Call::Open, role))?;
        check_is_file(source.as_fd(), role)?;
        let attributes = CHILD_ATTRIBUTES;
        let target = self.make_object(tmpfs.as_fd(), name, ObjectKind::File, attributes, role)?;
        let (from, to) = (fd_path(source.as_fd()), fd_path(target.as_fd()));
        mount_bind(from.as_c_str(), to.as_c_str()).map_err(failed(Call::Bind, role))
    }

    /// Removes the empty directories below the aside that a run left which was killed in another
    /// namespace: `/tmp` is the same for all of a snap. It ends at the first that is not empty, or not
    /// root's alone, and after so many that somebody must be making them.
    pub fn sweep_aside(&self) {
        let mut path = Text::<PATH_MAX>::new();
        let _ = path.push(ASIDE);
        let ours = |dir: &OwnedFd| is_roots_alone(dir.as_fd()) == Ok(true);
        for _ in 0..SWEPT_MAX {
            let Some(dir) = self.open(path.as_bytes(), LISTED).ok().filter(ours) else { return };
            let mut buffer = [MaybeUninit::uninit(); 512];
            let mut entries = RawDir::new(&dir, &mut buffer);
            let mut inside = false;
            while let Some(Ok(entry)) = entries.next() {
                let name = entry.file_name().to_bytes();
                if name != b"." && name != b".." {
                    inside = path.push(b"/").and_then(|()| path.push(name)).is_some();
                    break;
                }
            }
            if !inside {
                self.remove_aside(path.as_bytes());
                if self.open(path.as_bytes(), PATH_DIR).is_ok() {
                    return;
                }
                path.truncate(ASIDE.len());
            }
        }
    }

    /// Undoes what an interrupted run left aside for a mimic of `dir`.
    pub(crate) fn clear_aside(&mut self, dir: &[u8]) -> Result<(), Fault> {
        let mut path = Text::<PATH_MAX>::new();
        // A longer one was never made.
        if path.push(ASIDE).and_then(|()| path.push(dir)).is_some() {
            // Two, if it was not uncovered yet.
            while let Ok(MountAt::Id(_) | MountAt::Unknown) = self.mount_at(path.as_bytes())
                && self.unmount(path.as_bytes())? == Outcome::Done
            {}
            self.parents.forget_at(ASIDE);
            self.remove_aside(path.as_bytes());
        }
        Ok(())
    }

    /// Removes the directories of the aside, as far as they are there and empty.
    fn remove_aside(&self, path: &[u8]) {
        let mut path = path;
        while snap_path::is_at_or_below(path, ASIDE)
            && let Some(above) = parent(path)
        {
            let remove =
                || unlinkat(self.open(above, PATH_DIR)?, file_name(path), AtFlags::REMOVEDIR);
            // Nobody would come back for it.
            match remove().or_else(|_| remove()) {
                Ok(()) | Err(Errno::NOENT) => path = above,
                Err(_) => break,
            }
        }
    }
}

/// What the tmpfs of a mimic is told.
pub(crate) fn tmpfs_data(mimic: &Mimic<'_>) -> Text<64> {
    let Attributes { mode, uid, gid } = mimic.attributes;
    let mut data = Text::new();
    // Three numbers of at most 32 bits fit.
    let _ = data.push_fmt(format_args!("mode=0{mode:o},uid={uid},gid={gid}"));
    data
}

/// Takes the tmpfs away from the aside, `name` in `dir`, where the tmpfs shows up as well when the
/// directory that it was mounted on is in a shared mount: the aside is a peer of that.
fn uncover(
    (dir, name): (BorrowedFd<'_>, &[u8]),
    aside: BorrowedFd<'_>,
) -> Result<(), (Call, Errno)> {
    let top = open_child(dir, name, PATH_DIR).map_err(|errno| (Call::Open, errno))?;
    if is_same(top.as_fd(), aside).map_err(|errno| (Call::Stat, errno))? {
        return Ok(());
    }
    drop(top);
    // Or it would be unmounted from the directory as well.
    mount_change(Here::enter(aside).path(), PRIVATE_TREE)
        .map_err(|errno| (Call::ChangePropagation, errno))?;
    fchdir(dir).map_err(|errno| (Call::ChangeDirectory, errno))?;
    unmount(name, UnmountFlags::NOFOLLOW).map_err(|errno| (Call::Unmount, errno))
}
