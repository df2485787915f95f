//! Which snap, which instance, which revision: what the variables stand for.

use std::fmt;

use snap_session::Instance;

/// The variables, the longest first: one is the beginning of another.
pub(crate) const VARIABLES: [&str; 3] = ["$SNAP_COMMON", "$SNAP_DATA", "$SNAP"];

/// What is known besides the files.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'s> {
    revision: &'s str,
    key: Option<&'s str>,
}

/// Why a setting is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingError {
    /// The revision is not a number above 0, with an `x` before it for a local one.
    Revision,
    /// The instance key is not 1 to 10 lower-case letters or digits.
    Key,
}

impl<'s> Setting<'s> {
    /// The setting for the snap's `revision`, and for the parallel instance with `key`, if any.
    ///
    /// # Errors
    ///
    /// One of the two is not what snapd would have.
    pub fn new(revision: &'s str, key: Option<&'s str>) -> Result<Self, SettingError> {
        let number = revision.strip_prefix('x').unwrap_or(revision);
        if number.starts_with('0') || !is_made_of(number, 1..=10, |c| c.is_ascii_digit()) {
            return Err(SettingError::Revision);
        }
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if key.is_some_and(|key| !is_made_of(key, 1..=10, legal)) {
            return Err(SettingError::Key);
        }
        Ok(Self { revision, key })
    }
}

fn is_made_of(
    text: &str,
    len: std::ops::RangeInclusive<usize>,
    legal: impl Fn(char) -> bool,
) -> bool {
    len.contains(&text.len()) && text.chars().all(legal)
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Revision => "a revision is a number above 0, or x and such a number",
            Self::Key => "an instance key has 1 to 10 lower-case letters or digits",
        })
    }
}

impl std::error::Error for SettingError {}

/// The snap whose namespace it is.
#[derive(Clone, Debug)]
pub(crate) struct Snap<'s> {
    name: String,
    setting: Setting<'s>,
}

impl<'s> Snap<'s> {
    /// An error when `name` is not the name of a snap; the text says why.
    pub(crate) fn new(name: &str, setting: Setting<'s>) -> Result<Self, String> {
        let instance = Instance::parse(name.as_bytes()).map_err(|error| error.to_string())?;
        if instance.snap_name() != name.as_bytes() {
            return Err("a snap name has no instance key".to_owned());
        }
        Ok(Self { name: name.to_owned(), setting })
    }

    /// A stand-in while the name is not known, so that the other rules can be looked at.
    pub(crate) fn unknown(setting: Setting<'s>) -> Self {
        Self { name: String::new(), setting }
    }

    /// None for the stand-in.
    pub(crate) fn name(&self) -> Option<&str> {
        Some(self.name.as_str()).filter(|name| !name.is_empty())
    }

    /// The name of a parallel instance.
    pub(crate) fn parallel(&self) -> Option<String> {
        self.setting.key.map(|key| format!("{}_{key}", self.name))
    }

    /// What one of [`VARIABLES`] stands for in the namespace, where a parallel instance is seen
    /// under the plain name.
    pub(crate) fn directory(&self, variable: &str) -> Option<String> {
        let (name, revision) = (self.name().unwrap_or("NAME"), self.setting.revision);
        match variable {
            "$SNAP" => Some(format!("/snap/{name}/{revision}")),
            "$SNAP_DATA" => Some(format!("/var/snap/{name}/{revision}")),
            "$SNAP_COMMON" => Some(format!("/var/snap/{name}/common")),
            _ => None,
        }
    }
}
