//! What of a document is looked at, as texts with places.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::place::{Place, Source, Text};
use crate::rule::Rule;
use crate::yaml::{Node, Pair, Value, load, merged};

/// A snap.yaml or snapcraft.yaml.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) name: Given,
    pub(crate) declarations: Vec<Declaration>,
}

/// What a key says.
#[derive(Debug, Default)]
pub(crate) enum Given {
    /// Nothing; also when the key is there.
    #[default]
    Nothing,
    /// No text, which is reported.
    Unreadable,
    Text(Text),
}

impl Given {
    pub(crate) fn text(&self) -> Option<&Text> {
        match self {
            Self::Text(text) => Some(text),
            Self::Nothing | Self::Unreadable => None,
        }
    }
}

/// One key of the layout section.
#[derive(Debug)]
pub(crate) struct Declaration {
    pub(crate) mount_point: Text,
    pub(crate) bind: Given,
    pub(crate) bind_file: Given,
    pub(crate) symlink: Given,
    pub(crate) fs_type: Given,
    pub(crate) user: Given,
    pub(crate) group: Given,
    pub(crate) mode: Given,
}

/// Reads `source`; what cannot be read is reported and left out.
pub(crate) fn read(source: &Source<'_>, found: &mut Diagnostics) -> Option<Document> {
    let root = load(source, found)?;
    let mut document = Document::default();
    let Value::Mapping(pairs) = &root.value else {
        let message = format!("the document is {}, not a mapping", root.kind());
        found.report(&root.place, Rule::Shape, message, "write a snap's name and layout");
        return None;
    };
    let top = keys(pairs, &["name", "layout", "passthrough"], found);
    if let Some((_, name)) = top.get("name") {
        document.name = scalar(name, "the name", found);
    }
    if let Some((_, layout)) = top.get("layout") {
        read_layout(layout, &mut document, found);
    }
    // Where snapcraft.yaml had to have what snapcraft did not know yet.
    if let Some(Value::Mapping(pairs)) = top.get("passthrough").map(|(_, node)| &node.value)
        && let Some((_, layout)) = keys(pairs, &["layout"], found).get("layout")
    {
        read_layout(layout, &mut document, found);
    }
    Some(document)
}

fn read_layout(node: &Node, document: &mut Document, found: &mut Diagnostics) {
    let Value::Mapping(pairs) = &node.value else {
        if !node.is_null() {
            let message = format!("the layout section is {}, not a mapping", node.kind());
            found.report(&node.place, Rule::Shape, message, MOUNT_POINTS);
        }
        return;
    };
    for (key, declared) in unique(&merged(pairs), found) {
        let Some(text) = key.text() else {
            let message = format!("a mount point is {}, not a text", key.kind());
            found.report(&key.place, Rule::Shape, message, MOUNT_POINTS);
            continue;
        };
        let mount_point = Text { text: text.to_owned(), place: key.place.clone() };
        document.declarations.extend(declaration(mount_point, &declared, found));
    }
}

const MOUNT_POINTS: &str = "write mount points, each with what shall be there, such as /usr/share/foo: {bind: $SNAP/usr/share/foo}";
const KNOWN: [&str; 7] = ["bind", "bind-file", "symlink", "type", "user", "group", "mode"];

fn declaration(mount_point: Text, node: &Node, found: &mut Diagnostics) -> Option<Declaration> {
    let pairs = match &node.value {
        Value::Mapping(pairs) => unique(&merged(pairs), found),
        Value::Scalar { .. } if node.is_null() => Vec::new(),
        Value::Scalar { .. } | Value::Sequence(_) => {
            let message =
                format!("layout {:?} is {}, not a mapping", mount_point.text, node.kind());
            let suggestion = "write one of bind, bind-file, symlink, type below it";
            found.report(&node.place, Rule::Shape, message, suggestion);
            return None;
        }
    };
    let mut values = HashMap::new();
    for (key, value) in pairs {
        match KNOWN.iter().find(|known| key.text() == Some(known)) {
            Some(known) => {
                values.insert(*known, scalar(&value, &format!("the value of {known}"), found));
            }
            None if key.text().is_none_or(|text| text == "<<") => {
                let what = match key.text() {
                    Some(_) => format!("what is merged is {}", value.kind()),
                    None => format!("a key is {}", key.kind()),
                };
                let suggestion = format!("write one of {}", KNOWN.join(", "));
                found.report(&key.place, Rule::Shape, what, suggestion);
            }
            None => {
                let key_text = key.text().unwrap_or_default();
                let message =
                    format!("layout {:?} has {key_text:?}, which nobody reads", mount_point.text);
                let suggestion = format!("remove it; what is known is {}", KNOWN.join(", "));
                found.report(&key.place, Rule::UnknownKey, message, suggestion);
            }
        }
    }
    let mut value = |key| values.remove(key).unwrap_or_default();
    Some(Declaration {
        mount_point,
        bind: value("bind"),
        bind_file: value("bind-file"),
        symlink: value("symlink"),
        fs_type: value("type"),
        user: value("user"),
        group: value("group"),
        mode: value("mode"),
    })
}

/// What `node`, which `what` names, says.
fn scalar(node: &Node, what: &str, found: &mut Diagnostics) -> Given {
    let Some(text) = node.text() else {
        let message = format!("{what} is {}, not a text", node.kind());
        found.report(&node.place, Rule::Shape, message, "write it as one text");
        return Given::Unreadable;
    };
    if node.is_null() || text.is_empty() {
        return Given::Nothing;
    }
    Given::Text(Text { text: text.to_owned(), place: node.place.clone() })
}

/// The pairs with one of these keys.
fn keys<'p>(
    pairs: &'p [Pair],
    wanted: &[&'static str],
    found: &mut Diagnostics,
) -> HashMap<&'static str, &'p Pair> {
    let mut values: HashMap<&'static str, &'p Pair> = HashMap::new();
    for pair in pairs {
        if let Some(key) = wanted.iter().find(|key| pair.0.text() == Some(key)) {
            match values.get(key) {
                Some((first, _)) => twice(key, first, &pair.0.place, found),
                None => drop(values.insert(*key, pair)),
            }
        }
    }
    values
}

/// The pairs without those whose key was there before.
fn unique(pairs: &[Pair], found: &mut Diagnostics) -> Vec<Pair> {
    let mut places: HashMap<&str, &Rc<Node>> = HashMap::new();
    let mut kept = Vec::new();
    for pair in pairs {
        let Some(text) = pair.0.text() else {
            kept.push(pair.clone());
            continue;
        };
        match places.get(text) {
            Some(first) => twice(text, first, &pair.0.place, found),
            None => {
                places.insert(text, &pair.0);
                kept.push(pair.clone());
            }
        }
    }
    kept
}

fn twice(key: &str, first: &Node, again: &Place, found: &mut Diagnostics) {
    let message = format!("the key {key:?} is at {} already", first.place);
    found.report(again, Rule::DuplicateKey, message, "remove one of the two");
}

/// The place that stands for a whole file.
pub(crate) fn start(source: &Source<'_>) -> Place {
    Place::start(&Arc::from(source.name))
}
