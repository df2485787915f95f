//! The scenarios, and the policy that is made for them.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use snap_apparmor::{Backend, Confined, Policy, Settings, fragment, policy};

use crate::conformance::text::expand;
use crate::conformance::{Case, Conditions, Starter, Updates};
use crate::peer::workspace_root;

/// Where the program is: it is executed by descriptor, from outside of the world.
const PROGRAM: &str = "/{**/,}snap-update-ns";

/// The profile of whoever starts the program, as snap-confine has one.
const STARTER: &str = "snap-confine-like";

/// That profile: the fragment that snap-apparmor makes for it, and what the tests do before they
/// execute the program.
pub(super) fn starter() -> String {
    let fragment = fragment(&[PROGRAM.to_owned()]);
    format!(
        "abi <abi/3.0>,\nprofile {STARTER} flags=(attach_disconnected) {{\n{fragment}\n  \
         capability,\n  network unix,\n  signal,\n  /** rw,\n}}\n"
    )
}

/// The scenarios for one back end.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Suite {
    pub(super) backend: Calls,
    #[serde(rename = "case")]
    pub(super) cases: Vec<Case>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Calls {
    /// First starts only.
    FirstStart,
    Classic,
    Fd,
}

/// One way of running the scenarios.
pub(super) struct Pass {
    pub(super) name: &'static str,
    starter: Starter,
    steps: Steps,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Steps {
    All,
    /// A user's process may not do more: it has no CAP_SYS_CHROOT, which looking at what is mounted
    /// already takes.
    First,
}

impl Calls {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::FirstStart => "first start",
            Self::Classic => "classic",
            Self::Fd => "fd",
        }
    }
}

/// Whoever may start the program.
pub(super) const PASSES: &[Pass] = &[
    Pass { name: "by root", starter: Starter::Root, steps: Steps::All },
    Pass { name: "by a user", starter: Starter::User, steps: Steps::First },
    Pass { name: "setuid", starter: Starter::Setuid, steps: Steps::All },
];

impl Pass {
    /// As much of a scenario as this caller can do.
    pub(super) fn part_of(&self, case: &Case) -> Case {
        match self.steps {
            Steps::All => case.clone(),
            Steps::First => case.first_step(),
        }
    }

    /// What the program meets, under `profile` or unconfined.
    pub(super) fn conditions(&self, profile: Option<&str>) -> Conditions {
        Conditions {
            profile: profile.map(str::to_owned),
            started_under: profile.map(|_| STARTER.to_owned()),
            updates: Updates::Confined,
            starter: self.starter,
            ..Conditions::default()
        }
    }
}

impl Suite {
    /// Those of the files: of each scenario for the classic calls the first start; for the newer
    /// calls the classic ones as well, since a first start is always classic.
    pub(super) fn all() -> Result<Vec<Self>> {
        let (classic, mut fd) = (Self::read(Calls::Classic)?, Self::read(Calls::Fd)?);
        fd.cases.extend(classic.cases.iter().cloned());
        let first = |case: &Case| case.first_step();
        let first =
            Self { backend: Calls::FirstStart, cases: classic.cases.iter().map(first).collect() };
        Ok(vec![first, classic, fd])
    }

    fn read(calls: Calls) -> Result<Self> {
        let file = format!("xtask/confinement/{}.toml", calls.name());
        let text = fs::read_to_string(workspace_root()?.join(&file)).context(file.clone())?;
        let suite: Self = toml::from_str(&text).context(file.clone())?;
        ensure!(suite.backend == calls && !suite.cases.is_empty(), "{file}: no scenarios for it");
        Ok(suite)
    }

    /// The policy for the desired profiles of all scenarios together. (It is one snap with all these
    /// entries; a policy for each scenario would be loaded a hundred times.)
    pub(super) fn policy(&self) -> Result<Policy> {
        let (mut system, mut users) = (BTreeSet::new(), BTreeSet::new());
        for case in &self.cases {
            let (of_snap, of_users) = case.all_desired();
            system.extend(of_snap);
            users.extend(of_users);
        }
        let text = |lines: BTreeSet<String>| {
            lines
                .iter()
                .flat_map(|line| [expand(line), b"\n".to_vec()].concat())
                .collect::<Vec<_>>()
        };
        let settings = Settings {
            confined: match self.backend {
                Calls::FirstStart => Confined::FirstStarts,
                Calls::Classic => Confined::Updates(Backend::Classic),
                Calls::Fd => Confined::Updates(Backend::Fd),
            },
            programs: vec![PROGRAM.to_owned()],
            ..Settings::default()
        };
        let instance = &self.cases.first().context("no scenario")?.instance;
        Ok(policy(instance.as_bytes(), &text(system), &text(users), &settings)?)
    }
}
