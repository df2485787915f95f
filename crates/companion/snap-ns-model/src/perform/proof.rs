//! Whether nobody but root can change what a path leads to.

use snap_ns_plan::{Attributes, Rule};
use snap_path::prefixes;

use crate::namespace::Inside;

impl Inside<'_> {
    /// As the executor looks at it: every directory on the way is root's alone, and `rule` knows
    /// of nothing else.
    pub(super) fn is_proven(&self, dir: &[u8], rule: &dyn Rule) -> bool {
        self.find_dir(dir).is_ok()
            && !rule.may_change(dir)
            && prefixes(dir).all(|dir| {
                let spot = self.find_dir(dir);
                spot.is_ok_and(|spot| {
                    is_roots_alone(self.machine.storage.inode(spot.inode).attributes)
                })
            })
    }
}

pub(super) fn is_roots_alone(attributes: Attributes) -> bool {
    attributes.uid == 0 && attributes.mode & 0o022 == 0
}
