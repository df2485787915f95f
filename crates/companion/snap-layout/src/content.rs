//! Connections of the content interface, given as source and target.

use std::sync::Arc;

use snap_path::is_at_or_below;

use crate::diagnostic::Diagnostics;
use crate::place::{Place, Text};
use crate::rule::Rule;
use crate::rules::path::{Use, expand};
use crate::snap::{Snap, VARIABLES};

/// How diagnostics name the file that connections stand in; the line is the connection's number.
const FILE: &str = "--content";

/// A connection, expanded.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) place: Place,
    pub(crate) source: String,
    pub(crate) target: String,
}

/// Reads the connection `text`, the one with this number; none when that is reported.
pub(crate) fn read(
    text: &str,
    number: usize,
    snap: &Snap<'_>,
    found: &mut Diagnostics,
) -> Option<Content> {
    let place = |column| Place { file: Arc::from(FILE), line: number, column };
    let Some((source, target)) = text.split_once('=') else {
        let message = format!("the connection {text:?} has no target");
        found.report(&place(1), Rule::Content, message, "write SOURCE=TARGET");
        return None;
    };
    let column = source.chars().count().saturating_add(2);
    let source = Text { text: source.to_owned(), place: place(1) };
    let target = Text { text: target.to_owned(), place: place(column) };
    let source = check_source(&source, snap, found);
    let checked = check_target(&target, snap, found);
    Some(Content { place: target.place, source: source?, target: checked? })
}

/// A source is in some snap, by its real name.
fn check_source(text: &Text, snap: &Snap<'_>, found: &mut Diagnostics) -> Option<String> {
    let source = expand(text, Use::ContentSource, snap, found)?;
    let in_a_snap = ["/snap/", "/var/snap/"].iter().any(|dir| source.path.starts_with(dir));
    if source.variable.is_some() || !in_a_snap {
        let message = format!("the content source {:?} is in no snap's directory", text.text);
        let suggestion = "write where it is: /snap/NAME/REVISION/... or /var/snap/NAME/...";
        found.report(&text.place, Rule::Content, message, suggestion);
        return None;
    }
    Some(source.path)
}

/// A target is below the three variables, or below what they stand for.
fn check_target(text: &Text, snap: &Snap<'_>, found: &mut Diagnostics) -> Option<String> {
    let target = expand(text, Use::ContentTarget, snap, found)?.path;
    let own = VARIABLES.into_iter().filter_map(|variable| snap.directory(variable));
    // Without a name nobody can tell.
    if snap.name().is_some() && !own.into_iter().any(|dir| is_strictly_below(&target, &dir)) {
        let message = format!(
            "the content target {:?} is not below $SNAP, $SNAP_DATA or $SNAP_COMMON",
            text.text
        );
        found.report(&text.place, Rule::Content, message, "write $SNAP/... or the like");
        return None;
    }
    Some(target)
}

fn is_strictly_below(path: &str, dir: &str) -> bool {
    path != dir && is_at_or_below(path.as_bytes(), dir.as_bytes())
}
