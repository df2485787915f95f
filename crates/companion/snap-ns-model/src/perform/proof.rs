//! Whether nobody but root can change what a path leads to.

use snap_ns_plan::{Attributes, Rule};
use snap_path::{parent, prefixes};

use crate::error::Error;
use crate::inode::Body;
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

    /// Where the symbolic link `path` leads, and whether nobody but root can have made or can change it.
    pub(crate) fn find_link(&self, path: &[u8]) -> Result<(&[u8], bool), Error> {
        let found = self.find_in_dir(path);
        // Walked by component, a link is no directory.
        let spot = if found == Err(Error::Loop) { Err(Error::NotDirectory) } else { found }?;
        let link = self.machine.storage.inode(spot.inode);
        let roots = (link.attributes.uid, link.attributes.gid) == (0, 0)
            && parent(path).is_some_and(|dir| self.is_roots_way(dir));
        match &link.body {
            Body::Symlink(text) => Ok((text, roots)),
            Body::Directory(_) | Body::File(_) | Body::Special => Err(Error::Invalid),
        }
    }
}

pub(super) fn is_roots_alone(attributes: Attributes) -> bool {
    attributes.uid == 0 && attributes.mode & 0o022 == 0
}
