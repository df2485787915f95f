//! The parser's events to a tree.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

use super::{Node, Pair, Style, Value};
use crate::diagnostic::Diagnostics;
use crate::place::{Place, Source};
use crate::rule::Rule;

/// Nobody nests a snap.yaml deeper. A limit, which counts what aliases stand for, lets a tree be gone
/// through and dropped on any stack.
const DEPTH_MAX: usize = 64;

/// The document in `source`; none when that is reported.
pub(crate) fn load(source: &Source<'_>, found: &mut Diagnostics) -> Option<Rc<Node>> {
    let file: Arc<str> = Arc::from(source.name);
    let text = match std::str::from_utf8(source.bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => {
            let place = place_of_byte(&file, source.bytes, error.valid_up_to());
            found.report(&place, Rule::Encoding, "the file is not UTF-8", "save it as UTF-8");
            return None;
        }
    };
    let mut tree = Tree { file, stack: Vec::new(), anchors: HashMap::new(), root: None };
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                let place = tree.place(error.marker());
                let message = format!("this is not YAML: {}", error.info());
                found.report(&place, Rule::Yaml, message, yaml_suggestion(text, &place));
                return None;
            }
        };
        let place = tree.place(&span.start);
        if let Err((rule, message, suggestion)) = tree.take(event, &place) {
            found.report(&place, rule, message, suggestion);
            return None;
        }
    }
    if tree.root.is_none() {
        let place = Place::start(&tree.file);
        found.report(
            &place,
            Rule::Documents,
            "the file is empty",
            "write a snap's name and layout",
        );
    }
    tree.root
}

const TOO_DEEP: Refusal = (Rule::Yaml, "nested more than 64 levels", "nest less");

/// Why an event cannot be used.
type Refusal = (Rule, &'static str, &'static str);

struct Tree {
    file: Arc<str>,
    stack: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    root: Option<Rc<Node>>,
}

/// What has begun and not ended.
struct Open {
    place: Place,
    anchor: usize,
    inside: Inside,
}

enum Inside {
    Sequence(Vec<Rc<Node>>),
    Mapping { pairs: Vec<Pair>, key: Option<Rc<Node>> },
}

impl Tree {
    fn place(&self, at: &Marker) -> Place {
        let column = at.col().saturating_add(1);
        Place { file: Arc::clone(&self.file), line: at.line().max(1), column }
    }

    fn take(&mut self, event: Event<'_>, place: &Place) -> Result<(), Refusal> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => Ok(()),
            // A document begins behind the first one, and there is nothing in it.
            Event::Scalar(text, ScalarStyle::Plain, ..)
                if self.is_complete() && text.is_empty() =>
            {
                Ok(())
            }
            _ if self.is_complete() => {
                let why = "a second document would not be read by anybody";
                Err((Rule::Documents, why, "remove it, or put it into a file of its own"))
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(node) => {
                    let node = Rc::clone(node);
                    self.put(node);
                    Ok(())
                }
                None => {
                    let why = "an alias inside of what it stands for";
                    Err((Rule::Yaml, why, "write out what is meant"))
                }
            },
            Event::Scalar(text, style, anchor, _tag) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted
                    | ScalarStyle::DoubleQuoted
                    | ScalarStyle::Literal
                    | ScalarStyle::Folded => Style::Quoted,
                };
                let value = Value::Scalar { text: text.into_owned(), style };
                self.finish(place.clone(), anchor, value)
            }
            Event::SequenceStart(anchor, _tag) => {
                self.open(place, anchor, Inside::Sequence(Vec::new()))
            }
            Event::MappingStart(anchor, _tag) => {
                self.open(place, anchor, Inside::Mapping { pairs: Vec::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Open { place, anchor, inside }) = self.stack.pop() {
                    let value = match inside {
                        Inside::Sequence(items) => Value::Sequence(items),
                        Inside::Mapping { pairs, .. } => Value::Mapping(pairs),
                    };
                    return self.finish(place, anchor, value);
                }
                Ok(())
            }
        }
    }

    /// Whether there is a whole document.
    fn is_complete(&self) -> bool {
        self.root.is_some() && self.stack.is_empty()
    }

    fn open(&mut self, place: &Place, anchor: usize, inside: Inside) -> Result<(), Refusal> {
        if self.stack.len() >= DEPTH_MAX {
            return Err(TOO_DEEP);
        }
        self.stack.push(Open { place: place.clone(), anchor, inside });
        Ok(())
    }

    fn finish(&mut self, place: Place, anchor: usize, value: Value) -> Result<(), Refusal> {
        let below = match &value {
            Value::Scalar { .. } => None,
            Value::Sequence(items) => items.iter().map(|item| item.height).max(),
            Value::Mapping(pairs) => pairs.iter().map(|(k, v)| k.height.max(v.height)).max(),
        };
        let height = below.map_or(0, |below| below.saturating_add(1));
        if height > DEPTH_MAX {
            return Err(TOO_DEEP);
        }
        let node = Rc::new(Node { place, value, height });
        // The parser counts anchors from 1; 0 is none.
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.put(node);
        Ok(())
    }

    fn put(&mut self, node: Rc<Node>) {
        match self.stack.last_mut().map(|open| &mut open.inside) {
            None => self.root = Some(node),
            Some(Inside::Sequence(items)) => items.push(node),
            Some(Inside::Mapping { pairs, key }) => match key.take() {
                None => *key = Some(node),
                Some(key) => pairs.push((key, node)),
            },
        }
    }
}

/// The parser's words do not say that a tab is to blame.
fn yaml_suggestion(text: &str, place: &Place) -> &'static str {
    let line = text.lines().nth(place.line.saturating_sub(1)).unwrap_or_default();
    if line.contains('\t') {
        "indent with spaces, and put a space behind a colon, no tabs"
    } else {
        "check indentation, colons and quotes here and in the line above"
    }
}

fn place_of_byte(file: &Arc<str>, bytes: &[u8], at: usize) -> Place {
    let before = String::from_utf8_lossy(bytes.get(..at).unwrap_or_default());
    let line = before.matches('\n').count().saturating_add(1);
    let last = before.rsplit('\n').next().unwrap_or_default();
    Place { file: Arc::clone(file), line, column: last.chars().count().saturating_add(1) }
}
