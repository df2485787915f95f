//! What is run on each kernel: cases of the conformance suite, and the ways of running them.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use snap_ns_testbed::{Answer, Group, Without};

use crate::conformance::{self, Case, Conditions, Starter};

/// First builds, mimics, refreshes, undoing, failures, user mounts, namespaces that change hands.
const CASES: [&str; 38] = [
    "kind-bind-directory",
    "kind-bind-file",
    "kind-symlink-mimic",
    "kind-tmpfs",
    "content-read-only",
    "content-missing-mount-point",
    "overname-with-layout",
    "read-only-root-layouts",
    "rootfs-new-top-level",
    "content-read-only-keeps-source-flags",
    "create-trespass-etc",
    "create-mode-hints",
    "story-desktop-application",
    "story-slave-namespace",
    "story-private-shared-memory",
    "story-x11-sockets",
    "mimic-all-types",
    "mimic-many-children",
    "mimic-nested",
    "mimic-nested-undone",
    "mimic-with-mounts-inside",
    "mimic-content",
    "aside-of-another-user",
    "aside-in-the-way",
    "update-nothing",
    "update-keep-change-remove",
    "update-revision",
    "undo-busy-detach",
    "refresh-kinds-nothing-a",
    "refresh-content-below-layout",
    "refresh-nested-changes",
    "layout-fails",
    "story-failure-and-recovery",
    "user-runtime-dir",
    "user-home-ensure-dir",
    "user-home-symlink-in-path",
    "taken-over-mimic",
    "given-back",
];

/// One way of running the cases.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Pass {
    pub(super) name: String,
    pub(super) conditions: Conditions,
}

/// All that one kernel is asked to do.
#[derive(Deserialize, Serialize)]
pub(super) struct Job {
    pub(super) cases: Vec<Case>,
    pub(super) passes: Vec<Pass>,
}

/// The cases.
pub(super) fn cases() -> Result<Vec<Case>> {
    let mut all = conformance::cases()?;
    all.retain(|case| CASES.contains(&case.name.as_str()));
    ensure!(all.len() == CASES.len(), "the conformance suite lacks one of the cases: {CASES:?}");
    Ok(all)
}

/// Both back ends, and both identities of the first construction.
pub(super) fn confined() -> Vec<Pass> {
    let without = Without { groups: vec![Group::OpenTree], answer: Answer::Missing };
    let classic = Conditions { without, starter: Starter::User, ..Conditions::default() };
    vec![
        Pass {
            name: "first start by root, all calls".to_owned(),
            conditions: Conditions::default(),
        },
        Pass { name: "first start by a user, no new mount API".to_owned(), conditions: classic },
    ]
}

/// The running kernel as older ones are, one pass each.
pub(super) fn reduced() -> Vec<Pass> {
    let pass = |groups: &[Group], answer: Answer| {
        let names: Vec<_> = groups.iter().map(|group| group.name()).collect();
        let denied = if answer == Answer::Denied { " (denied)" } else { "" };
        Pass {
            name: format!("without {}{denied}", names.join(", ")),
            conditions: Conditions {
                without: Without { groups: groups.to_vec(), answer },
                ..Conditions::default()
            },
        }
    };
    let mut passes: Vec<Pass> =
        Group::ALL.iter().map(|group| pass(&[*group], Answer::Missing)).collect();
    passes.push(pass(&Group::ALL, Answer::Missing));
    passes.extend(Group::ALL.iter().map(|group| pass(&[*group], Answer::Denied)));
    passes
}
