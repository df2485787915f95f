//! Whether nobody but root can change what a path leads to.

use snap_ns_plan::{Attributes, NodeKind, Rule};
use snap_path::{parent, prefixes};

use crate::namespace::Inside;

impl Inside<'_> {
    /// As the executor looks at it: every directory on the way is root's alone, and `rule` knows
    /// of nothing else.
    pub(super) fn is_proven(&self, dir: &[u8], rule: &dyn Rule) -> bool {
        self.find_dir(dir).is_ok() && !rule.may_change(dir) && self.is_roots_way(dir)
    }

    fn is_roots_way(&self, dir: &[u8]) -> bool {
        prefixes(dir).all(|dir| {
            let spot = self.find_dir(dir);
            spot.is_ok_and(|spot| is_roots_alone(self.machine.storage.inode(spot.inode).attributes))
        })
    }

    /// Whether `path` is a symbolic link that nobody but root can have made or can change.
    pub(crate) fn is_link_of_root(&self, path: &[u8]) -> bool {
        let link = self.find(path).ok().map(|spot| self.machine.storage.inode(spot.inode));
        let owners =
            link.filter(|link| link.kind() == NodeKind::Symlink).map(|link| link.attributes);
        owners.is_some_and(|owners| (owners.uid, owners.gid) == (0, 0))
            && parent(path).is_some_and(|dir| self.is_roots_way(dir))
    }
}

pub(super) fn is_roots_alone(attributes: Attributes) -> bool {
    attributes.uid == 0 && attributes.mode & 0o022 == 0
}
