//! The two variables of a user's profile, whose values differ from user to user.

use snap_path::is_at_or_below;
use snap_profile::Variables;

use crate::pattern::Pattern;

/// What stands for a user while a profile is read: this is nobody's id (-1 means "no change" to
/// chown(2)), so that no path of a machine has it.
const RUNTIME_DIR: &[u8] = b"/run/user/4294967295";
const HOME: &[u8] = b"/home/4294967295";

/// Where the homes of users are.
#[derive(Clone, Debug)]
pub struct Homes {
    dirs: Vec<Vec<u8>>,
}

impl Homes {
    /// Every directory in one of `dirs` is a home; `/root` is root's.
    #[must_use]
    pub fn below(dirs: &[&[u8]]) -> Self {
        Self { dirs: dirs.iter().map(|dir| dir.to_vec()).collect() }
    }

    /// What the variables stand for while a user's profile is read.
    pub(crate) fn variables() -> Variables<'static> {
        Variables::User { runtime_dir: RUNTIME_DIR, home: Some(HOME) }
    }

    /// Whether `path` is the home of whoever calls.
    pub(crate) fn is_home(&self, path: &[u8]) -> bool {
        path == HOME
    }

    /// The pattern of `path`, for all users if it is one of a user.
    pub(crate) fn pattern(&self, path: &[u8]) -> Pattern {
        if is_at_or_below(path, RUNTIME_DIR) {
            let rest = path.get(RUNTIME_DIR.len()..).unwrap_or_default();
            Pattern::literal(b"/run/user/").then("[0-9]*").then_literal(rest)
        } else if is_at_or_below(path, HOME) {
            let rest = path.get(HOME.len()..).unwrap_or_default();
            self.homes().then_literal(rest)
        } else {
            Pattern::literal(path)
        }
    }

    /// All homes: an alternative of literal directories, which begin with a slash.
    fn homes(&self) -> Pattern {
        let mut pattern = Pattern::default().then("/{").then_literal(b"root");
        for dir in &self.dirs {
            let below_root = dir.strip_prefix(b"/").unwrap_or(dir);
            pattern = pattern.then(",").then_literal(below_root).then("/*");
        }
        pattern.then("}")
    }
}

impl Default for Homes {
    fn default() -> Self {
        Self::below(&[b"/home"])
    }
}
