//! From files to a profile.

use std::collections::HashMap;

use crate::content::{self, Content};
use crate::diagnostic::Diagnostics;
use crate::document::{Document, Given, read, start};
use crate::fights;
use crate::layout::Layout;
use crate::merge;
use crate::place::{Place, Source};
use crate::profile;
use crate::rule::Rule;
use crate::snap::{Setting, Snap};

/// What a profile is made from.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// The application's snap.yaml or snapcraft.yaml.
    pub application: Source<'r>,
    /// The base's, whose layouts go below. Its variables stand for the application's directories,
    /// because it is the application that sees them.
    pub base: Option<Source<'r>>,
    /// Content connections, each as `SOURCE=TARGET`.
    pub content: &'r [String],
    /// Revision and instance.
    pub setting: Setting<'r>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// All that is to be said, in order of place.
    pub diagnostics: Diagnostics,
    /// The profile; none when there is an error among the diagnostics.
    pub profile: Option<Vec<u8>>,
}

/// Makes the profile, or finds everything that is in its way.
#[must_use]
pub fn compile(request: &Request<'_>) -> Compiled {
    let mut found = Diagnostics::default();
    let application = read(&request.application, &mut found);
    let base = request.base.as_ref().and_then(|base| read(base, &mut found));
    let snap = application.as_ref().map_or_else(
        || Snap::unknown(request.setting),
        |document| identity(document, request, &mut found),
    );
    let mut layouts = |document: Option<Document>| {
        let declared = document.map(|document| document.declarations).unwrap_or_default();
        let check = |declared| Layout::check(declared, &snap, &mut found);
        let layouts: Vec<Layout> = declared.iter().map(check).collect();
        fights::check(&layouts, &mut found);
        layouts
    };
    let (own, base) = (layouts(application), layouts(base));
    let layouts = merge::under(own, base, &mut found);
    let content = connections(request.content, &snap, &layouts, &mut found);
    found.sort();
    let profile = (!found.has_errors()).then(|| profile::write(&snap, &content, &layouts));
    Compiled { diagnostics: found, profile }
}

fn identity<'r>(document: &Document, request: &Request<'r>, found: &mut Diagnostics) -> Snap<'r> {
    let (place, message) = match &document.name {
        Given::Text(name) => match Snap::new(&name.text, request.setting) {
            Ok(snap) => return snap,
            Err(why) => (name.place.clone(), format!("{:?} is no snap's name: {why}", name.text)),
        },
        Given::Unreadable => return Snap::unknown(request.setting),
        Given::Nothing => (start(&request.application), "the snap has no name".to_owned()),
    };
    found.report(&place, Rule::Name, message, "write the name under which the snap is installed");
    Snap::unknown(request.setting)
}

fn connections(
    texts: &[String],
    snap: &Snap<'_>,
    layouts: &[Layout],
    found: &mut Diagnostics,
) -> Vec<Content> {
    let mut places: HashMap<String, Place> = layouts
        .iter()
        .filter_map(|layout| Some((layout.mount_point.clone()?, layout.place.clone())))
        .collect();
    let mut all = Vec::new();
    for (number, text) in (1_usize..).zip(texts) {
        if let Some(content) = content::read(text, number, snap, found) {
            match places.get(&content.target) {
                Some(first) => fights::same_place(&content.target, &content.place, first, found),
                None => drop(places.insert(content.target.clone(), content.place.clone())),
            }
            all.push(content);
        }
    }
    all
}
