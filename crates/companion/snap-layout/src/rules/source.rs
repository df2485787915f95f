//! Where sources and link targets may be.

use snap_path::is_at_or_below;

use crate::diagnostic::Diagnostics;
use crate::place::Text;
use crate::rule::Rule;
use crate::rules::path::{Use, expand};
use crate::snap::{Snap, VARIABLES};

/// The expanded source of a bind; none when a rule is broken, which is reported.
pub(crate) fn check(text: &Text, snap: &Snap<'_>, found: &mut Diagnostics) -> Option<String> {
    below_variables(text, Use::Source, snap, found)
}

/// The expanded target of a link.
pub(crate) fn check_target(
    text: &Text,
    snap: &Snap<'_>,
    found: &mut Diagnostics,
) -> Option<String> {
    let target = below_variables(text, Use::LinkTarget, snap, found)?;
    if target.contains(',') {
        let message = format!("the link target {:?} has a comma", text.text);
        let suggestion = "rename it: the target is an option of the profile, and commas end these";
        found.report(&text.place, Rule::Comma, message, suggestion);
        return None;
    }
    Some(target)
}

fn below_variables(
    text: &Text,
    used: Use,
    snap: &Snap<'_>,
    found: &mut Diagnostics,
) -> Option<String> {
    let expanded = expand(text, used, snap, found)?;
    // The one of the three that is the same for all revisions may be written out, as in snapd.
    let common = snap.directory("$SNAP_COMMON").unwrap_or_default();
    let in_common = is_at_or_below(expanded.path.as_bytes(), common.as_bytes());
    if expanded.variable.is_none() && !in_common {
        let (said, what) = (&text.text, used.name());
        let message = format!("{what} {said:?} is not below $SNAP, $SNAP_DATA or $SNAP_COMMON");
        found.report(&text.place, Rule::SourcePlace, message, instead(said, snap));
        return None;
    }
    Some(expanded.path)
}

/// The same with a variable, where there is one, or else the usual one.
fn instead(said: &str, snap: &Snap<'_>) -> String {
    let real = VARIABLES.into_iter().filter_map(|name| Some((name, snap.directory(name)?)));
    // What people see on a machine whose revision they do not want to write.
    let name = snap.name().unwrap_or_default();
    let current = [
        ("$SNAP", format!("/snap/{name}/current")),
        ("$SNAP_DATA", format!("/var/snap/{name}/current")),
    ];
    for (variable, directory) in real.chain(current) {
        let rest =
            said.strip_prefix(&directory).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        if let Some(rest) = rest {
            return format!("write {:?}", format!("{variable}{rest}"));
        }
    }
    if ["/snap/", "/var/snap/"].iter().any(|dir| said.starts_with(dir)) {
        return "for what is another snap's use a content interface, and bind from its target"
            .to_owned();
    }
    format!("put it into the snap, and write {:?}", format!("$SNAP{}", said.trim_end_matches('/')))
}
