//! The two variables of a user's profile (contract section 2).

use crate::arena::Arena;
use crate::error::LoadErrorKind;

/// What may stand at the start of a path.
#[derive(Clone, Copy, Debug)]
pub enum Variables<'v> {
    /// Nothing: the system profile has no variables.
    None,
    /// A user's profile.
    User {
        /// What `$XDG_RUNTIME_DIR` stands for: `/run/user/UID`, computed, never taken from the
        /// environment.
        runtime_dir: &'v [u8],
        /// What `SNAP_REAL_HOME` says, if it is set: what `$HOME` of ensure-dir entries stands for.
        home: Option<&'v [u8]>,
    },
}

/// Whether an entry needed `$HOME`, so that the caller has to check it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HomeUse {
    /// No entry did.
    #[default]
    Unused,
    /// An ensure-dir entry in this line did, as the first.
    InLine(u32),
}

/// What of `path` follows `variable`, when it starts with just that.
fn after<'p>(path: &'p [u8], variable: &[u8]) -> Option<&'p [u8]> {
    let rest = path.strip_prefix(variable)?;
    matches!(rest, [] | [b'/', ..]).then_some(rest)
}

impl Variables<'_> {
    /// `path` with `$XDG_RUNTIME_DIR` expanded; none when it does not start with it.
    pub(crate) fn expand_runtime_dir<'a>(
        &self,
        path: &[u8],
        arena: &mut Arena<'a>,
    ) -> Result<Option<&'a mut [u8]>, LoadErrorKind> {
        match (self, after(path, b"$XDG_RUNTIME_DIR")) {
            (Self::User { runtime_dir, .. }, Some(rest)) => {
                arena.concat(&[runtime_dir, rest]).map(Some).ok_or(LoadErrorKind::ArenaFull)
            }
            (_, _) => Ok(None),
        }
    }

    /// `path` with `$HOME` expanded; none when it does not start with it.
    pub(crate) fn expand_home<'a>(
        &self,
        path: &[u8],
        arena: &mut Arena<'a>,
    ) -> Result<Option<&'a mut [u8]>, LoadErrorKind> {
        let (Self::User { home, .. }, Some(rest)) = (self, after(path, b"$HOME")) else {
            return Ok(None);
        };
        // snap-confine passes the empty string for a variable that is unset.
        let home = home.filter(|home| !home.is_empty()).ok_or(LoadErrorKind::NoHome)?;
        snap_path::check(home).map_err(LoadErrorKind::BadHome)?;
        arena.concat(&[home, rest]).map(Some).ok_or(LoadErrorKind::ArenaFull)
    }
}
