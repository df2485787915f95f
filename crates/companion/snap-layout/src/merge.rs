//! The layouts of a base below those of the application.

use std::collections::HashMap;

use snap_path::is_at_or_below;

use crate::diagnostic::Diagnostics;
use crate::fights::source_kind;
use crate::layout::Layout;
use crate::rule::Rule;

/// The application's layouts, and those of the base that they leave room for. What is left out is
/// reported.
pub(crate) fn under(
    application: Vec<Layout>,
    base: Vec<Layout>,
    found: &mut Diagnostics,
) -> Vec<Layout> {
    let mut kept = Vec::new();
    let kinds: HashMap<_, _> = application.iter().filter_map(source_kind).collect();
    for layout in base {
        let rival = application.iter().find_map(|own| {
            let (own_at, at) = (own.mount_point.as_deref()?, layout.mount_point.as_deref()?);
            let below = |path: &str, dir: &str| is_at_or_below(path.as_bytes(), dir.as_bytes());
            let how = match (below(own_at, at), below(at, own_at)) {
                (true, true) => "has",
                (true, false) => "has something below it",
                (false, true) => "has something above it",
                (false, false) => return None,
            };
            Some((own, how))
        });
        let other_kind = source_kind(&layout)
            .is_some_and(|(source, kind)| kinds.get(source).is_some_and(|own| *own != kind));
        let at = layout.mount_point.as_deref().unwrap_or_default();
        let message = match rival {
            Some((own, "has")) => {
                format!("the base's layout {at:?} gives way to that at {}", own.place)
            }
            Some((own, how)) => {
                format!(
                    "the base's layout {at:?} is left out: the application {how}, at {}",
                    own.place
                )
            }
            None if other_kind => format!(
                "the base's layout {at:?} is left out: the application takes its source for another kind"
            ),
            None => {
                kept.push(layout);
                continue;
            }
        };
        let suggestion = "nothing is to be done if that is meant";
        found.report(&layout.place, Rule::BaseOverridden, message, suggestion);
    }
    let mut all = application;
    all.extend(kept);
    all
}
