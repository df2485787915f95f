//! The packaged original, fetched by name into a cache folder and never installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

/// Where `suite`'s packaged program is, fetched by `apt-get download` when it is not there yet.
pub(crate) fn snap_update_ns(suite: &str) -> Result<PathBuf> {
    ensure!(["sid", "trixie", "bookworm"].contains(&suite), "unknown Debian suite {suite}");
    let dir = cache_dir()?.join(suite);
    let program = dir.join("root/usr/lib/snapd/snap-update-ns");
    if !program.exists() {
        download(suite, &dir)?;
    }
    Ok(program)
}

/// `target/peer-cache` of the workspace: `cargo clean` removes it.
pub(crate) fn cache_dir() -> Result<PathBuf> {
    Ok(workspace_root()?.join("target/peer-cache"))
}

/// The folder with the workspace's `Cargo.toml`.
pub(crate) fn workspace_root() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has a parent")?;
    Ok(root.to_owned())
}

fn download(suite: &str, dir: &Path) -> Result<()> {
    eprintln!("downloading snapd of Debian {suite} into {}", dir.display());
    for sub in [
        "state/lists/partial",
        "cache/archives/partial",
        "etc/apt.conf.d",
        "etc/preferences.d",
        "debs",
        "root",
    ] {
        fs::create_dir_all(dir.join(sub))?;
    }
    fs::write(dir.join("state/status"), "")?;
    let mirror = mirror()?;
    let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
    fs::write(
        dir.join("sources.list"),
        format!("deb [signed-by={keyring}] {mirror} {suite} main\n"),
    )?;
    let d = dir.display();
    fs::write(
        dir.join("apt.conf"),
        format!(
            "Dir::State \"{d}/state\";\nDir::State::lists \"{d}/state/lists\";\nDir::State::status \"{d}/state/status\";\n\
             Dir::Cache \"{d}/cache\";\nDir::Etc \"{d}/etc\";\nDir::Etc::sourcelist \"{d}/sources.list\";\nDir::Etc::sourceparts \"/dev/null\";\n\
             Acquire::Languages \"none\";\nAcquire::Check-Valid-Until \"false\";\nAPT::Sandbox::User \"root\";\n"
        ),
    )?;
    let apt = |args: &[&str]| -> Result<()> {
        let output = Command::new("apt-get")
            .args(args)
            .env("APT_CONFIG", dir.join("apt.conf"))
            .current_dir(dir.join("debs"))
            .output()
            .context("apt-get")?;
        if !output.status.success() {
            bail!("apt-get {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    };
    apt(&["update"])?;
    apt(&["download", "snapd"])?;
    for deb in fs::read_dir(dir.join("debs"))? {
        let deb = deb?.path();
        let status = Command::new("dpkg-deb").arg("-x").arg(&deb).arg(dir.join("root")).status()?;
        ensure!(status.success(), "dpkg-deb -x {}", deb.display());
    }
    Ok(())
}

/// The Debian mirror that this machine's apt is configured to use.
fn mirror() -> Result<String> {
    let output = Command::new("apt-get")
        .args(["indextargets", "--format", "$(SITE) $(ORIGIN) $(COMPONENT)"])
        .output()
        .context("apt-get indextargets")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let site = text.lines().find_map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            [site, "Debian", "main"] if !site.contains("security") => Some((*site).to_owned()),
            _ => None,
        }
    });
    site.context("apt has no Debian mirror configured (run apt-get update once)")
}
