//! The packaged `snap`, which checks a snap's directory without packing it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::question::Question;
use crate::peer;

/// Where Debian's loader is in an unpacked libc6, and where the libraries are: before and after the
/// two `lib` were merged.
const LOADERS: [&str; 2] = ["usr/lib64/ld-linux-x86-64.so.2", "lib64/ld-linux-x86-64.so.2"];
const LIBRARIES: [&str; 2] = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"];

pub(crate) struct Snap {
    root: PathBuf,
    skeleton: PathBuf,
    version: String,
}

impl Snap {
    /// That of a Debian suite, fetched when it is not there yet.
    pub(crate) fn of(suite: &str) -> Result<Self> {
        peer::snap_update_ns(suite)?;
        let root = peer::cache_dir()?.join(suite).join("root");
        let skeleton = peer::workspace_root()?.join("target/layouts").join(suite);
        let mut snap = Self { root, skeleton, version: String::new() };
        let output = snap.command()?.arg("version").output().context("snap version")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = text.lines().find_map(|line| line.strip_prefix("snap ")).unwrap_or_default();
        ensure!(!line.trim().is_empty(), "snap of {suite} does not run: {output:?}");
        line.trim().clone_into(&mut snap.version);
        Ok(snap)
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Whether it accepts, or what it says.
    pub(crate) fn ask(&self, question: &Question) -> Result<Result<(), String>> {
        let dir = self.skeleton.as_path();
        match fs::remove_dir_all(dir) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            Ok(()) | Err(_) => fs::create_dir_all(dir.join("meta"))?,
        }
        fs::set_permissions(dir, fs::Permissions::from_mode(0o755))?;
        fs::write(dir.join("meta/snap.yaml"), question.yaml())?;
        for name in commands(&question.text()) {
            write_program(&dir.join(name))?;
        }
        for name in directories(&question.text()) {
            fs::create_dir_all(dir.join(name))?;
        }
        let output = self.command()?.args(["pack", "--check-skeleton"]).arg(dir).output()?;
        if output.status.success() {
            return Ok(Ok(()));
        }
        let said = String::from_utf8_lossy(&output.stderr).replace('\0', "");
        ensure!(!said.trim().is_empty(), "snap said nothing about {}: {output:?}", question.name());
        Ok(Err(said))
    }

    fn command(&self) -> Result<Command> {
        let at = |path: &&str| self.root.join(path);
        let loader = LOADERS.iter().map(at).find(|path| path.exists());
        let mut command = Command::new(loader.context("the packaged libc6 has no loader")?);
        let libraries: Vec<String> =
            LIBRARIES.iter().map(|path| at(path).display().to_string()).collect();
        command.arg("--library-path").arg(libraries.join(":")).arg(self.root.join("usr/bin/snap"));
        Ok(command)
    }
}

/// The programs that a file names, which snap looks for: `command: bin/hello`.
fn commands(text: &str) -> Vec<String> {
    let chain =
        text.lines().filter_map(|line| line.split_once("command-chain: [")?.1.strip_suffix(']'));
    let mut all = values(text, "command: ");
    all.extend(chain.map(str::to_owned));
    all
}

/// The directories of the snap that layouts bind, which snap 2.77 looks for where it does not know
/// the base.
fn directories(text: &str) -> Vec<String> {
    [" bind: $SNAP/", "{bind: $SNAP/"].iter().flat_map(|key| values(text, key)).collect()
}

/// The paths that stand behind `key`, if they lead nowhere but into the skeleton.
fn values(text: &str, key: &str) -> Vec<String> {
    let value = |line: &str| {
        let (_, rest) = line.split_once(key)?;
        let end = rest.find([' ', ',', '}']).unwrap_or(rest.len());
        Some(rest.get(..end)?.to_owned())
    };
    let inside = |path: &String| {
        let mut components = Path::new(path).components();
        path.len() < 200 && components.all(|part| matches!(part, Component::Normal(_)))
    };
    text.lines().filter_map(value).filter(inside).collect()
}

fn write_program(path: &Path) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, "#!/bin/sh\n")?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}
