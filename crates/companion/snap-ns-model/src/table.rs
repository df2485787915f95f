//! The mount table.

use snap_mount_options::MountFlags;
use snap_ns_plan::{Access, FsKind};

use crate::inode::{FsId, Life};
use crate::mount::{Bindable, GroupId, MountId};
use crate::namespace::{Inside, Namespace};

/// A line of mountinfo(5), without anything that depends on how it came about: two tables are
/// equal when they cannot be told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountRow {
    /// Where it is mounted, even if something else covers that.
    pub mount_point: Vec<u8>,
    /// The row of the mount in which that is; none for the root.
    pub parent: Option<usize>,
    /// How many mounts at the same mount point are below it.
    pub level: usize,
    /// What of its file system it shows; with `//deleted` behind it if that was removed.
    pub root: Vec<u8>,
    /// Its own flags.
    pub flags: MountFlags,
    /// The number of its file system, in the order of this table.
    pub fs: usize,
    /// The kind of that.
    pub kind: FsKind,
    /// Whether that can be written to.
    pub access: Access,
    /// The number of its peer group, in the order of this table, if it is shared.
    pub peers: Option<usize>,
    /// The number of the group it is a slave of; they are counted together.
    pub master: Option<usize>,
    /// Whether it is unbindable.
    pub unbindable: bool,
}

/// The mounts at one mount point, the topmost last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// Where.
    pub mount_point: Vec<u8>,
    /// Which.
    pub mounts: Vec<MountId>,
}

impl Namespace {
    /// All mounts: each before those that stand in it, these in the order of their mount points.
    #[must_use]
    pub fn mount_table(&self) -> Vec<MountRow> {
        self.inside().rows().into_iter().map(|(row, _)| row).collect()
    }

    /// The topmost mount just at `mount_point`, if that is one.
    #[must_use]
    pub fn mount_id_at(&self, mount_point: impl AsRef<[u8]>) -> Option<MountId> {
        let inside = self.inside();
        let spot = inside.find(mount_point.as_ref()).ok()?;
        let is_root = inside.machine.mount(spot.mount).root == spot.inode;
        is_root.then_some(spot.mount)
    }

    /// All mount points that can be seen, in the order of [`mount_table`](Self::mount_table).
    #[must_use]
    pub fn stacks(&self) -> Vec<Stack> {
        let inside = self.inside();
        let mut stacks: Vec<Stack> = Vec::new();
        for (row, mount) in inside.rows() {
            // What can be seen is below the topmost mount that there is.
            let top = inside.find(&row.mount_point).map(|spot| spot.mount);
            let mut seen = top.ok();
            while let Some(at) = seen
                && at != mount
            {
                let below = inside.machine.mount(at);
                let on = below.on.filter(|on| inside.machine.mount(on.mount).root == on.inode);
                seen = on.map(|on| on.mount);
            }
            if seen.is_none() {
                continue;
            }
            match stacks.iter_mut().find(|stack| stack.mount_point == row.mount_point) {
                Some(stack) => stack.mounts.push(mount),
                None => {
                    stacks.push(Stack { mount_point: row.mount_point, mounts: vec![mount] });
                }
            }
        }
        stacks
    }
}

/// The numbers of file systems and groups that a table has so far.
#[derive(Default)]
struct Numbers {
    systems: Vec<FsId>,
    groups: Vec<GroupId>,
}

/// The place of `item` in `list`, to which it is added if it is new.
fn number<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    list.iter().position(|other| *other == item).unwrap_or_else(|| {
        list.push(item);
        list.len().saturating_sub(1)
    })
}

impl Inside<'_> {
    fn rows(&self) -> Vec<(MountRow, MountId)> {
        let (mut rows, mut numbers) = (Vec::new(), Numbers::default());
        self.add_rows(self.root.mount, b"/", None, 0, &mut rows, &mut numbers);
        rows
    }

    fn add_rows(
        &self,
        id: MountId,
        mount_point: &[u8],
        parent: Option<usize>,
        level: usize,
        rows: &mut Vec<(MountRow, MountId)>,
        numbers: &mut Numbers,
    ) {
        let mount = *self.machine.mount(id);
        let storage = &self.machine.storage;
        let fs = self.machine.fs_of(id);
        let mut root = Vec::new();
        storage.push_path(mount.root, None, &mut root);
        if root.is_empty() {
            root.push(b'/');
        }
        if storage.inode(mount.root).life == Life::Removed {
            root.extend_from_slice(b"//deleted");
        }
        let here = rows.len();
        let row = MountRow {
            mount_point: mount_point.to_vec(),
            parent,
            level,
            root,
            flags: mount.flags,
            fs: number(&mut numbers.systems, fs),
            kind: storage.system(fs).kind,
            access: storage.system(fs).access,
            peers: mount.peers.map(|group| number(&mut numbers.groups, group)),
            master: mount.master.map(|group| number(&mut numbers.groups, group)),
            unbindable: mount.bindable == Bindable::No,
        };
        rows.push((row, id));
        let base = if mount_point == b"/" { &[] } else { mount_point };
        let mut children: Vec<_> = self
            .machine
            .standing_in(id)
            .map(|(inode, child)| {
                let mut path = base.to_vec();
                storage.push_path(inode, Some(mount.root), &mut path);
                (path, inode == mount.root, child)
            })
            .collect();
        children.sort();
        for (path, on_root, child) in children {
            let level = if on_root { level.saturating_add(1) } else { 0 };
            let path = if path.is_empty() { b"/" } else { &path[..] };
            self.add_rows(child, path, Some(here), level, rows, numbers);
        }
    }
}

/// The flags as mountinfo(5) names them.
pub(crate) fn words(flags: MountFlags) -> String {
    let access = if flags.contains(MountFlags::READ_ONLY) { "ro" } else { "rw" };
    let mut words = access.to_owned();
    for (flag, word) in [
        (MountFlags::NO_SUID, ",nosuid"),
        (MountFlags::NO_DEV, ",nodev"),
        (MountFlags::NO_EXEC, ",noexec"),
        (MountFlags::NO_ATIME, ",noatime"),
        (MountFlags::NO_DIR_ATIME, ",nodiratime"),
        (MountFlags::RELATIME, ",relatime"),
    ] {
        if flags.contains(flag) {
            words.push_str(word);
        }
    }
    words
}
