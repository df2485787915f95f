//! `cargo xtask snapd`: the binary under the real snapd, systemd and AppArmor, in an emulated machine.
//!
//! `xtask/snapd/vm-snapd.sh` does the work and reports; this file says which runs, and believes a
//! verdict only if everything that was asked for was played to the end.

mod outcome;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};

use crate::peer::workspace_root;
use outcome::Outcome;

#[derive(Args)]
pub(crate) struct Options {
    /// The Debian suite of kernel, systemd and snapd: sid or trixie.
    #[arg(long, default_value = "sid", value_parser = ["sid", "trixie"])]
    suite: String,
    /// Where snapd takes its tools from.
    #[arg(long, value_enum, default_value_t = Mode::Deb)]
    mode: Mode,
    /// Whose program runs. With the original as well, the states are compared at every step.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [World::Orig, World::Ours])]
    worlds: Vec<World>,
    /// Ours alone, and a part of the story: what `.ci/run` plays.
    #[arg(long, conflicts_with_all = ["parts", "worlds"])]
    short: bool,
    /// Only these parts of the story, with commas (one that is not there: the list).
    #[arg(long, value_delimiter = ',')]
    parts: Vec<String>,
    /// Run this program instead of building target/release/snap-update-ns.
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// The packaged tools.
    Deb,
    /// Those of the snapd snap, as on most machines.
    Reexec,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum World {
    /// The packaged original.
    Orig,
    /// Ours.
    Ours,
    /// The original begins, ours takes over, the original comes back.
    Mixed,
}

/// Start as root and as a user, connect, refresh with other layouts around a running service,
/// disconnect, remove. (Installing is part of all.)
const SHORT: [&str; 5] = ["03-user", "04-connect", "07-refresh", "08-disconnect", "18-remove"];

/// Variables of the script that would choose other runs or leave checks out.
const NOT_INHERITED: [&str; 4] = ["DEB_MIRROR", "KNOWN", "REBUILD", "STEPS"];

/// Plays the worlds that `options` names.
pub(crate) fn run(options: &Options) -> Result<()> {
    ensure!(
        nix::unistd::geteuid().is_root(),
        "cargo xtask snapd NEEDS ROOT (it fills a root file system for the machine): nothing was tested"
    );
    let binary = match &options.binary {
        Some(path) => path.clone(),
        None => crate::e2e::build()?,
    };
    let (worlds, parts) = match options.short {
        true => (vec![World::Ours], SHORT.map(str::to_owned).to_vec()),
        false => (options.worlds.clone(), options.parts.clone()),
    };
    let mode = word(options.mode);
    ensure!(
        options.mode == Mode::Deb || !worlds.contains(&World::Mixed),
        "the snapd snap holds one program: there is no world mixed with reexec"
    );
    let worlds: Vec<String> = worlds.into_iter().map(word).collect();
    let root = workspace_root()?;
    let cache = root.join("target/snapd-cache");
    let logs = root.join(format!("target/snapd/{}-{mode}", options.suite));
    let mut command = Command::new("bash");
    command
        .arg(root.join("xtask/snapd/vm-snapd.sh"))
        .env("SNAP_UPDATE_NS", binary)
        .env("SUITE", &options.suite)
        .env("MODE", &mode)
        .env("CACHE", cache)
        .env("OUT", &logs)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    for name in NOT_INHERITED {
        command.env_remove(name);
    }
    command.env("WORLDS", worlds.join(" ")).env("STEPS", parts.join(" "));
    let mut child = command.spawn().context("bash vm-snapd.sh")?;
    let mut text = String::new();
    // A run takes long: what it says is shown as it comes.
    for line in BufReader::new(child.stdout.take().context("its output")?).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        text.push_str(&line);
        text.push('\n');
    }
    let status = child.wait().context("bash vm-snapd.sh")?;
    println!("report, consoles and what the guests saw: {}", logs.display());
    Outcome::parse(&text, &worlds, status.success()).verdict()
}

/// The word for `value` on the command line, which is the script's as well.
fn word(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
