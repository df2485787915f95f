//! Creating what is missing.

use snap_ns_plan::{
    Attributes, Call, Creation, Fault, NodeKind, ObjectKind, Outcome, Role, Rule, Verdict, What,
};
use snap_path::{file_name, parent, prefixes};

use crate::error::Error;
use crate::inode::Body;
use crate::look::failed;
use crate::mount::Spot;
use crate::namespace::Inside;
use crate::walk::Deepest;

const SET_UID: u16 = 0o4000;
const SET_GID: u16 = 0o2000;
const GROUP_RUNS: u16 = 0o0010;

/// Where creation of a path has to start.
enum Start {
    Exists(Deepest),
    Below(Deepest),
}

impl Inside<'_> {
    pub(super) fn make(
        &mut self,
        creation: &Creation<'_>,
        rule: &dyn Rule,
    ) -> Result<Outcome, Fault> {
        let (uid, gid) = self.caller.creates_for;
        let above = |dir: &[u8]| Attributes { mode: rule.directory_mode(dir), uid, gid };
        let (own_uid, own_gid) = (creation.uid.unwrap_or(uid), creation.gid.unwrap_or(gid));
        let own = Attributes { mode: creation.mode, uid: own_uid, gid: own_gid };
        self.make_all(creation.path, creation.role, creation.kind, own, &above, rule)
    }

    pub(super) fn make_symlink(
        &mut self,
        path: &[u8],
        target: &[u8],
        old: Option<&[u8]>,
        owner: (Option<u32>, Option<u32>),
        rule: &dyn Rule,
    ) -> Result<Outcome, Fault> {
        let role = Role::MountPoint;
        let (uid, gid) = self.caller.creates_for;
        let above = |dir: &[u8]| Attributes { mode: rule.directory_mode(dir), uid, gid };
        let dir = if let Some(old) = old {
            let above = parent(path).unwrap_or_default();
            let dir = self.find_dir(above).map_err(failed(Call::ReadLink, role))?;
            match self.find_link(path) {
                Ok((text, true)) if text == old => {}
                Ok(_) | Err(Error::Invalid) => return Err(Fault::new(What::Replaced, role)),
                Err(error) => return Err(failed(Call::ReadLink, role)(error)),
            }
            self.remove(path).map_err(failed(Call::Remove, role))?;
            dir
        } else {
            match self.start(path, role, rule)? {
                Start::Exists(there) => {
                    let text = self.machine.storage.inode(there.spot.inode).text();
                    let is_it = there.kind == NodeKind::Symlink && text == target;
                    let found = Fault::new(What::Found(there.kind), role);
                    return if is_it { Ok(Outcome::Done) } else { Err(found) };
                }
                Start::Below(start) => self.make_above(start, path, role, &above)?,
            }
        };
        let (uid, gid) = (owner.0.unwrap_or(uid), owner.1.unwrap_or(gid));
        let attributes = Attributes { mode: 0o777, uid, gid };
        self.create(dir, file_name(path), attributes, Body::Symlink(target.into()))
            .map_err(failed(Call::MakeSymlink, role))?;
        Ok(Outcome::Done)
    }

    pub(super) fn ensure_dir(
        &mut self,
        path: &[u8],
        must_exist: &[u8],
        rule: &dyn Rule,
    ) -> Result<Outcome, Fault> {
        let needed = self.deepest(must_exist);
        if needed.len != must_exist.len() {
            return Err(Fault::new(What::Missing, Role::MustExistDir));
        }
        if needed.kind != NodeKind::Directory {
            return Err(Fault::new(What::Found(needed.kind), Role::MustExistDir));
        }
        let (uid, gid) = self.caller.owner;
        let own = Attributes { mode: 0o700, uid, gid };
        self.make_all(path, Role::MountPoint, ObjectKind::Directory, own, &|_| own, rule)
    }

    fn make_all(
        &mut self,
        path: &[u8],
        role: Role,
        kind: ObjectKind,
        own: Attributes,
        above: &dyn Fn(&[u8]) -> Attributes,
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
                self.make_object(dir, file_name(path), kind, own, role)?;
                Ok(Outcome::Done)
            }
        }
    }

    fn start(&mut self, path: &[u8], role: Role, rule: &dyn Rule) -> Result<Start, Fault> {
        let deepest = self.deepest(path);
        if deepest.len == path.len() {
            return Ok(Start::Exists(deepest));
        }
        let at = deepest.len;
        if deepest.kind != NodeKind::Directory {
            return Err(Fault::at(What::Found(deepest.kind), role, at));
        }
        let dir = path.get(..at).unwrap_or_default();
        let what = match rule.verdict(dir, self.machine.ground(deepest.spot)) {
            Verdict::Write => return Ok(Start::Below(deepest)),
            Verdict::WriteIfOn(len) => {
                if self.same_fs(dir, dir.get(..len).unwrap_or(dir))? {
                    return Ok(Start::Below(deepest));
                }
                What::WouldShowOnHost
            }
            Verdict::WriteIfIn(len) => {
                let top = self.find_dir(dir.get(..len).unwrap_or(dir));
                let is_root = |top: Spot| self.machine.require_mount(top).is_ok();
                if top.is_ok_and(|top| is_root(top) && top.mount == deepest.spot.mount) {
                    return Ok(Start::Below(deepest));
                }
                What::WouldShowOnHost
            }
            Verdict::ReadOnly => What::ReadOnly,
            Verdict::Trespass => What::WouldShowOnHost,
        };
        Err(Fault::at(what, role, at))
    }

    fn make_above(
        &mut self,
        start: Deepest,
        path: &[u8],
        role: Role,
        above: &dyn Fn(&[u8]) -> Attributes,
    ) -> Result<Spot, Fault> {
        let mut dir = start.spot;
        let last = parent(path).unwrap_or_default();
        for prefix in prefixes(last).filter(|prefix| prefix.len() > start.len) {
            let attributes = above(prefix);
            let (name, kind) = (file_name(prefix), ObjectKind::Directory);
            dir = self.make_object(dir, name, kind, attributes, role)?;
        }
        Ok(dir)
    }

    /// Creates one object, as this process would, and gives it to its owner.
    pub(super) fn make_object(
        &mut self,
        dir: Spot,
        name: &[u8],
        kind: ObjectKind,
        wanted: Attributes,
        role: Role,
    ) -> Result<Spot, Fault> {
        let create = |inside: &mut Self| -> Result<Spot, Error> {
            let above = inside.machine.storage.inode(dir.inode).attributes;
            let attributes = as_created(kind, wanted, above, inside.caller.owner);
            let body = match kind {
                ObjectKind::Directory => Body::directory(),
                ObjectKind::File => Body::File([].into()),
            };
            let inode = inside.create(dir, name, attributes, body)?;
            Ok(Spot { mount: dir.mount, inode })
        };
        let call = match kind {
            ObjectKind::Directory => Call::MakeDirectory,
            ObjectKind::File => Call::MakeFile,
        };
        create(self).map_err(failed(call, role))
    }
}

/// What becomes of the `wanted` attributes: mkdir(2) takes no set-id bits, a set-group-ID directory
/// hands down its group and directories get the bit too (inode(7)), and a file that changes its
/// owner loses them (chown(2)).
fn as_created(
    kind: ObjectKind,
    wanted: Attributes,
    above: Attributes,
    creator: (u32, u32),
) -> Attributes {
    let inherits = above.mode & SET_GID != 0;
    let group = if inherits { above.gid } else { creator.1 };
    let mode = match kind {
        ObjectKind::Directory => {
            wanted.mode & !(SET_UID | SET_GID) | if inherits { SET_GID } else { 0 }
        }
        ObjectKind::File if (creator.0, group) == (wanted.uid, wanted.gid) => wanted.mode,
        ObjectKind::File => {
            let group_id = if wanted.mode & GROUP_RUNS != 0 { SET_GID } else { 0 };
            wanted.mode & !(SET_UID | group_id)
        }
    };
    Attributes { mode, ..wanted }
}
