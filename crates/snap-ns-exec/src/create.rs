//! Creating what is missing: directories, files, symbolic links.

use core::mem::MaybeUninit;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, StatxFlags, Uid, chownat, fstat, mkdirat, openat, statat,
    statx, symlinkat, unlinkat,
};
use rustix::io;
use snap_ns_plan::{
    Attributes, Call, Creation, Fault, FsView, NodeKind, ObjectKind, Outcome, Role, Rule, Verdict,
    What,
};
use snap_path::{PATH_MAX, file_name, parent, prefixes};

use crate::fault::failed;
use crate::kernel::Kernel;
use crate::stat::{ground, is_vacant, link_is};
use crate::walk::{Deepest, PATH, PATH_DIR, open_child};

/// The set-group-ID bit (inode(7)).
const SET_GROUP_ID: u16 = 0o2000;

/// Where creation of a path has to start.
enum Start {
    /// All of the path exists already.
    Exists(Deepest),
    /// This directory is allowed to be written to.
    Below(Deepest),
}

impl Kernel {
    pub(crate) fn make(
        &mut self,
        creation: &Creation<'_>,
        rule: &dyn Rule,
    ) -> Result<Outcome, Fault> {
        let (uid, gid) = self.creates_for;
        let above = |dir: &[u8]| Attributes { mode: rule.directory_mode(dir), uid, gid };
        let (own_uid, own_gid) = (creation.uid.unwrap_or(uid), creation.gid.unwrap_or(gid));
        let own = Attributes { mode: creation.mode, uid: own_uid, gid: own_gid };
        self.make_all(creation.path, creation.role, creation.kind, own, above, rule)
    }

    pub(crate) fn make_symlink(
        &mut self,
        path: &[u8],
        target: &[u8],
        old: Option<&[u8]>,
        owner: (Option<u32>, Option<u32>),
        rule: &dyn Rule,
    ) -> Result<Outcome, Fault> {
        let (role, name) = (Role::MountPoint, file_name(path));
        let (uid, gid) = self.creates_for;
        let above = |dir: &[u8]| Attributes { mode: rule.directory_mode(dir), uid, gid };
        let mut buffer = [MaybeUninit::uninit(); PATH_MAX];
        let mut leads = |dir: BorrowedFd<'_>, name: &[u8], target: &[u8]| {
            link_is(dir, name, target, &mut buffer).map_err(failed(Call::ReadLink, role))
        };
        let dir = if let Some(old) = old {
            let (dir, roots) = self.holder_of(path).map_err(failed(Call::ReadLink, role))?;
            if !roots || !leads(dir.as_fd(), name, old)? {
                return Err(Fault::new(What::Replaced, role));
            }
            // The way back knows of it, and makes it again.
            unlinkat(&dir, name, AtFlags::empty()).map_err(failed(Call::Remove, role))?;
            dir
        } else {
            match self.start(path, role, rule)? {
                Start::Exists(Deepest { kind: NodeKind::Symlink, fd, .. })
                    if leads(fd.as_fd(), b"", target)? =>
                {
                    return Ok(Outcome::Done);
                }
                Start::Exists(there) => return Err(Fault::new(What::Found(there.kind), role)),
                Start::Below(start) => self.make_above(start, path, role, above)?,
            }
        };
        symlinkat(target, &dir, name).map_err(failed(Call::MakeSymlink, role))?;
        let (uid, gid) = (owner.0.unwrap_or(uid), owner.1.unwrap_or(gid));
        let own = Attributes { mode: 0o777, uid, gid };
        let finish = |link: OwnedFd| {
            if leads(link.as_fd(), b"", target) != Ok(true) {
                return Err(Fault::new(What::Replaced, role));
            }
            self.finish(link.as_fd(), dir.as_fd(), own, role)
        };
        let made = open_child(dir.as_fd(), name, PATH).map_err(failed(Call::Open, role));
        // All of it or nothing, as with other objects.
        made.and_then(finish)
            .inspect_err(|fault| remove_ours(dir.as_fd(), name, AtFlags::empty(), fault))
            .map(|()| Outcome::Done)
    }

    /// The directory that holds the symbolic link `path`, and whether both are root's and nobody else
    /// can change them or the way to them.
    pub(crate) fn holder_of(&self, path: &[u8]) -> io::Result<(OwnedFd, bool)> {
        let (dir, proven) = self.open_proving(parent(path).unwrap_or_default())?;
        let stat = statat(&dir, file_name(path), AtFlags::SYMLINK_NOFOLLOW)?;
        Ok((dir, proven && (stat.st_uid, stat.st_gid) == (0, 0)))
    }

    pub(crate) fn ensure_dir(
        &mut self,
        path: &[u8],
        must_exist: &[u8],
        rule: &dyn Rule,
    ) -> Result<Outcome, Fault> {
        let needed = self.open_deepest(must_exist);
        let needed = needed.map_err(failed(Call::Open, Role::MustExistDir))?;
        if needed.len != must_exist.len() {
            return Err(Fault::new(What::Missing, Role::MustExistDir));
        }
        if needed.kind != NodeKind::Directory {
            return Err(Fault::new(What::Found(needed.kind), Role::MustExistDir));
        }
        let role = Role::MountPoint;
        // They belong to the caller, who may be a user.
        let (uid, gid) = self.owner;
        let own = Attributes { mode: 0o700, uid, gid };
        self.make_all(path, role, ObjectKind::Directory, own, |_| own, rule)
    }

    /// Creates what is missing of `path`: the last component with its own attributes.
    fn make_all(
        &mut self,
        path: &[u8],
        role: Role,
        kind: ObjectKind,
        own: Attributes,
        above: impl Fn(&[u8]) -> Attributes,
        rule: &dyn Rule,
    ) -> Result<Outcome, Fault> {
        let wanted = match kind {
            ObjectKind::Directory => NodeKind::Directory,
            ObjectKind::File => NodeKind::File,
        };
        match self.start(path, role, rule)? {
            Start::Exists(there) if there.kind == wanted => Ok(Outcome::Done),
            Start::Exists(there) => Err(Fault::new(What::Found(there.kind), role)),
            Start::Below(start) => {
                let dir = self.make_above(start, path, role, above)?;
                self.make_object(dir.as_fd(), file_name(path), kind, own, role)?;
                Ok(Outcome::Done)
            }
        }
    }

    /// Finds the deepest directory of `path`, and asks whether something may be created in it.
    fn start(&mut self, path: &[u8], role: Role, rule: &dyn Rule) -> Result<Start, Fault> {
        let deepest = self.open_deepest(path).map_err(failed(Call::Open, role))?;
        if deepest.len == path.len() {
            return Ok(Start::Exists(deepest));
        }
        let at = deepest.len;
        if deepest.kind != NodeKind::Directory {
            return Err(Fault::at(What::Found(deepest.kind), role, at));
        }
        let dir = path.get(..at).unwrap_or_default();
        let top = |len| dir.get(..len).unwrap_or(dir);
        let ground = ground(deepest.fd.as_fd()).map_err(failed(Call::StatFs, role))?;
        let host = Fault::at(What::WouldShowOnHost, role, at);
        let may = match rule.verdict(dir, ground) {
            Verdict::Write => true,
            Verdict::WriteIfOn(len) => self.same_fs(dir, top(len))?,
            Verdict::WriteIfIn(len) => {
                self.is_in(deepest.fd.as_fd(), top(len)).map_err(failed(Call::Stat, role))?
            }
            Verdict::ReadOnly => return Err(Fault { what: What::ReadOnly, ..host }),
            Verdict::Trespass => false,
        };
        if may { Ok(Start::Below(deepest)) } else { Err(host) }
    }

    /// Creates the directories of `path` below `start`, but not the last component. From the first
    /// of them on, everything is ours: the rule has not to be asked again.
    fn make_above(
        &self,
        start: Deepest,
        path: &[u8],
        role: Role,
        above: impl Fn(&[u8]) -> Attributes,
    ) -> Result<OwnedFd, Fault> {
        let mut dir = start.fd;
        let last = parent(path).unwrap_or_default();
        for prefix in prefixes(last).filter(|prefix| prefix.len() > start.len) {
            let attributes = above(prefix);
            let (name, kind) = (file_name(prefix), ObjectKind::Directory);
            dir = self.make_object(dir.as_fd(), name, kind, attributes, role)?;
        }
        Ok(dir)
    }

    /// Creates one object in `dir` and opens it.
    pub(crate) fn make_object(
        &self,
        dir: BorrowedFd<'_>,
        name: &[u8],
        kind: ObjectKind,
        attributes: Attributes,
        role: Role,
    ) -> Result<OwnedFd, Fault> {
        let mode = Mode::from_raw_mode(attributes.mode.into());
        // What cannot be finished is taken away, unless somebody made use of it already.
        let mut remove = AtFlags::empty();
        // What somebody else was faster to create is not ours to go on with.
        let object = match kind {
            ObjectKind::Directory => {
                remove = AtFlags::REMOVEDIR;
                mkdirat(dir, name, mode).map_err(failed(Call::MakeDirectory, role))?;
                open_child(dir, name, PATH_DIR).map_err(failed(Call::Open, role))
            }
            ObjectKind::File => {
                let flags = OFlags::CREATE
                    | OFlags::EXCL
                    | OFlags::WRONLY
                    | OFlags::NOFOLLOW
                    | OFlags::CLOEXEC;
                Ok(openat(dir, name, flags, mode).map_err(failed(Call::MakeFile, role))?)
            }
        };
        let finish =
            |object: OwnedFd| self.finish(object.as_fd(), dir, attributes, role).map(|()| object);
        object.and_then(finish).inspect_err(|fault| remove_ours(dir, name, remove, fault))
    }

    /// Gives what this process just created in `dir`, and opened, its owner. By then somebody else
    /// who may write to `dir` may have put something of theirs in its place; and while it is the
    /// caller's own (snap-confine 2.77), other processes of that user can change it. So before it is
    /// given, and after that, it has to be what was made.
    fn finish(
        &self,
        object: BorrowedFd<'_>,
        dir: BorrowedFd<'_>,
        attributes: Attributes,
        role: Role,
    ) -> Result<(), Fault> {
        let Attributes { mode, uid, gid } = attributes;
        let stat = fstat(object).map_err(failed(Call::Stat, role))?;
        if (stat.st_uid, stat.st_gid) == (uid, gid) {
            return Ok(());
        }
        let check = |owner| {
            let as_made = is_as_made(object, dir, owner, mode).map_err(failed(Call::Stat, role))?;
            as_made.then_some(()).ok_or(Fault::new(What::Replaced, role))
        };
        check(self.owner.0)?;
        self.give(object, uid, gid).map_err(failed(Call::ChangeOwner, role))?;
        check(uid).inspect_err(|_| {
            // Nothing of somebody else's is to look like root's.
            let _ = self.give(object, stat.st_uid, stat.st_gid);
        })
    }

    /// Gives what this process created to `uid` and `gid`, unless they own it already.
    pub(crate) fn give(&self, object: BorrowedFd<'_>, uid: u32, gid: u32) -> io::Result<()> {
        // Its group need not be ours: a set-group-ID directory hands down its own (inode(7)).
        let stat = fstat(object)?;
        if (stat.st_uid, stat.st_gid) == (uid, gid) {
            return Ok(());
        }
        let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
        chownat(object, c"", Some(uid), Some(gid), AtFlags::EMPTY_PATH)
    }
}

/// Removes what was created and cannot be finished. What somebody put in its place stays.
fn remove_ours(dir: BorrowedFd<'_>, name: &[u8], flags: AtFlags, fault: &Fault) {
    if fault.what != What::Replaced {
        let _ = unlinkat(dir, name, flags);
    }
}

/// Whether `object` can be what was just created in `dir` with `mode`: it belongs to `owner`, nothing is
/// mounted there, nobody may do more with it than was asked for, and nothing is in it.
fn is_as_made(
    object: BorrowedFd<'_>,
    dir: BorrowedFd<'_>,
    owner: u32,
    mode: u16,
) -> io::Result<bool> {
    let mask = StatxFlags::BASIC_STATS | StatxFlags::MNT_ID;
    let there = statx(object, c"", AtFlags::EMPTY_PATH, mask)?;
    let above = statx(dir, c"", AtFlags::EMPTY_PATH, mask)?;
    // A set-group-ID directory hands down its group, and to directories that bit (inode(7)).
    let asked = mode | above.stx_mode & SET_GROUP_ID;
    // (Linux 5.7 and older tell no ID of a mount.)
    let ours = (there.stx_uid, there.stx_mnt_id) == (owner, above.stx_mnt_id)
        && there.stx_mode & 0o7777 & !asked == 0;
    // (The target of a link never changes.)
    let link = FileType::from_raw_mode(there.stx_mode.into()).is_symlink();
    Ok(ours && (link || is_vacant(object)?))
}
