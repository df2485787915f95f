//! Mounting an entry: the mount, its flags, its propagation.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, statat};
use rustix::io;
use snap_mount_options::{IfMissing, MountFlags, Operation, Options, Origin};
use snap_ns_plan::{Call, Fault, Limit, NodeKind, Outcome, Role, Rule, Skip, What};
use snap_path::{Text, file_name, parent};
use snap_profile::{Item, Shape};
use snap_syscalls::{attach, clone_tree, is_plain_tmpfs, new_tmpfs};

use crate::backend::{Backend, Stop, stopped};
use crate::fault::failed;
use crate::kernel::Kernel;
use crate::remembered::{Proof, Side};
use crate::tree::{add_flags, attributes, change_propagation, reach};
use crate::unmount::take_away;
use crate::walk::{Deepest, PATH_DIR, open_child};

/// The most bytes of data that mount(2) takes: one page.
const DATA_MAX: usize = 4096;

impl Kernel {
    pub(crate) fn mount(&mut self, item: &Item<'_>, rule: &dyn Rule) -> Result<Outcome, Fault> {
        let options = &item.options();
        let mounted = match options.operation {
            Operation::Bind(_) | Operation::Move => self.mount_tree(item, options, rule),
            Operation::Mount | Operation::Remount => self.mount_file_system(item, options),
        };
        self.parents.forget_at(item.entry.mount_point);
        let ignores = options.if_missing == IfMissing::Skip && item.origin == Origin::Content;
        match mounted {
            Ok(()) => Ok(Outcome::Done),
            Err(fault) if ignores && fault.what == What::Missing => {
                Ok(Outcome::Skipped(Skip::IgnoredMissing))
            }
            Err(fault) => Err(fault),
        }
    }

    /// Mounts a tree that is somewhere already.
    fn mount_tree(
        &mut self,
        item: &Item<'_>,
        options: &Options<'_>,
        rule: &dyn Rule,
    ) -> Result<(), Fault> {
        let source = self.open_end(item.entry.source, Role::Source, item.shape)?;
        // One call is one step, whichever it is.
        let one_call = !has_flags(options) && options.propagation.is_none();
        if (one_call || self.backend() == Backend::Classic) && self.can_name_target(item, rule) {
            return self.bind(item, options, source.as_fd(), None);
        }
        let target = self.open_end(item.entry.mount_point, Role::MountPoint, item.shape)?;
        self.by_backend(
            |kernel| {
                let tree = prepare(options, source.as_fd())?;
                let tree = tree.as_ref().unwrap_or(&source);
                kernel.place(item, options, tree.as_fd(), target.as_fd())
            },
            |kernel| kernel.bind(item, options, source.as_fd(), Some(target.as_fd())),
        )
    }

    /// Attaches a tree, or moves it, to `target`, which is the entry's mount point, and gives it its
    /// propagation.
    fn place(
        &mut self,
        item: &Item<'_>,
        options: &Options<'_>,
        tree: BorrowedFd<'_>,
        target: BorrowedFd<'_>,
    ) -> Result<(), Stop> {
        let role = Role::MountPoint;
        let Some(change) = options.propagation else {
            return attach(tree, target, b"").map_err(stopped(Call::Bind, role));
        };
        // Where it can be taken away again has to be known before it is there.
        let (dir, name) = self.holder(item).map_err(failed(Call::Open, role))?;
        attach(tree, target, b"").map_err(stopped(Call::Bind, role))?;
        change_propagation(tree, change)
            .map_err(stopped(Call::ChangePropagation, role))
            .inspect_err(|_| take_away(dir, name))
    }

    /// The directory that holds the mount point of an entry, and its name there.
    pub(crate) fn holder<'k>(
        &'k mut self,
        item: &Item<'k>,
    ) -> io::Result<(BorrowedFd<'k>, &'k [u8])> {
        let path = item.entry.mount_point;
        let dir = self.parent_dir(Side::Target, parent(path).unwrap_or_default())?;
        Ok((dir, file_name(path)))
    }

    /// Whether the mount point may be given to the kernel by its path, which costs it far less
    /// than two descriptors. It may when nobody but root can change what the path leads to: every
    /// directory on the way was just seen to be root's alone, its name is not in a place that the
    /// snap itself may write to (its services may run as root), and at the end there is a
    /// directory now. In all other cases, and for users, a descriptor is used. (Of a directory that
    /// is a bind of such a place, only owner and mode are looked at: docs/architecture.md.)
    fn can_name_target(&mut self, item: &Item<'_>, rule: &dyn Rule) -> bool {
        let path = item.entry.mount_point;
        let Some(dir) = parent(path) else { return false };
        if item.shape != Shape::Directory
            || self.creates_for != (0, 0)
            || self.prove_target_dir(dir, rule) != Ok(Proof::RootOnly)
        {
            return false;
        }
        let Ok(fd) = self.parent_dir(Side::Target, dir) else { return false };
        statat(fd, file_name(path), AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_dir())
    }

    /// Opens the mount point or source of an entry, which must be there and of the right kind.
    pub(crate) fn open_end(
        &mut self,
        path: &[u8],
        role: Role,
        shape: Shape,
    ) -> Result<OwnedFd, Fault> {
        let side = if role == Role::Source { Side::Source } else { Side::Target };
        let wanted = match shape {
            Shape::File => NodeKind::File,
            Shape::Directory | Shape::Symlink | Shape::EnsureDir => NodeKind::Directory,
        };
        if wanted == NodeKind::Directory
            && let Some(dir) = parent(path)
            && let Ok(dir) = self.parent_dir(side, dir)
            && let Ok(end) = open_child(dir, file_name(path), PATH_DIR)
        {
            return Ok(end);
        }
        let Deepest { fd, len, kind } =
            self.open_deepest(path).map_err(failed(Call::Open, role))?;
        match (len == path.len(), kind) {
            (true, found) if found == wanted => Ok(fd),
            (true, found) => Err(Fault::new(What::Found(found), role)),
            (false, NodeKind::Directory) => Err(Fault::new(What::Missing, role)),
            (false, found) => Err(Fault::at(What::Found(found), role, len)),
        }
    }

    /// Mounts a file system, or changes one that is mounted.
    fn mount_file_system(&mut self, item: &Item<'_>, options: &Options<'_>) -> Result<(), Fault> {
        let role = Role::MountPoint;
        let target = self.open_end(item.entry.mount_point, role, item.shape)?;
        self.by_backend(
            |kernel| match kernel.prepare_tmpfs(item, options)? {
                Some(tmpfs) => kernel.place(item, options, tmpfs.as_fd(), target.as_fd()),
                None => Ok(kernel.mount_or_remount(item, options, target.as_fd())?),
            },
            |kernel| kernel.mount_or_remount(item, options, target.as_fd()),
        )
    }

    /// The tmpfs that an entry mounts, if it is one that can be made with the newer calls.
    /// (On its own: the others need no room for its data on the stack.)
    #[inline(never)]
    pub(crate) fn prepare_tmpfs(
        &self,
        item: &Item<'_>,
        options: &Options<'_>,
    ) -> Result<Option<OwnedFd>, Stop> {
        if options.operation != Operation::Mount || !item.is_tmpfs() {
            return Ok(None);
        }
        let (source, mut data) = (item.entry.source, Text::new());
        self.put_data(item, options, &mut data)?;
        let plain = MountFlags::PER_MOUNT.contains(options.flags);
        if !plain || !is_plain_tmpfs(source, data.as_bytes()) {
            return Ok(None);
        }
        new_tmpfs(source, data.as_bytes(), attributes(options.flags).set)
            .map(Some)
            .map_err(stopped(Call::Mount, Role::MountPoint))
    }

    /// Puts the data of the file system of an entry into `data`, which is empty.
    pub(crate) fn put_data(
        &self,
        item: &Item<'_>,
        options: &Options<'_>,
        data: &mut Text<DATA_MAX>,
    ) -> Result<(), Fault> {
        let full = Fault::new(What::Full(Limit::Data), Role::MountPoint);
        collect_data(item, options, self.creates_for, data).ok_or(full)
    }
}

/// Whether the mount itself has to get flags after it was made with mount(2).
pub(crate) fn has_flags(options: &Options<'_>) -> bool {
    matches!(options.operation, Operation::Bind(_))
        && options.flags.intersects(MountFlags::PER_MOUNT)
}

/// The tree that a bind attaches, with its flags; none for a move, which attaches the source itself.
pub(crate) fn prepare(
    options: &Options<'_>,
    source: BorrowedFd<'_>,
) -> Result<Option<OwnedFd>, Stop> {
    let Operation::Bind(depth) = options.operation else { return Ok(None) };
    let role = Role::MountPoint;
    let tree = clone_tree(source, b"", reach(depth)).map_err(stopped(Call::Bind, role))?;
    add_flags(tree.as_fd(), depth, options.flags).map_err(stopped(Call::Remount, role))?;
    Ok(Some(tree))
}

/// The data of a file system: what the profile says, and for the root of a tmpfs mode and owner.
/// The owner is always said: it would be whoever starts the snap first otherwise.
fn collect_data(
    item: &Item<'_>,
    options: &Options<'_>,
    owner: (u32, u32),
    data: &mut Text<DATA_MAX>,
) -> Option<()> {
    let mut owner_known = (false, false);
    let separate = |data: &mut Text<DATA_MAX>| {
        if data.is_empty() { Some(()) } else { data.push(b",") }
    };
    for option in Options::data(item.entry.options) {
        owner_known.0 |= option.starts_with(b"uid=");
        owner_known.1 |= option.starts_with(b"gid=");
        separate(data)?;
        data.push(option)?;
    }
    if !item.is_tmpfs() {
        return Some(());
    }
    let uid = options.uid.or((!owner_known.0).then_some(owner.0));
    let gid = options.gid.or((!owner_known.1).then_some(owner.1));
    if let Some(mode) = options.mode {
        separate(data)?;
        data.push_fmt(format_args!("mode=0{mode:o}"))?;
    }
    for (name, value) in [("uid", uid), ("gid", gid)] {
        if let Some(value) = value {
            separate(data)?;
            data.push_fmt(format_args!("{name}={value}"))?;
        }
    }
    Some(())
}
