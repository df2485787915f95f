//! Single rules, in the words of apparmor.d(5).

use std::fmt::{self, Display, Formatter};

use crate::pattern::Pattern;

/// One line of a policy, with its comma.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule(String);

impl Rule {
    /// One that is the same for every snap.
    pub(crate) fn fixed(text: &str) -> Self {
        Self(format!("{text},"))
    }

    /// `access` (letters of apparmor.d(5)) to a file or directory.
    pub(crate) fn file(path: &Pattern, access: &str) -> Self {
        Self(format!("{path} {access},"))
    }

    /// The same, as far as it belongs to the user who asks.
    pub(crate) fn own_file(path: &Pattern, access: &str) -> Self {
        Self(format!("owner {path} {access},"))
    }

    /// mount(2) with just these flags, of `source` on `target`. A mount that is attached to a
    /// descriptor has no source.
    pub(crate) fn mount(options: &str, source: Option<&Pattern>, target: &Pattern) -> Self {
        let source = source.map(|source| format!("{source} ")).unwrap_or_default();
        Self(format!("mount options=({options}) {source}-> {target},"))
    }

    /// mount(2) of a new file system. The type has to be [`is_plain_type`].
    pub(crate) fn mount_new(
        fs_type: &str,
        options: &str,
        source: &Pattern,
        target: &Pattern,
    ) -> Self {
        Self(format!("mount fstype={fs_type} options=({options}) {source} -> {target},"))
    }

    /// mount(2) with `MS_REMOUNT`.
    pub(crate) fn remount(options: &str, target: &Pattern) -> Self {
        Self(format!("remount options=({options}) {target},"))
    }

    /// umount2(2).
    pub(crate) fn unmount(target: &Pattern) -> Self {
        Self(format!("umount {target},"))
    }
}

/// Whether a file system's type can stand in a rule, where nothing can be quoted. All that Linux has
/// can.
pub(crate) fn is_plain_type(fs_type: &[u8]) -> bool {
    fs_type.iter().all(|&byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

impl Display for Rule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
