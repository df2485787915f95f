//! `snap-apparmor`: prints the AppArmor policy of snap-update-ns for a snap.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand, ValueEnum};
use snap_apparmor::{Backend, Confined, Homes, PROGRAMS, Settings, fragment, policy};

/// The AppArmor policy of snap-update-ns for one snap.
#[derive(Parser)]
#[command(version)]
struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// The profile `snap-update-ns.INSTANCE`.
    Policy(PolicyOptions),
    /// What snap-confine's own profile has to include.
    Fragment {
        #[command(flatten)]
        programs: Programs,
    },
}

#[derive(Args)]
struct PolicyOptions {
    /// The instance's name.
    instance: String,
    /// The desired profile: by default /var/lib/snapd/mount/snap.INSTANCE.fstab, if it is there.
    /// Several count as one: what an update undoes is in the one before.
    #[arg(long, value_name = "FILE")]
    system: Vec<PathBuf>,
    /// That of users: by default /var/lib/snapd/mount/snap.INSTANCE.user-fstab, if it is there.
    #[arg(long, value_name = "FILE")]
    users: Vec<PathBuf>,
    /// Confine updates as well, with these calls. (snapd starts them unconfined.)
    #[arg(long, value_enum, value_name = "CALLS")]
    updates: Option<Calls>,
    /// A directory that has the homes of users.
    #[arg(long = "homes", value_name = "DIR", default_values = ["/home"])]
    homes: Vec<String>,
    #[command(flatten)]
    programs: Programs,
}

#[derive(Args)]
struct Programs {
    /// Where snap-update-ns may be, as a pattern of apparmor.d(5).
    #[arg(long = "program", value_name = "PATTERN", default_values = PROGRAMS)]
    programs: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Calls {
    /// mount(2) and umount2(2).
    Classic,
    /// And open_tree(2) and move_mount(2).
    Fd,
}

fn main() -> ExitCode {
    match run(&Command::parse()) {
        Ok(text) => match io::stdout().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error.into()),
        },
        Err(error) => fail(&error),
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("snap-apparmor: {error:#}");
    ExitCode::FAILURE
}

fn run(command: &Command) -> Result<String> {
    let options = match &command.action {
        Action::Policy(options) => options,
        Action::Fragment { programs } => return Ok(fragment(&programs.programs)),
    };
    let (instance, dir) = (&options.instance, Path::new("/var/lib/snapd/mount"));
    let homes: Vec<_> =
        options.homes.iter().map(|dir| dir.trim_end_matches('/').as_bytes()).collect();
    let settings = Settings {
        confined: match options.updates {
            None => Confined::FirstStarts,
            Some(Calls::Classic) => Confined::Updates(Backend::Classic),
            Some(Calls::Fd) => Confined::Updates(Backend::Fd),
        },
        programs: options.programs.programs.clone(),
        homes: Homes::below(&homes),
    };
    // The name is part of a path only when it is one.
    policy(instance.as_bytes(), b"", b"", &settings)?;
    let system = read(&options.system, &dir.join(format!("snap.{instance}.fstab")))?;
    let users = read(&options.users, &dir.join(format!("snap.{instance}.user-fstab")))?;
    Ok(policy(instance.as_bytes(), &system, &users, &settings)?.to_string())
}

/// The files that were `asked` for, one behind the other; or else the `usual` one, which need not be
/// there.
fn read(asked: &[PathBuf], usual: &Path) -> Result<Vec<u8>> {
    if asked.is_empty() {
        return match fs::read(usual) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            text => text.with_context(|| usual.display().to_string()),
        };
    }
    let mut all = Vec::new();
    for path in asked {
        all.extend(fs::read(path).with_context(|| path.display().to_string())?);
        all.push(b'\n');
    }
    Ok(all)
}
