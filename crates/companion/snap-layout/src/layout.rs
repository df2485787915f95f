//! A declaration that keeps the rules.

use crate::diagnostic::Diagnostics;
use crate::document::Declaration;
use crate::place::{Place, Text};
use crate::rule::Rule;
use crate::rules::{mount_point, owner, source};
use crate::snap::Snap;

/// What shall be at a mount point. Paths are expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    Bind { source: String },
    BindFile { source: String },
    Symlink { target: String },
    Tmpfs,
}

/// A layout. What is none was reported.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) place: Place,
    pub(crate) mount_point: Option<String>,
    pub(crate) element: Option<Element>,
    /// Where the element is declared.
    pub(crate) element_place: Place,
    pub(crate) mode: Option<u16>,
    pub(crate) user: Option<u32>,
    pub(crate) group: Option<u32>,
}

impl Layout {
    /// Looks at every part of the declaration, whatever is wrong with another one.
    pub(crate) fn check(declared: &Declaration, snap: &Snap<'_>, found: &mut Diagnostics) -> Self {
        let mount_point = mount_point::check(&declared.mount_point, snap, found);
        let (element, element_place) = element(declared, snap, found);
        let user = declared.user.as_ref().and_then(|text| owner::check(text, Rule::User, found));
        let group = declared.group.as_ref().and_then(|text| owner::check(text, Rule::Group, found));
        let mode = declared.mode.as_ref().and_then(|text| owner::check_mode(text, found));
        let place = declared.mount_point.place.clone();
        Self { place, mount_point, element, element_place, mode, user, group }
    }
}

fn element(
    declared: &Declaration,
    snap: &Snap<'_>,
    found: &mut Diagnostics,
) -> (Option<Element>, Place) {
    let Declaration { mount_point, bind, bind_file, symlink, fs_type, .. } = declared;
    let given: Vec<(&str, &Text)> =
        [("bind", bind), ("bind-file", bind_file), ("symlink", symlink), ("type", fs_type)]
            .into_iter()
            .filter_map(|(key, text)| Some((key, text.as_ref()?)))
            .collect();
    let mut elements = given.iter().map(|&(key, text)| match key {
        "bind" => source::check(text, snap, found).map(|source| Element::Bind { source }),
        "bind-file" => source::check(text, snap, found).map(|source| Element::BindFile { source }),
        "symlink" => {
            source::check_target(text, snap, found).map(|target| Element::Symlink { target })
        }
        _ => file_system(text, found),
    });
    // Each is looked at, also when there are too many.
    let all: Vec<Option<Element>> = elements.by_ref().collect();
    match (given.as_slice(), all.into_iter().next()) {
        ([(_, text)], Some(element)) => (element, text.place.clone()),
        (given, _) => {
            let said = &mount_point.text;
            let (message, suggestion) = if given.is_empty() {
                let message = format!("layout {said:?} does not say what shall be there");
                (message, "add one of bind, bind-file, symlink, type: tmpfs".to_owned())
            } else {
                let keys: Vec<&str> = given.iter().map(|(key, _)| *key).collect();
                let message = format!("layout {said:?} has {} at once", keys.join(" and "));
                (message, "keep one of them".to_owned())
            };
            found.report(&mount_point.place, Rule::Element, message, suggestion);
            (None, mount_point.place.clone())
        }
    }
}

fn file_system(text: &Text, found: &mut Diagnostics) -> Option<Element> {
    if text.text == "tmpfs" {
        return Some(Element::Tmpfs);
    }
    let message = format!("the type {:?} is not tmpfs", text.text);
    found.report(&text.place, Rule::FileSystem, message, "write tmpfs, which is the only one");
    None
}
