//! An entry with all that is known of it.

use snap_fstab::Entry;
use snap_mount_options::Options;

/// One entry of a profile.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// The six fields. The mount point, and a source that is a path, are clean.
    pub entry: Entry<'a>,
    /// The options as values.
    pub options: Options<'a>,
    /// The line in the profile, counted from 1.
    pub line: u32,
}

impl<'a> Item<'a> {
    /// The entry's ID: what others are *needed by* (contract section 3).
    #[must_use]
    pub fn id(&self) -> &'a [u8] {
        self.options.id.unwrap_or(self.entry.mount_point)
    }

    /// True for a tmpfs.
    #[must_use]
    pub fn is_tmpfs(&self) -> bool {
        self.entry.fs_type == b"tmpfs"
    }

    /// True for an entry that this program added for another one.
    #[must_use]
    pub fn is_synthetic(&self) -> bool {
        self.options.synthetic_for.is_some()
    }
}
