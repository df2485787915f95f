//! The whole world at one moment, to compare it with another.

use anyhow::Result;

use super::mounts::{self, Mount};
use super::tree::{self, Mark, Tree};

/// The machine's `/proc`, `/sys` and `/dev` are not the world's.
const EXCEPT: [&str; 3] = ["/proc", "/sys", "/dev"];

/// Where directories may stay: the set-aside place that the AppArmor policy names.
const ASIDE: &str = "/tmp/.snap";

/// Mounts and files.
pub(crate) struct Moment {
    pub(crate) mounts: Vec<Mount>,
    tree: Tree,
}

impl Moment {
    /// The world now.
    pub(crate) fn now() -> Result<Self> {
        Ok(Self { mounts: mounts::table()?, tree: tree::read(&["/"], &EXCEPT)? })
    }

    /// Whether the world is now as it was at this moment, in a sentence; else what differs.
    pub(crate) fn is_now(&self) -> Result<Result<String, String>> {
        let now = Self::now()?;
        let mut differences: Vec<String> = Vec::new();
        let mut aside = false;
        for mount in mounts::without(&self.mounts, &now.mounts) {
            differences.push(format!("mount {} is missing", mount.mount_point));
        }
        for mount in mounts::without(&now.mounts, &self.mounts) {
            differences.push(format!("mount {} is left over", mount.mount_point));
        }
        for (path, what, mark) in tree::compare(&self.tree, &now.tree) {
            if mark == Mark::New && path.starts_with(ASIDE) && what.starts_with("directory") {
                aside = true;
            } else if mark != Mark::Same {
                differences.push(format!("{mark:?}: {} {what}", path.display()));
            }
        }
        if !differences.is_empty() {
            return Ok(Err(format!(
                "The world is NOT as it was in the beginning:\n  {}",
                differences.join("\n  ")
            )));
        }
        let but = if aside { "; only empty directories stay in /tmp/.snap" } else { "" };
        Ok(Ok(format!(
            "The world is as it was in the beginning: every mount, every file, the saved profile{but}."
        )))
    }
}
