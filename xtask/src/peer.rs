//! The packaged original, fetched by name into a cache folder and never installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

/// The Debian suites whose snapd is tested against: 2.77, 2.68 and 2.57.
pub(crate) const SUITES: [&str; 3] = ["sid", "trixie", "bookworm"];

/// Where `suite`'s packaged program is, fetched by `apt-get download` when it is not there yet.
pub(crate) fn snap_update_ns(suite: &str) -> Result<PathBuf> {
    ensure!(SUITES.contains(&suite), "unknown Debian suite {suite}");
    let dir = cache_dir()?.join(suite);
    if !dir.join("unpacked").exists() {
        download(suite)?;
    }
    Ok(dir.join("root/usr/lib/snapd/snap-update-ns"))
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

/// Fills the cache with the script of the end-to-end test, so that there is one layout and one
/// list of packages; it starts over where an earlier download did not reach its end.
fn download(suite: &str) -> Result<()> {
    eprintln!("downloading snapd of Debian {suite} into {}", cache_dir()?.display());
    let output = Command::new("bash")
        .arg(workspace_root()?.join("xtask/e2e/real-client.sh"))
        .env("FETCH_ONLY", "1")
        .env("SUITE", suite)
        .env("REAL_CLIENT_CACHE", cache_dir()?)
        .env_remove("DEB_ROOT")
        .output()
        .context("bash real-client.sh")?;
    if !output.status.success() {
        bail!(
            "downloading snapd of Debian {suite}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}
