//! YAML as a tree in which everything knows its place.

mod load;
mod merge;

use std::rc::Rc;

use crate::place::Place;

pub(crate) use load::load;
pub(crate) use merge::merged;

/// A value of the document.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
    /// How many levels are below it, through aliases as well.
    height: usize,
}

/// What it is. Aliases are resolved: the same node is in several places then, and its own place is
/// that of its anchor.
#[derive(Debug)]
pub(crate) enum Value {
    Scalar { text: String, style: Style },
    Sequence(Vec<Rc<Node>>),
    Mapping(Vec<Pair>),
}

pub(crate) type Pair = (Rc<Node>, Rc<Node>);

/// Only a plain text can mean nothing at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Quoted,
}

impl Node {
    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    /// Nothing, as YAML spells it.
    pub(crate) fn is_null(&self) -> bool {
        match &self.value {
            Value::Scalar { text, style: Style::Plain } => {
                matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
            }
            Value::Scalar { style: Style::Quoted, .. } | Value::Sequence(_) | Value::Mapping(_) => {
                false
            }
        }
    }

    /// What it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar { .. } if self.is_null() => "nothing",
            Value::Scalar { .. } => "a text",
            Value::Sequence(_) => "a sequence",
            Value::Mapping(_) => "a mapping",
        }
    }
}
