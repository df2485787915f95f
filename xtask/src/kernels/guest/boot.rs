//! What the first process of a machine does before and after its work.

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::Path;

use anyhow::{Context, Result};
use nix::mount::{MsFlags, mount};
use nix::sys::reboot::{RebootMode, reboot};
use nix::unistd::{chdir, chroot};

/// Where the second serial line is heard by the one who started the machine.
const ANSWERS: &str = "/dev/ttyS1";

const NONE: Option<&str> = None;

/// Moves from the initramfs to a root that can be left by pivot_root(2), and mounts what a machine
/// has there. Returns where to write answers.
pub(crate) fn start() -> Result<File> {
    fs::create_dir("/root-of-tests")?;
    new("tmpfs", "/root-of-tests")?;
    copy(Path::new("/"), Path::new("/root-of-tests"))?;
    chdir("/root-of-tests")?;
    mount(Some("."), "/", NONE, MsFlags::MS_MOVE, NONE).context("move the root")?;
    chroot(".").context("chroot")?;
    chdir("/")?;
    for dir in ["/proc", "/sys", "/dev", "/tmp"] {
        fs::DirBuilder::new().recursive(true).mode(0o755).create(dir)?;
    }
    new("proc", "/proc")?;
    new("sysfs", "/sys")?;
    new("securityfs", "/sys/kernel/security")?;
    new("devtmpfs", "/dev")?;
    // Whatever is denied shall be in the log: all of it, and what a policy would silence, too.
    fs::write("/proc/sys/kernel/printk_ratelimit", "0").context("printk_ratelimit")?;
    fs::write("/sys/module/apparmor/parameters/audit", "noquiet").context("audit of AppArmor")?;
    File::options().write(true).open(ANSWERS).context(ANSWERS)
}

/// Ends the machine; the program that emulates it ends, too.
pub(crate) fn end() -> Result<()> {
    reboot(RebootMode::RB_AUTOBOOT).context("reboot")?;
    Ok(())
}

fn new(kind: &str, at: &str) -> Result<()> {
    mount(Some(kind), at, Some(kind), MsFlags::empty(), NONE)
        .with_context(|| format!("mount {kind} on {at}"))
}

/// Copies what the archive of the initramfs holds: directories, files and links.
fn copy(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let (source, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
        let target = to.join(source.file_name().context("a name")?);
        if kind.is_dir() && !to.starts_with(&source) {
            fs::create_dir(&target)?;
            copy(&source, &target)?;
            fs::set_permissions(&target, fs::Permissions::from_mode(0o755))?;
        } else if kind.is_symlink() {
            symlink(fs::read_link(&source)?, target)?;
        } else if kind.is_file() {
            fs::copy(&source, target)?;
        }
    }
    Ok(())
}
