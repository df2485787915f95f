//! A declaration that keeps the rules.

use crate::diagnostic::Diagnostics;
use crate::document::{Declaration, Given};
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
    /// With the place of its source, target or type.
    pub(crate) element: Option<(Element, Place)>,
    pub(crate) mode: Option<u16>,
    pub(crate) user: Option<u32>,
    pub(crate) group: Option<u32>,
}

impl Layout {
    /// Looks at every part of the declaration, whatever is wrong with another one.
    pub(crate) fn check(declared: &Declaration, snap: &Snap<'_>, found: &mut Diagnostics) -> Self {
        let mount_point = mount_point::check(&declared.mount_point, snap, found);
        let element = element(declared, snap, found);
        let user = declared.user.text().and_then(|text| owner::check(text, Rule::User, found));
        let group = declared.group.text().and_then(|text| owner::check(text, Rule::Group, found));
        let mode = declared.mode.text().and_then(|text| owner::check_mode(text, found));
        let place = declared.mount_point.place.clone();
        Self { place, mount_point, element, mode, user, group }
    }
}

/// What is declared, and where.
fn element(
    declared: &Declaration,
    snap: &Snap<'_>,
    found: &mut Diagnostics,
) -> Option<(Element, Place)> {
    let Declaration { mount_point, bind, bind_file, symlink, fs_type, .. } = declared;
    let given: Vec<(&str, &Given)> =
        [("bind", bind), ("bind-file", bind_file), ("symlink", symlink), ("type", fs_type)]
            .into_iter()
            .filter(|(_, given)| !matches!(given, Given::Nothing))
            .collect();
    // Each is looked at, also when there are too many.
    let looked_at = given.iter().map(|&(key, given)| {
        let text = given.text()?;
        let element = match key {
            "bind" => Element::Bind { source: source::check(text, snap, found)? },
            "bind-file" => Element::BindFile { source: source::check(text, snap, found)? },
            "symlink" => Element::Symlink { target: source::check_target(text, snap, found)? },
            _ => file_system(text, found)?,
        };
        Some((element, text.place.clone()))
    });
    let mut elements: Vec<Option<(Element, Place)>> = looked_at.collect();
    if let ([_], Some(one)) = (given.as_slice(), elements.pop()) {
        return one;
    }
    let said = &mount_point.text;
    let (message, suggestion) = if given.is_empty() {
        let message = format!("layout {said:?} does not say what shall be there");
        (message, "add one of bind, bind-file, symlink, type: tmpfs")
    } else {
        let keys: Vec<&str> = given.iter().map(|(key, _)| *key).collect();
        (format!("layout {said:?} has {} at once", keys.join(" and ")), "keep one of them")
    };
    found.report(&mount_point.place, Rule::Element, message, suggestion);
    None
}

fn file_system(text: &Text, found: &mut Diagnostics) -> Option<Element> {
    if text.text == "tmpfs" {
        return Some(Element::Tmpfs);
    }
    let message = format!("the type {:?} is not tmpfs", text.text);
    found.report(&text.place, Rule::FileSystem, message, "write tmpfs, which is the only one");
    None
}
