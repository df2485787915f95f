//! Layouts that cannot both be.

use std::collections::HashMap;

use snap_path::{is_at_or_below, parents_first};

use crate::diagnostic::Diagnostics;
use crate::layout::{Element, Layout};
use crate::place::Place;
use crate::rule::Rule;

/// Reports each layout that fights with an earlier one, together with that.
pub(crate) fn check(layouts: &[Layout], found: &mut Diagnostics) {
    check_places(layouts, found);
    check_sources(layouts, found);
}

fn check_places(layouts: &[Layout], found: &mut Diagnostics) {
    let mut sorted: Vec<(&str, &Place)> = layouts
        .iter()
        .filter_map(|layout| Some((layout.mount_point.as_deref()?, &layout.place)))
        .collect();
    sorted.sort_by(|a, b| parents_first(a.0.as_bytes(), b.0.as_bytes()).then(a.1.cmp(b.1)));
    let mut above: Vec<(&str, &Place)> = Vec::new();
    for (path, place) in sorted {
        while above.last().is_some_and(|(dir, _)| !is_at_or_below(path.as_bytes(), dir.as_bytes()))
        {
            above.pop();
        }
        match above.last() {
            Some((dir, first)) if *dir == path => same_place(path, place, first, found),
            Some((dir, first)) => {
                let message = format!("layout {path:?} is below layout {dir:?} at {first}");
                let suggestion =
                    "put what is needed into the source of the upper one, and remove this";
                found.report(place, Rule::Nested, message, suggestion);
            }
            None => {}
        }
        above.push((path, place));
    }
}

/// Reports that two entries would have one mount point.
pub(crate) fn same_place(path: &str, place: &Place, first: &Place, found: &mut Diagnostics) {
    let message = format!("the mount point {path:?} is that of {first} already");
    found.report(place, Rule::SamePlace, message, "remove one of the two");
}

/// Directory or file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SourceKind {
    Directory,
    File,
}

impl SourceKind {
    fn name(self) -> &'static str {
        match self {
            Self::Directory => "a directory",
            Self::File => "a file",
        }
    }
}

/// What a layout takes its source to be. A link does not care.
pub(crate) fn source_kind(layout: &Layout) -> Option<(&str, SourceKind)> {
    match &layout.element.as_ref()?.0 {
        Element::Bind { source } => Some((source, SourceKind::Directory)),
        Element::BindFile { source } => Some((source, SourceKind::File)),
        Element::Symlink { .. } | Element::Tmpfs => None,
    }
}

fn check_sources(layouts: &[Layout], found: &mut Diagnostics) {
    let mut kinds: HashMap<&str, (SourceKind, &Place)> = HashMap::new();
    for layout in layouts {
        let (Some((source, kind)), Some((_, place))) = (source_kind(layout), &layout.element)
        else {
            continue;
        };
        let (first, first_place) = *kinds.entry(source).or_insert((kind, place));
        if first != kind {
            let message = format!(
                "the source {source:?} is {} here and {} at {first_place}",
                kind.name(),
                first.name()
            );
            let suggestion = "use bind for both if it is a directory, bind-file if it is a file";
            found.report(place, Rule::SourceKind, message, suggestion);
        }
    }
}
