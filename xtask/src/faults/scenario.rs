//! What is swept: the data model of `xtask/faults/scenarios.toml`.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::peer::workspace_root;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenarios {
    #[serde(rename = "scenario")]
    all: Vec<Scenario>,
}

/// A world, a namespace in it, and the run that is disturbed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    pub(super) name: String,
    /// What happens in it, as a sentence for people.
    pub(super) shows: String,
    /// With real groups it is that of the guest process: a parallel instance of the snap hello.
    #[serde(default = "hello")]
    pub(super) instance: String,
    /// What is added to the standard world of the conformance suite.
    #[serde(default)]
    pub(super) world: String,
    #[serde(default)]
    pub(super) freezer: Version,
    /// Who makes the run; each of these is a row of the table.
    pub(super) callers: Vec<Caller>,
    /// Profiles that the namespace had before, the oldest first. For users' mounts these are the
    /// system's profiles.
    #[serde(default)]
    pub(super) before: Vec<String>,
    /// The profile that the disturbed run is for.
    pub(super) desired: String,
    /// What is desired instead at some points, when the program runs again.
    pub(super) other: String,
    /// Directories of the namespace that somebody uses.
    #[serde(default)]
    pub(super) held_open: Vec<String>,
    #[serde(default)]
    pub(super) ends: Ends,
    /// Whether an older version of ours can do what the scenario shows, so that it can go on from what
    /// a killed run left.
    #[serde(default = "yes")]
    pub(super) downgrades: bool,
    /// How many notices the run tells when nobody disturbs it.
    #[serde(default)]
    pub(super) notices: usize,
    /// The share of the calls that is tried: one in so many.
    #[serde(default = "all")]
    pub(super) every: usize,
}

/// How processes are frozen in the world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Version {
    /// A plain file stands for the group: what is written to it stays.
    V1,
    /// Real groups with a process in each.
    #[default]
    V2,
}

/// How the undisturbed run ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Ends {
    #[default]
    Done,
    /// With exit status 1 and everything as it was before.
    Refused,
}

/// Who calls, and what becomes of the namespace when the program fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Caller {
    /// First start. The namespace is thrown away with a program that fails, as snap-confine does
    /// it; the next run is in a fresh one on the same host.
    SnapConfine,
    /// First start. The next run is in the same namespace.
    SnapConfineAgain,
    /// An update of a namespace that persists.
    Snapd,
    /// Per-user mounts, in a copy of the namespace that is thrown away afterwards.
    User,
}

/// A scenario with one of its callers.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) caller: Caller,
    pub(super) scenario: Scenario,
}

impl Caller {
    /// The word for it.
    fn name(self) -> &'static str {
        match self {
            Self::SnapConfine => "snap-confine",
            Self::SnapConfineAgain => "snap-confine-again",
            Self::Snapd => "snapd",
            Self::User => "user",
        }
    }
}

/// All rows, in the order of the file.
pub(super) fn rows() -> Result<Vec<Row>> {
    let file = workspace_root()?.join("xtask/faults/scenarios.toml");
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let scenarios: Scenarios = toml::from_str(&text).with_context(|| file.display().to_string())?;
    let mut rows = Vec::new();
    let mut names = BTreeSet::new();
    for scenario in scenarios.all {
        ensure!(scenario.every > 0, "{}: one in none", scenario.name);
        ensure!(
            scenario.freezer == Version::V1 || scenario.instance == hello(),
            "{}: real groups are those of an instance of its own",
            scenario.name
        );
        ensure!(!scenario.callers.is_empty(), "{}: nobody calls", scenario.name);
        ensure!(scenario.other != scenario.desired, "{}: nothing else", scenario.name);
        for caller in &scenario.callers {
            let name = match scenario.callers.as_slice() {
                [_] => scenario.name.clone(),
                _ => format!("{}/{}", scenario.name, caller.name()),
            };
            ensure!(names.insert(name.clone()), "two rows named {name}");
            rows.push(Row { name, caller: *caller, scenario: scenario.clone() });
        }
    }
    Ok(rows)
}

fn yes() -> bool {
    true
}

fn hello() -> String {
    "hello".to_owned()
}

fn all() -> usize {
    1
}

#[cfg(test)]
mod tests {
    use super::{Caller, Ends, Version, rows};

    #[test]
    fn what_the_issue_asks_for_is_swept() {
        let rows = rows().unwrap();
        for wanted in [
            "first-build",
            "refresh",
            "undo",
            "nested-mimics",
            "content-below-layout",
            "user-mounts",
            "two-hundred",
            "types",
        ] {
            assert!(rows.iter().any(|row| row.name.starts_with(wanted)), "{wanted}");
        }
        for caller in [Caller::SnapConfine, Caller::SnapConfineAgain, Caller::Snapd, Caller::User] {
            assert!(rows.iter().any(|row| row.caller == caller), "{caller:?}");
        }
        for version in [Version::V1, Version::V2] {
            assert!(rows.iter().any(|row| row.scenario.freezer == version), "{version:?}");
        }
        assert!(rows.iter().any(|row| row.scenario.ends == Ends::Refused));
    }
}
