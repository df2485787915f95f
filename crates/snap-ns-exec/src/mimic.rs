//! Replacing a directory by a tmpfs that shows the same and can be written to.

use core::mem::MaybeUninit;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, fstat, mkdirat, readlinkat_raw, symlinkat, unlinkat};
use rustix::io::Errno;
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive,
    mount_change, unmount,
};
use rustix::process::fchdir;
use snap_ns_plan::{
    Attributes, Call, Child, Fault, Limit, Mimic, NodeKind, ObjectKind, Outcome, Role, What,
};
use snap_path::{PATH_MAX, Text, components, file_name, parent};

use crate::fault::failed;
use crate::fd_path::fd_path;
use crate::here::Here;
use crate::kernel::Kernel;
use crate::unmount::detach;
use crate::walk::{PATH, PATH_DIR, kind_of, open_child};

/// Below this directory a mimic's directory is bound while it is re-created; snapd's AppArmor
/// policy knows the place (contract section 5).
const ASIDE: &[u8] = b"/tmp/.snap";

/// Mode and owner of the directories of the aside.
const ASIDE_ATTRIBUTES: Attributes = Attributes { mode: 0o755, uid: 0, gid: 0 };

impl Kernel {
    /// Makes all of `mimic`, or nothing of it.
    pub(crate) fn mimic(&mut self, mimic: &Mimic<'_>) -> Result<Outcome, Fault> {
        let mut path = Text::<PATH_MAX>::new();
        path.push(ASIDE)
            .and_then(|()| path.push(mimic.dir))
            .ok_or(Fault::new(What::Full(Limit::Path), Role::Aside))?;
        let aside_path = path.as_bytes();
        self.make_aside(aside_path)?;
        let result = self.build(mimic, aside_path);
        // What is empty by now was ours.
        self.remove_aside(aside_path);
        result.map(|()| Outcome::Done)
    }

    fn build(&mut self, mimic: &Mimic<'_>, aside_path: &[u8]) -> Result<(), Fault> {
        let open = |role| failed(Call::Open, role);
        let (above, name) = self.open_parent(mimic.dir).map_err(open(Role::Mimic))?;
        let dir = open_child(above.as_fd(), name, PATH_DIR).map_err(open(Role::Mimic))?;
        let (aside_above, aside_name) = self.open_parent(aside_path).map_err(open(Role::Aside))?;
        let place =
            open_child(aside_above.as_fd(), aside_name, PATH_DIR).map_err(open(Role::Aside))?;
        let here = Here::enter(place.as_fd());
        mount_bind_recursive(fd_path(dir.as_fd()).as_c_str(), here.path())
            .map_err(failed(Call::Bind, Role::Aside))?;
        let result = open_child(aside_above.as_fd(), aside_name, PATH_DIR)
            .map_err(open(Role::Aside))
            .inspect_err(|_| uncover(aside_above.as_fd(), aside_name))
            .and_then(|aside| {
                let covered = self.cover(mimic, above.as_fd(), name, dir.as_fd(), &aside);
                // The aside goes whether or not the mimic stands.
                let released = detach(aside_above.as_fd(), aside_name, aside.as_fd());
                let released = released.map_err(|(call, errno)| failed(call, Role::Aside)(errno));
                match covered {
                    Ok(()) => released.inspect_err(|_| uncover(above.as_fd(), name)),
                    Err(fault) => Err(fault),
                }
            });
        drop(dir);
        result
    }

    /// Covers the directory with a tmpfs and fills that from the aside.
    fn cover(
        &self,
        mimic: &Mimic<'_>,
        above: BorrowedFd<'_>,
        name: &[u8],
        dir: BorrowedFd<'_>,
        aside: &OwnedFd,
    ) -> Result<(), Fault> {
        let Attributes { mode, uid, gid } = mimic.attributes;
        let mut data = Text::<64>::new();
        let full = Fault::new(What::Full(Limit::Data), Role::Mimic);
        data.push(b"mode=0")
            .and_then(|()| data.push_number(mode.into(), 8))
            .and_then(|()| data.push(b",uid="))
            .and_then(|()| data.push_number(uid, 10))
            .and_then(|()| data.push(b",gid="))
            .and_then(|()| data.push_number(gid, 10))
            .ok_or(full)?;
        let here = Here::enter(dir);
        // No flags: just this form is in the stock AppArmor policy.
        mount(c"tmpfs", here.path(), c"tmpfs", MountFlags::empty(), data.as_c_str())
            .map_err(failed(Call::Mount, Role::Mimic))?;
        open_child(above, name, PATH_DIR)
            .map_err(failed(Call::Open, Role::Mimic))
            .and_then(|tmpfs| self.restore(mimic, aside, &tmpfs))
            .inspect_err(|_| uncover(above, name))
    }

    fn restore(&self, mimic: &Mimic<'_>, aside: &OwnedFd, tmpfs: &OwnedFd) -> Result<(), Fault> {
        for (number, child) in (mimic.first_child..).zip(mimic.children) {
            let role = Role::Child(number);
            match child.kind {
                NodeKind::Directory => self.restore_dir(mimic.name(child), aside, tmpfs, role)?,
                NodeKind::File => self.restore_file(mimic.name(child), aside, tmpfs, role)?,
                NodeKind::Symlink => self.restore_link(mimic, child, aside, tmpfs, role)?,
                // Told by the caller: a device, FIFO or socket cannot be re-created.
                NodeKind::Special => {}
            }
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
        mkdirat(tmpfs, name, Mode::from_raw_mode(0o755))
            .map_err(failed(Call::MakeDirectory, role))?;
        let (source, target) = (open(aside)?, open(tmpfs)?);
        self.give(target.as_fd(), 0, 0).map_err(failed(Call::ChangeOwner, role))?;
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
        let kind = kind_of(&source).map_err(failed(Call::Stat, role))?;
        if kind != NodeKind::File {
            return Err(Fault::new(What::Found(kind), role));
        }
        let attributes = ASIDE_ATTRIBUTES;
        let target = self.make_object(tmpfs.as_fd(), name, ObjectKind::File, attributes, role)?;
        let (from, to) = (fd_path(source.as_fd()), fd_path(target.as_fd()));
        mount_bind(from.as_c_str(), to.as_c_str()).map_err(failed(Call::Bind, role))
    }

    fn restore_link(
        &self,
        mimic: &Mimic<'_>,
        child: &Child,
        aside: &OwnedFd,
        tmpfs: &OwnedFd,
        role: Role,
    ) -> Result<(), Fault> {
        let name = mimic.name(child);
        let mut buffer = [MaybeUninit::uninit(); PATH_MAX];
        let link = open_child(aside.as_fd(), name, PATH).map_err(failed(Call::Open, role))?;
        let stat = fstat(&link).map_err(failed(Call::Stat, role))?;
        let (target, _) =
            readlinkat_raw(&link, c"", &mut buffer[..]).map_err(failed(Call::ReadLink, role))?;
        symlinkat(&target[..], tmpfs, name).map_err(failed(Call::MakeSymlink, role))?;
        let copy = open_child(tmpfs.as_fd(), name, PATH).map_err(failed(Call::Open, role))?;
        self.give(copy.as_fd(), stat.st_uid, stat.st_gid).map_err(failed(Call::ChangeOwner, role))
    }

    /// Makes the directories of the aside. `/tmp` may be anybody's; below it everything must be
    /// root's alone, or somebody could put another tree in our way (CVE-2026-3888).
    fn make_aside(&self, path: &[u8]) -> Result<(), Fault> {
        let fault = Fault::new(What::NotOurs, Role::Aside);
        let open = failed(Call::Open, Role::Aside);
        let tmp = parent(ASIDE).unwrap_or_default();
        let rest = snap_path::below(path, tmp).unwrap_or_default();
        let mut dir = self.open(tmp, PATH_DIR).map_err(&open)?;
        for name in components(rest) {
            let next = match open_child(dir.as_fd(), name, PATH_DIR) {
                Ok(next) => next,
                Err(Errno::NOENT) => {
                    let kind = ObjectKind::Directory;
                    self.make_object(dir.as_fd(), name, kind, ASIDE_ATTRIBUTES, Role::Aside)?
                }
                Err(errno) => return Err(open(errno)),
            };
            let stat = fstat(&next).map_err(failed(Call::Stat, Role::Aside))?;
            if stat.st_uid != 0 || stat.st_mode & 0o022 != 0 {
                return Err(fault);
            }
            dir = next;
        }
        Ok(())
    }

    /// Removes the directories of the aside, as far as they are empty.
    fn remove_aside(&self, path: &[u8]) {
        let mut path = path;
        while snap_path::is_at_or_below(path, ASIDE)
            && let Some(above) = parent(path)
            && let Ok(dir) = self.open(above, PATH_DIR)
            && unlinkat(dir, file_name(path), AtFlags::REMOVEDIR).is_ok()
        {
            path = above;
        }
    }
}

/// Takes the mount `name` in `above` away again, with whatever was mounted in it. It takes no
/// descriptor, of which there may be none left.
fn uncover(above: BorrowedFd<'_>, name: &[u8]) {
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    let flags = UnmountFlags::DETACH | UnmountFlags::NOFOLLOW;
    // Private or not: it must not stay.
    let _ = fchdir(above).and_then(|()| {
        let _ = mount_change(name, private);
        unmount(name, flags)
    });
}
