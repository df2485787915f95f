//! What every path has to keep, wherever it is used.

use crate::diagnostic::Diagnostics;
use crate::place::Text;
use crate::rule::Rule;
use crate::snap::{Snap, VARIABLES};

/// What has a meaning in the patterns of AppArmor (apparmor.d(5)), in which snapd writes the path;
/// the backslash takes a meaning away. A NUL ends every path.
const PATTERN: &[char] = &['?', '*', '[', ']', '{', '}', '^', '"', '\\', '\0'];

/// The longest path and name that the kernel takes (path_resolution(7), limits.h).
const PATH_MAX: usize = 4096;
const NAME_MAX: usize = 255;

/// What a path is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    MountPoint,
    Source,
    LinkTarget,
    ContentSource,
    ContentTarget,
}

impl Use {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::MountPoint => "the mount point",
            Self::Source => "the source",
            Self::LinkTarget => "the link target",
            Self::ContentSource => "the content source",
            Self::ContentTarget => "the content target",
        }
    }

    fn beginning(self) -> &'static str {
        match self {
            Self::MountPoint => "begin with /, or with $SNAP and a slash",
            Self::Source | Self::LinkTarget | Self::ContentTarget => {
                "begin with $SNAP, $SNAP_DATA or $SNAP_COMMON and a slash, and use no other variable"
            }
            Self::ContentSource => "begin with /snap/NAME/REVISION or /var/snap/NAME",
        }
    }
}

/// A path with its variable expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expanded {
    pub(crate) path: String,
    /// The variable that it began with.
    pub(crate) variable: Option<&'static str>,
}

/// Expands `text`; none when a rule is broken, all of which are
/// reported.
pub(crate) fn expand(
    text: &Text,
    used: Use,
    snap: &Snap<'_>,
    found: &mut Diagnostics,
) -> Option<Expanded> {
    let Text { text: said, place } = text;
    let what = used.name();
    let mut legal = true;
    let mut refuse = |rule, message: String, suggestion: &str| {
        legal = false;
        found.report(place, rule, message, suggestion);
    };
    let pattern: Vec<char> = PATTERN.iter().copied().filter(|&c| said.contains(c)).collect();
    if !pattern.is_empty() {
        let message = format!("{what} {said:?} has {}", list(&pattern));
        refuse(
            Rule::PatternCharacter,
            message,
            "rename it: such characters are patterns in AppArmor",
        );
    }
    // Tab and newline can be escaped in fstab(5).
    let control = |c: &char| c.is_ascii_control() && !matches!(c, '\0' | '\t' | '\n');
    if let Some(c) = said.chars().find(control) {
        let message = format!("{what} {said:?} has the control character {c:?}");
        refuse(Rule::ControlCharacter, message, "rename it: a profile cannot hold that");
    }
    let first = said.split('/').next().unwrap_or_default();
    let variable = VARIABLES.into_iter().find(|variable| *variable == first);
    let rest = variable.map_or(Some(said.as_str()), |variable| said.strip_prefix(variable));
    let rest = rest.unwrap_or_default();
    if rest.contains('$') {
        let message = format!("{what} {said:?} has a variable that it may not have");
        refuse(Rule::Variable, message, used.beginning());
    } else if variable.is_none() && !rest.starts_with('/') {
        let message = format!("{what} {said:?} is relative");
        refuse(Rule::Absolute, message, used.beginning());
    }
    if let Some(suggestion) = unclean(said) {
        refuse(Rule::Clean, format!("{what} {said:?} is not clean"), &suggestion);
    }
    let directory = variable.and_then(|variable| snap.directory(variable)).unwrap_or_default();
    let path = format!("{directory}{rest}");
    if path.len() >= PATH_MAX || path.split('/').any(|name| name.len() > NAME_MAX) {
        let message = format!("{what} {:?}... is longer than the kernel allows", head(said));
        refuse(Rule::TooLong, message, "use names of at most 255 bytes, and less than 4096 in all");
    }
    legal.then_some(Expanded { path, variable })
}

/// What to write instead of an unclean path; none for a clean one.
fn unclean(path: &str) -> Option<String> {
    let mut names = path.split('/');
    let first = names.next().unwrap_or_default();
    let rest: Vec<&str> = names.collect();
    if path == "/" || !rest.iter().any(|name| matches!(*name, "" | "." | "..")) {
        return None;
    }
    if rest.contains(&"..") {
        return Some("write the directory that is meant, without ..".to_owned());
    }
    let names: Vec<&str> = rest.into_iter().filter(|name| !matches!(*name, "" | ".")).collect();
    let clean = [&[first][..], &names].concat().join("/");
    Some(format!("write {:?}", if clean.is_empty() { "/" } else { &clean }))
}

fn list(characters: &[char]) -> String {
    let shown: Vec<String> = characters.iter().map(|c| format!("{c:?}")).collect();
    shown.join(", ")
}

fn head(text: &str) -> String {
    text.chars().take(40).collect()
}
