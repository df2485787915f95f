//! Everything that can be seen after a run.

use std::fs;
use std::os::unix::fs::MetadataExt;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::conformance::observe::{self, Seen};

/// Where the saved profile is, and what a program may leave beside it.
const STATE: &str = "/run/snapd/ns";

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Facts {
    /// How the run ended.
    pub(super) exit: String,
    pub(super) profile: Vec<String>,
    /// The mount tables of the snap's namespace and of the host's.
    pub(super) mounts: Vec<String>,
    pub(super) host_mounts: Vec<String>,
    /// Names in `/run/snapd/ns`.
    pub(super) state: Vec<String>,
    /// What the freezer says of each group.
    pub(super) freezer: Vec<String>,
    /// What the snap sees, and what the host sees.
    pub(super) tree: Vec<String>,
    pub(super) host: Vec<String>,
}

/// Something that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub(super) enum Aspect {
    Exit,
    Profile,
    Mounts,
    HostMounts,
    State,
    Freezer,
    Tree,
    Host,
}

/// In the order in which a reader wants them.
pub(super) const ASPECTS: [Aspect; 8] = [
    Aspect::Exit,
    Aspect::Freezer,
    Aspect::Profile,
    Aspect::Mounts,
    Aspect::HostMounts,
    Aspect::State,
    Aspect::Tree,
    Aspect::Host,
];

impl Aspect {
    /// The words for it in reports.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Exit => "exit status",
            Self::Profile => "saved profile",
            Self::Mounts => "mounts",
            Self::HostMounts => "the host's mounts",
            Self::State => STATE,
            Self::Freezer => "freezer",
            Self::Tree => "tree",
            Self::Host => "the host's tree",
        }
    }
}

impl Facts {
    /// What there is of one aspect.
    pub(super) fn of(&self, aspect: Aspect) -> &[String] {
        match aspect {
            Aspect::Exit => std::slice::from_ref(&self.exit),
            Aspect::Profile => &self.profile,
            Aspect::Mounts => &self.mounts,
            Aspect::HostMounts => &self.host_mounts,
            Aspect::State => &self.state,
            Aspect::Freezer => &self.freezer,
            Aspect::Tree => &self.tree,
            Aspect::Host => &self.host,
        }
    }

    /// Adds what this process sees in the snap's namespace.
    pub(super) fn look_inside(&mut self, profile: &str) -> Result<()> {
        self.profile = observe::lines(&fs::read(profile).unwrap_or_default());
        self.mounts = observe::mounts()?;
        self.tree = observe::tree(Seen::ByFaults)?;
        Ok(())
    }

    /// Adds what this process sees in the host's namespace.
    pub(super) fn look_outside(&mut self) -> Result<()> {
        self.host_mounts = observe::mounts()?.iter().map(|line| without_number(line)).collect();
        self.host = observe::tree(Seen::ByFaults)?;
        self.state = names()?;
        Ok(())
    }
}

/// A preserved namespace is mounted as `mnt:[NUMBER]`, which is chance.
fn without_number(line: &str) -> String {
    match line.split_once("mnt:[") {
        Some((before, after)) => {
            let (_number, after) = after.split_once(']').unwrap_or_default();
            format!("{before}mnt:[]{after}")
        }
        None => line.to_owned(),
    }
}

/// What is in the directory; the tree leaves an empty profile out.
fn names() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(STATE)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        let name = entry.file_name();
        let (uid, gid) = (metadata.uid(), metadata.gid());
        names.push(format!("{} {:o} {uid}:{gid}", name.display(), metadata.mode()));
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::without_number;

    #[test]
    fn the_number_of_a_namespace_is_chance() {
        let line = |number: &str| format!("/run/snapd/ns/hello.mnt root=mnt:[{number}] rw [] nsfs");
        assert_eq!(without_number(&line("4026532204")), line(""));
        assert_eq!(without_number("/usr root=/ ro"), "/usr root=/ ro");
    }
}
