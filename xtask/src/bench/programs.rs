//! The three programs: built, fetched, compiled.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::job::Who;
use crate::peer;

/// Builds the release binary of this workspace and tells where it is.
pub(crate) fn build() -> Result<PathBuf> {
    let root = peer::workspace_root()?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--release", "--package", "snap-update-ns"])
        .current_dir(&root)
        .status()
        .context("cargo build")?;
    ensure!(status.success(), "cargo build: {status}");
    Ok(root.join("target/release/snap-update-ns"))
}

/// Compiles the floor, statically, into `target/bench`. `None`, said loudly, without a compiler.
fn floor() -> Result<Option<PathBuf>> {
    let root = peer::workspace_root()?;
    let dir = root.join("target/bench");
    std::fs::create_dir_all(&dir)?;
    let program = dir.join("floor");
    let compiled = Command::new("gcc")
        .args(["-O2", "-static", "-Wall", "-o"])
        .arg(&program)
        .arg(root.join("xtask/src/bench/floor.c"))
        .status();
    match compiled {
        Ok(status) => {
            ensure!(status.success(), "gcc -static floor.c: {status}");
            Ok(Some(program))
        }
        Err(error) => {
            eprintln!("!!! gcc: {error}; the floor is NOT MEASURED (Debian: gcc, libc6-dev)");
            Ok(None)
        }
    }
}

/// The programs of one bench.
pub(crate) struct Programs {
    pub(crate) ours: PathBuf,
    pub(crate) original: PathBuf,
    pub(crate) floor: Option<PathBuf>,
}

/// Builds, fetches and compiles; a path that was asked for must exist.
pub(crate) fn all(ours: Option<PathBuf>, peer: Option<PathBuf>) -> Result<Programs> {
    let programs = Programs {
        ours: ours.map_or_else(build, Ok)?,
        original: peer.map_or_else(|| peer::snap_update_ns("sid"), Ok)?,
        floor: floor()?,
    };
    for path in [&programs.ours, &programs.original] {
        ensure!(path.is_file(), "no file {}", path.display());
    }
    Ok(programs)
}

impl Programs {
    /// Those that there are, in the order in which they take turns.
    pub(crate) fn named(&self) -> Vec<(Who, String)> {
        let mut named = vec![
            (Who::Ours, self.ours.display().to_string()),
            (Who::Original, self.original.display().to_string()),
        ];
        named.extend(self.floor.iter().map(|p| (Who::Floor, p.display().to_string())));
        named
    }
}
