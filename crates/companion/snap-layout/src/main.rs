//! `snap-layout`: the layout section of a snap.yaml as a mount profile, on standard output.
#![forbid(unsafe_code)]

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use snap_layout::{Request, Setting, Source, compile};

/// Writes the mount profile that a snap's layouts come to.
///
/// What is wrong goes to standard error, each as `FILE:LINE:COLUMN: RULE: MESSAGE; SUGGESTION`, and
/// nothing is written then: exit status 1. Notes (unknown-key, base-overridden) stop nothing.
#[derive(Parser)]
#[command(name = "snap-layout", version)]
struct Options {
    /// The snap's meta/snap.yaml, or a snapcraft.yaml.
    file: PathBuf,
    /// The snap's revision: a number, or x and a number.
    #[arg(long)]
    revision: String,
    /// The key of a parallel instance: `foo` for `hello_foo`.
    #[arg(long, value_name = "KEY")]
    instance: Option<String>,
    /// The snap.yaml of the base, whose layouts go below those of the snap.
    #[arg(long, value_name = "FILE")]
    base: Option<PathBuf>,
    /// A content connection: a directory of another snap, and where this one shall see it.
    #[arg(long, value_name = "SOURCE=TARGET")]
    content: Vec<String>,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(code) => code,
        Err(message) => {
            // Without standard error there is nobody to tell.
            let _ = writeln!(io::stderr(), "snap-layout: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<ExitCode, String> {
    let setting = Setting::new(&options.revision, options.instance.as_deref());
    let setting = setting.map_err(|error| error.to_string())?;
    let application = read(&options.file)?;
    let base = options.base.as_deref().map(read).transpose()?;
    let compiled = compile(&Request {
        application: application.source(),
        base: base.as_ref().map(File::source),
        content: &options.content,
        setting,
    });
    let said = compiled.diagnostics.iter().map(|found| format!("{found}\n")).collect::<String>();
    let _ = io::stderr().write_all(said.as_bytes());
    let Some(profile) = compiled.profile else { return Ok(ExitCode::FAILURE) };
    io::stdout().write_all(&profile).map_err(|error| format!("standard output: {error}"))?;
    Ok(ExitCode::SUCCESS)
}

struct File {
    name: String,
    bytes: Vec<u8>,
}

impl File {
    fn source(&self) -> Source<'_> {
        Source { name: &self.name, bytes: &self.bytes }
    }
}

fn read(path: &Path) -> Result<File, String> {
    let name = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| format!("{name}: {error}"))?;
    Ok(File { name, bytes })
}
