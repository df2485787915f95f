//! Who may depend on whom.

/// A privileged crate's place and everything that it may be linked with.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) name: &'static str,
    level: u8,
    may_use: &'static [&'static str],
}

/// The rule. A crate only ever uses lower levels; `rustix` (the kernel) is for those that act.
#[rustfmt::skip]
pub(crate) const LAYERS: &[Layer] = &[
    Layer { name: "snap-start",         level: 0, may_use: &["rustix"] },
    Layer { name: "snap-syscalls",      level: 0, may_use: &["rustix"] },
    Layer { name: "snap-path",          level: 1, may_use: &[] },
    Layer { name: "snap-fstab",         level: 1, may_use: &[] },
    Layer { name: "snap-mount-options", level: 2, may_use: &["snap-fstab", "bitflags"] },
    Layer { name: "snap-profile",       level: 3, may_use: &["snap-fstab", "snap-mount-options", "snap-path", "arrayvec"] },
    Layer { name: "snap-ns-forecast",   level: 4, may_use: &["snap-mount-options", "snap-path", "snap-profile", "arrayvec"] },
    Layer { name: "snap-ns-plan",       level: 5, may_use: &["snap-fstab", "snap-mount-options", "snap-path", "snap-profile", "snap-ns-forecast", "arrayvec"] },
    Layer { name: "snap-ns-exec",       level: 6, may_use: &["snap-fstab", "snap-mount-options", "snap-path", "snap-profile", "snap-ns-plan", "snap-syscalls", "rustix"] },
    Layer { name: "snap-session",       level: 6, may_use: &["snap-fstab", "snap-path", "arrayvec", "rustix"] },
    Layer { name: "snap-update-ns",     level: 7, may_use: &["snap-fstab", "snap-mount-options", "snap-path", "snap-profile", "snap-ns-plan", "snap-ns-exec", "snap-session", "snap-start", "arrayvec", "bitflags", "rustix"] },
];

/// What a dependency is needed for. Those of tests are free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Normal,
    Build,
}

/// A crate right below `crates/` and what its manifest asks for.
#[derive(Debug)]
pub(crate) struct Privileged {
    pub(crate) name: String,
    pub(crate) needs: Vec<(String, Need)>,
}

/// Compares the manifests with the table.
pub(crate) fn check(layers: &[Layer], crates: &[&Privileged]) -> Vec<String> {
    let mut violations = order(layers);
    for layer in layers {
        if !crates.iter().any(|c| c.name == layer.name) {
            violations.push(format!(
                "{} has a row in the layer table but is not in crates/: remove the row",
                layer.name
            ));
        }
    }
    for krate in crates {
        let name = &krate.name;
        let Some(layer) = layers.iter().find(|l| l.name == name) else {
            violations.push(format!(
                "{name} is in crates/ but has no row in the layer table: give it one, or move it to crates/companion"
            ));
            continue;
        };
        for (needed, need) in &krate.needs {
            match need {
                Need::Build => violations.push(format!(
                    "{name} has the build-dependency {needed}: privileged crates have none, remove it"
                )),
                Need::Normal if !layer.may_use.contains(&needed.as_str()) => {
                    violations.push(format!(
                        "{name} (layer {}) depends on {needed}, which its layer may not use: remove it, or make it a dev-dependency if only tests need it",
                        layer.level
                    ));
                }
                Need::Normal => {}
            }
        }
    }
    violations
}

/// The table itself must point downwards.
fn order(layers: &[Layer]) -> Vec<String> {
    let level_of = |name: &str| layers.iter().find(|l| l.name == name).map(|l| l.level);
    let mut violations = Vec::new();
    for layer in layers {
        for used in layer.may_use {
            if level_of(used).is_some_and(|level| level >= layer.level) {
                violations.push(format!(
                    "the layer table lets {} use {used}, which is not below it: correct the table",
                    layer.name
                ));
            }
        }
    }
    violations
}

/// Lines of the report: each crate, its level and what it uses.
pub(crate) fn describe(crates: &[&Privileged]) -> Vec<String> {
    LAYERS
        .iter()
        .map(|layer| {
            let uses: Vec<&str> = crates
                .iter()
                .filter(|c| c.name == layer.name)
                .flat_map(|c| &c.needs)
                .map(|(needed, _)| needed.as_str())
                .collect();
            format!("{}  {:20}{}", layer.level, layer.name, uses.join(" "))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every crate of the table with nothing needed, `name` with `needs`.
    fn crates_with(name: &str, needs: &[(&str, Need)]) -> Vec<Privileged> {
        let mut crates: Vec<Privileged> = LAYERS
            .iter()
            .map(|l| Privileged { name: l.name.to_owned(), needs: Vec::new() })
            .collect();
        let needs = needs.iter().map(|(n, k)| ((*n).to_owned(), *k)).collect();
        match crates.iter_mut().find(|c| c.name == name) {
            Some(krate) => krate.needs = needs,
            None => crates.push(Privileged { name: name.to_owned(), needs }),
        }
        crates
    }

    fn verdict(layers: &[Layer], crates: &[Privileged]) -> Vec<String> {
        check(layers, &crates.iter().collect::<Vec<_>>())
    }

    #[test]
    fn what_the_table_allows_passes() {
        let needs = [("snap-path", Need::Normal), ("rustix", Need::Normal)];
        assert_eq!(verdict(LAYERS, &crates_with("snap-session", &needs)), [""; 0]);
    }

    #[test]
    fn what_it_does_not_allow_is_reported() {
        for (name, needed, need, said) in [
            ("snap-ns-plan", "rustix", Need::Normal, "may not use"),
            ("snap-fstab", "snap-path", Need::Normal, "may not use"),
            ("snap-session", "snap-ns-plan", Need::Normal, "may not use"),
            ("snap-start", "arrayvec", Need::Normal, "may not use"),
            ("snap-update-ns", "snap-ns-testbed", Need::Normal, "may not use"),
            ("snap-update-ns", "cc", Need::Build, "build-dependency"),
            ("snap-novel", "rustix", Need::Normal, "no row"),
        ] {
            let violations = verdict(LAYERS, &crates_with(name, &[(needed, need)]));
            assert_eq!(violations.len(), 1, "{name} -> {needed}: {violations:?}");
            assert!(violations[0].contains(said), "{violations:?}");
        }
    }

    #[test]
    fn a_row_without_a_crate_is_reported() {
        let mut crates = crates_with("snap-path", &[]);
        crates.retain(|c| c.name != "snap-path");
        assert!(verdict(LAYERS, &crates)[0].contains("remove the row"));
    }

    #[test]
    fn a_table_that_points_upwards_is_reported() {
        #[rustfmt::skip]
        let layers = [
            Layer { name: "a", level: 1, may_use: &["b"] },
            Layer { name: "b", level: 1, may_use: &[] },
        ];
        let crates = ["a", "b"].map(|name| Privileged { name: name.to_owned(), needs: Vec::new() });
        assert!(verdict(&layers, &crates)[0].contains("not below it"));
    }
}
