//! The program of an older commit: what is built now has to take over what that left, and the reverse.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::peer::workspace_root;

/// The end of part 4. Whoever has it installed gets what is built now.
const COMMIT: &str = "0082267f70229889a8ca7f119a0aeaaef897e23d";

/// What helps when the commit cannot be had.
const HELP: &str = "the older program is built from the project's history: get all of it \
    (git fetch --unshallow), or give the program (--older PATH)";

/// The older program; it is built once.
pub(super) fn build() -> Result<PathBuf> {
    let root = workspace_root()?;
    let dir = root.join("target/older").join(COMMIT);
    let program = dir.join("snap-update-ns");
    if program.exists() {
        return Ok(program);
    }
    let source = dir.join("source");
    fs::create_dir_all(&source)?;
    extract(&root, &source)?;
    let target = dir.join("target");
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--locked", "--release", "-p", "snap-update-ns", "--target-dir"])
        .arg(&target)
        .current_dir(&source)
        .status()?;
    ensure!(status.success(), "{COMMIT} does not build");
    // In one step: half a program is none.
    let fresh = dir.join("fresh");
    fs::copy(target.join("release/snap-update-ns"), &fresh)?;
    fs::rename(&fresh, &program)?;
    Ok(program)
}

/// Puts the files of the commit into `to`.
fn extract(root: &Path, to: &Path) -> Result<()> {
    let mut git = Command::new("git")
        .arg("-c")
        .arg(format!("safe.directory={}", root.display()))
        .arg("-C")
        .arg(root)
        .args(["archive", "--format=tar", COMMIT])
        .stdout(Stdio::piped())
        .spawn()
        .context(HELP)?;
    let files = git.stdout.take().context("git's standard output")?;
    let tar = Command::new("tar").arg("-xf").arg("-").arg("-C").arg(to).stdin(files).status()?;
    ensure!(git.wait()?.success() && tar.success(), "git has no {COMMIT}: {HELP}");
    Ok(())
}
