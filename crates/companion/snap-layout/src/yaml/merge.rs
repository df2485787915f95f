//! The merge key `<<`: a mapping that has the keys of others as well.

use std::collections::HashSet;
use std::rc::Rc;

use super::{Node, Pair, Value};

/// The pairs, and behind them those of the mappings that `<<` names, and of those that these name.
/// What is given first wins without a word: that is what a merge is for.
pub(crate) fn merged(pairs: &[Pair]) -> Vec<Pair> {
    let mut merge = Merge::default();
    for (key, value) in pairs {
        if !is_merge(key, value) {
            // A key that is there twice is somebody else's to report.
            merge.keys.extend(key.text().map(str::to_owned));
            merge.all.push((Rc::clone(key), Rc::clone(value)));
        }
    }
    merge.sources_of(pairs);
    merge.all
}

#[derive(Default)]
struct Merge {
    all: Vec<Pair>,
    keys: HashSet<String>,
    /// A mapping that is named again has nothing to add; so this takes no longer than the file is.
    visited: HashSet<*const Node>,
}

impl Merge {
    /// Goes as deep as the document is nested, which is limited.
    fn sources_of(&mut self, pairs: &[Pair]) {
        for (_, value) in pairs.iter().filter(|(key, value)| is_merge(key, value)) {
            match &value.value {
                Value::Sequence(items) => items.iter().for_each(|item| self.add(item)),
                Value::Scalar { .. } | Value::Mapping(_) => self.add(value),
            }
        }
    }

    fn add(&mut self, source: &Rc<Node>) {
        let Value::Mapping(pairs) = &source.value else { return };
        if !self.visited.insert(Rc::as_ptr(source)) {
            return;
        }
        for (key, value) in pairs.iter().filter(|(key, value)| !is_merge(key, value)) {
            if key.text().is_none_or(|text| self.keys.insert(text.to_owned())) {
                self.all.push((Rc::clone(key), Rc::clone(value)));
            }
        }
        self.sources_of(pairs);
    }
}

fn is_merge(key: &Node, value: &Node) -> bool {
    let is_mapping = |node: &Node| matches!(node.value, Value::Mapping(_));
    let mergeable = match &value.value {
        Value::Mapping(_) => true,
        Value::Sequence(items) => items.iter().all(|item| is_mapping(item)),
        Value::Scalar { .. } => false,
    };
    key.text() == Some("<<") && mergeable
}
