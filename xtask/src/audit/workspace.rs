//! What cargo says about the workspace.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

use super::closed::{self, Features};
use super::layers::{Need, Privileged};

/// A privileged crate and its folder, relative to the workspace.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) krate: Privileged,
    pub(crate) dir: PathBuf,
}

/// `cargo metadata` for the target of the binary.
pub(crate) fn metadata(root: &Path) -> Result<Metadata> {
    let platform = ["--filter-platform", closed::TARGET].map(ToOwned::to_owned);
    MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .other_options(platform)
        .exec()
        .context("cargo metadata")
}

/// The crates right below `crates/`.
pub(crate) fn privileged(metadata: &Metadata) -> Result<Vec<Member>> {
    let mut members = Vec::new();
    for package in metadata.workspace_packages() {
        let dir = package.manifest_path.parent().context("a manifest lies in a folder")?;
        let dir = dir.strip_prefix(&metadata.workspace_root)?;
        if dir.parent().is_none_or(|parent| parent != "crates") {
            continue;
        }
        let needs = [(DependencyKind::Normal, Need::Normal), (DependencyKind::Build, Need::Build)];
        let needs = needs.into_iter().flat_map(|(kind, need)| {
            let of_kind = package.dependencies.iter().filter(move |d| d.kind == kind);
            of_kind.map(move |d| (d.name.clone(), need))
        });
        members.push(Member {
            krate: Privileged { name: package.name.to_string(), needs: needs.collect() },
            dir: dir.as_std_path().to_owned(),
        });
    }
    members.sort_by(|a, b| a.dir.cmp(&b.dir));
    Ok(members)
}

/// The features that the crates of the closed list are built with in the workspace as a whole.
pub(crate) fn foreign_features(metadata: &Metadata) -> Result<Vec<Features>> {
    let resolve = metadata.resolve.as_ref().context("no dependency graph")?;
    let mut found = Vec::new();
    for node in &resolve.nodes {
        let name = metadata[&node.id].name.as_str();
        if closed::FOREIGN.contains(&name) {
            let features = node.features.iter().map(ToString::to_string).collect();
            found.push((name.to_owned(), features));
        }
    }
    Ok(found)
}

/// Everything that the binary is linked with when built with `features`. `cargo metadata` would
/// answer for the features of all members together; `cargo tree -p` answers for the binary alone.
pub(crate) fn resolved(root: &Path, features: &[&str]) -> Result<BTreeSet<String>> {
    let mut command = Command::new(env!("CARGO"));
    command
        .current_dir(root)
        .args(["tree", "--package", "snap-update-ns", "--edges", "normal"])
        .args(["--target", closed::TARGET, "--prefix", "none", "--format", "{p}"]);
    for feature in features {
        command.args(["--features", feature]);
    }
    let output = command.output().context("cargo tree")?;
    if !output.status.success() {
        bail!("cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(closed::names(&String::from_utf8(output.stdout)?))
}
