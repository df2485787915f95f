//! What a case says: the data model of the TOML files in `xtask/conformance/`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use snap_ns_testbed::Group;

use super::text::repeated;

/// One topic file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Topic {
    #[serde(rename = "case")]
    pub(super) cases: Vec<Case>,
}

/// A world, and what is done in it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// What the case shows, as a sentence for people.
    pub(super) shows: String,
    /// What is added to the standard world: see `world/line.rs` for the lines.
    #[serde(default)]
    pub(super) world: String,
    /// Whether `/` is a tmpfs that the current profile records, or the read-only base.
    #[serde(default)]
    pub(super) root: Root,
    /// The current profile at the start, when it is not the one that `root` implies.
    pub(super) current: Option<String>,
    #[serde(default = "hello")]
    pub(crate) instance: String,
    /// What is at `/run/snapd/ns/INSTANCE.mnt` for the daemon's calls.
    #[serde(default)]
    pub(super) namespace: Namespace,
    /// Compare without the normalisations that `docs/compatibility.md` names.
    #[serde(default)]
    pub(super) exact: bool,
    /// Without these system calls the result is another one.
    #[serde(default)]
    pub(super) needs: Vec<Group>,
    #[serde(rename = "step")]
    pub(super) steps: Vec<Step>,
}

/// One run of the program.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    #[serde(default)]
    pub(super) caller: Caller,
    /// Whose run it is: both sides' own, or the original's on both.
    #[serde(default)]
    pub(super) by: By,
    /// Lines (as in `Case::world`) executed inside the snap's namespace before the run.
    #[serde(default)]
    pub(super) world: String,
    /// The desired profile; without it the file is left as the step before left it.
    pub(super) desired: Option<String>,
    /// The current profile, when something else than the last run wrote it.
    pub(super) current: Option<String>,
    /// The arguments, when they are not the ones that the caller gives.
    pub(super) args: Option<Vec<String>>,
    /// The environment; empty when not said, but for what the caller sets.
    #[serde(default)]
    pub(super) env: BTreeMap<String, String>,
    /// Whether the lock is held during the run, when it is not as the caller does it.
    pub(super) lock: Option<Lock>,
    /// Whether the standard streams are closed during the run; then nothing is heard.
    #[serde(default)]
    pub(super) streams: Streams,
    /// The exit status that ours must have.
    pub(super) exit: i32,
    /// The deliberate differences.
    #[serde(default)]
    pub(super) differs: Vec<Difference>,
}

/// A deliberate difference from the original.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Difference {
    pub(super) aspect: Aspect,
    /// The row of `docs/compatibility.md` that explains it.
    pub(super) row: String,
    /// Every line that differs must contain one of these.
    #[serde(default)]
    pub(super) lines: Vec<String>,
}

/// What is compared after each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Aspect {
    /// The exit status.
    Exit,
    /// Standard output: nothing, or one error line, whose reason is not compared.
    Stdout,
    /// The saved current profile.
    Profile,
    /// The mount table of the namespace.
    Mounts,
    /// The tree that the snap sees.
    Tree,
    /// The tree that the host sees.
    Host,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Root {
    /// As snap-confine 2.68 and later: a tmpfs, recorded with `x-snapd.origin=rootfs`.
    #[default]
    Recorded,
    /// As snap-confine 2.57: the base snap itself, read-only, nothing recorded.
    ReadOnly,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Namespace {
    #[default]
    Preserved,
    Missing,
    /// A plain file, as after a discarded namespace.
    PlainFile,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Caller {
    /// First start: in the namespace, lock held, root.
    #[default]
    SnapConfine,
    /// Later update: outside the namespace, root.
    Snapd,
    /// Per-user mounts: in a fresh copy of the namespace, uid 1000 with three capabilities.
    User,
}

/// A namespace that the original built, and ours takes over, is a case with a step `by` the
/// original.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum By {
    #[default]
    Each,
    Original,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Streams {
    #[default]
    Open,
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Lock {
    Held,
    Free,
}

impl Case {
    /// Whether it says nothing where the system calls of `removed` are missing.
    pub(super) fn lacks(&self, removed: &[Group]) -> bool {
        let mut calls = removed.iter().flat_map(|group| group.calls());
        calls.any(|call| self.needs.iter().any(|group| group.calls().contains(call)))
    }

    /// All profiles, desired and current.
    pub(crate) fn profiles(&self) -> impl Iterator<Item = &str> {
        let of_steps = self.steps.iter().flat_map(|step| [&step.desired, &step.current]);
        of_steps.chain([&self.current]).filter_map(|profile| profile.as_deref())
    }

    /// The desired profiles of the runs that snap-confine starts, which AppArmor confines.
    pub(crate) fn confined_profiles(&self) -> String {
        let confined = self.steps.iter().filter(|step| step.caller != Caller::Snapd);
        confined.filter_map(|step| step.desired.as_deref()).map(repeated).collect()
    }

    /// The desired profiles of a snap, and of its users, of all steps together: each line once.
    pub(crate) fn all_desired(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let lines = |is: fn(Caller) -> bool| {
            let steps = self.steps.iter().filter(|step| is(step.caller));
            let profiles = steps.filter_map(|step| step.desired.as_deref()).map(repeated);
            let lines =
                profiles.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
            lines.filter(|line| !line.is_empty()).collect()
        };
        (lines(|caller| caller != Caller::User), lines(|caller| caller == Caller::User))
    }

    /// The same up to its first step.
    pub(crate) fn first_step(&self) -> Self {
        let mut first = self.clone();
        first.steps.truncate(1);
        first
    }

    /// A world without steps, in the shape that snap-confine leaves it.
    pub(crate) fn of_world(instance: &str, world: &str) -> Self {
        Self {
            name: String::new(),
            shows: String::new(),
            world: world.to_owned(),
            root: Root::Recorded,
            current: None,
            instance: instance.to_owned(),
            namespace: Namespace::Preserved,
            exact: false,
            needs: Vec::new(),
            steps: vec![],
        }
    }
}

impl Aspect {
    /// The word for it in cases and reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Exit => "exit",
            Self::Stdout => "stdout",
            Self::Profile => "profile",
            Self::Mounts => "mounts",
            Self::Tree => "tree",
            Self::Host => "host",
        }
    }
}

impl Caller {
    /// The word for it in cases and reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::SnapConfine => "snap-confine",
            Self::Snapd => "snapd",
            Self::User => "user",
        }
    }
}

/// What was seen after one step on one side.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Observation {
    pub(crate) exit: String,
    pub(super) stdout: Vec<String>,
    pub(super) stderr: Vec<String>,
    pub(super) profile: Vec<String>,
    pub(super) mounts: Vec<String>,
    pub(super) tree: Vec<String>,
    pub(super) host: Vec<String>,
}

fn hello() -> String {
    "hello".to_owned()
}
