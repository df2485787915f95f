//! Looking, without changing anything.

use core::mem::MaybeUninit;

use rustix::fd::AsFd;
use rustix::fs::{AtFlags, FileType, RawDir, fstat, readlinkat_raw, statat};
use rustix::io::{self, Errno};
use snap_ns_plan::{Attributes, Buffer, Call, Each, Fault, FsView, Ground, Look, NodeKind, Role};
use snap_path::{PATH_MAX, file_name, parent};
use snap_syscalls::{MountAttributes, Reach, mount_setattr};

use crate::acl::without_list;
use crate::fault::failed;
use crate::kernel::Kernel;
use crate::remembered::Side;
use crate::settle::MountAt;
use crate::stat::{LIST_BYTES, LISTED, ground, is_vacant, link_is};
use crate::walk::{PATH, kind};

impl FsView for Kernel {
    fn look(&mut self, path: &[u8], role: Role) -> Result<Look, Fault> {
        let side = if role == Role::Source { Side::Source } else { Side::Target };
        if let Some(dir) = parent(path)
            && let Ok(fd) = self.parent_dir(side, dir)
        {
            return match statat(fd, file_name(path), AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => Ok(Look::Found(kind(FileType::from_raw_mode(stat.st_mode)))),
                Err(Errno::NOENT) => {
                    let ground = self.parent_ground(side, dir);
                    let ground = ground.map_err(failed(Call::StatFs, role))?;
                    Ok(Look::Missing { parent: dir.len(), ground })
                }
                Err(errno) => Err(failed(Call::Stat, role)(errno)),
            };
        }
        let deepest = self.open_deepest(path).map_err(failed(Call::Open, role))?;
        if deepest.len == path.len() {
            return Ok(Look::Found(deepest.kind));
        }
        if deepest.kind != NodeKind::Directory {
            return Ok(Look::Blocked { at: deepest.len, kind: deepest.kind });
        }
        let ground = ground(deepest.fd.as_fd()).map_err(failed(Call::StatFs, role))?;
        Ok(Look::Missing { parent: deepest.len, ground })
    }

    fn ground(&mut self, dir: &[u8]) -> Result<Ground, Fault> {
        self.parent_ground(Side::Target, dir).map_err(failed(Call::Open, Role::Mimic))
    }

    fn same_fs(&mut self, a: &[u8], b: &[u8]) -> Result<bool, Fault> {
        if a == b { Ok(true) } else { self.is_on(a, b).map_err(failed(Call::Stat, Role::Mimic)) }
    }

    fn leads_to(&mut self, path: &[u8], target: &[u8]) -> Result<bool, Fault> {
        let read = |buffer: &mut [MaybeUninit<u8>]| -> io::Result<bool> {
            let link = self.open(path, PATH)?;
            link_is(link.as_fd(), b"", target, buffer)
        };
        read(&mut [MaybeUninit::uninit(); PATH_MAX])
            .map_err(failed(Call::ReadLink, Role::MountPoint))
    }

    fn read_link(&mut self, path: &[u8], target: &mut Buffer) -> Result<bool, Fault> {
        let mut read = || -> io::Result<bool> {
            let mut buffer = [MaybeUninit::uninit(); PATH_MAX];
            let (dir, roots) = self.holder_of(path)?;
            let (found, _) = readlinkat_raw(&dir, file_name(path), &mut buffer)?;
            target.try_extend_from_slice(found).map_err(|_| Errno::NAMETOOLONG)?;
            Ok(roots)
        };
        read().map_err(failed(Call::ReadLink, Role::MountPoint))
    }

    fn is_vacant(&mut self, path: &[u8]) -> Result<bool, Fault> {
        let vacant = self.open(path, PATH).and_then(|there| is_vacant(there.as_fd()));
        vacant.map_err(failed(Call::Open, Role::MountPoint))
    }

    fn attributes(&mut self, path: &[u8]) -> Result<Attributes, Fault> {
        let dir = self.open(path, LISTED).map_err(failed(Call::Open, Role::Mimic))?;
        let stat = fstat(&dir).map_err(failed(Call::Stat, Role::Mimic))?;
        let mode = u16::try_from(stat.st_mode & 0o7777).unwrap_or_default();
        let mode = without_list(dir.as_fd(), mode).map_err(failed(Call::Stat, Role::Mimic))?;
        Ok(Attributes { mode, uid: stat.st_uid, gid: stat.st_gid })
    }

    fn mount_id_at(&mut self, path: &[u8]) -> u64 {
        match self.mount_at(path) {
            Ok(MountAt::Id(id)) => id,
            Ok(MountAt::None | MountAt::Unknown) | Err(_) => 0,
        }
    }

    fn list(&mut self, path: &[u8], each: &mut Each<'_>) -> Result<(), Fault> {
        let dir = self.open(path, LISTED).map_err(failed(Call::Open, Role::Mimic))?;
        let mut buffer = [MaybeUninit::uninit(); LIST_BYTES];
        let mut entries = RawDir::new(&dir, &mut buffer);
        let unreadable = failed(Call::ReadDirectory, Role::Mimic);
        while let Some(entry) = entries.next() {
            let entry = entry.map_err(&unreadable)?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            // Some file systems do not tell the type in the listing (readdir(3)).
            let mut file_type = entry.file_type();
            if file_type == FileType::Unknown {
                let stat = statat(&dir, name, AtFlags::SYMLINK_NOFOLLOW).map_err(&unreadable)?;
                file_type = FileType::from_raw_mode(stat.st_mode);
            }
            each(name, kind(file_type))?;
        }
        Ok(())
    }

    fn has_tree_flags(&mut self) -> bool {
        // A change of nothing, which is done wherever the call is known.
        mount_setattr(self.root.as_fd(), c"", Reach::Tree, &MountAttributes::NONE).is_ok()
    }
}
