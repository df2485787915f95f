//! The lines that describe what is there:
//!
//! ```text
//! dir PATH [MODE [UID:GID]]            missing parents are made, 0755 root
//! file PATH [MODE [UID:GID]] [= TEXT]
//! link PATH -> TARGET
//! fifo PATH
//! rm PATH                              a file, link or empty directory
//! tmpfs PATH [OPTIONS]
//! ramfs PATH                           a file system that is no tmpfs
//! cgroup2 PATH
//! bind SOURCE PATH                     also rbind
//! remount PATH FLAG,FLAG               per mount: ro nosuid nodev noexec
//! shared PATH                          also slave, private, unbindable; recursive
//! umount PATH
//! ```

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

use anyhow::{Context, Result, bail};
use nix::mount::{MntFlags, MsFlags, umount2};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::super::text::{raw_bytes, repeated};
use super::mount;

/// Does what `lines` say, in their order. `{A..B}` and `\xHH` as in profiles.
pub(crate) fn perform(lines: &str) -> Result<()> {
    for line in repeated(lines).lines().map(str::trim_ascii) {
        if !line.is_empty() && !line.starts_with('#') {
            one(line).with_context(|| format!("world: {line}"))?;
        }
    }
    Ok(())
}

fn one(line: &str) -> Result<()> {
    let (line, text) = line.split_once(" = ").unwrap_or((line, ""));
    let words: Vec<OsString> =
        line.split_ascii_whitespace().map(|word| OsString::from_vec(raw_bytes(word))).collect();
    let verb = words[0].to_str().context("verb")?;
    let path = Path::new(words.get(1).context("a path is missing")?);
    let word = |at: usize| words.get(at).and_then(|word| word.to_str());
    if !["bind", "rbind"].contains(&verb)
        && let Some(parent) = path.parent()
    {
        fs::create_dir_all(parent)?;
    }
    match verb {
        "dir" => {
            fs::create_dir_all(path)?;
            own(path, word(2), word(3))
        }
        "file" => {
            fs::write(path, raw_bytes(text))?;
            own(path, word(2).or(Some("0644")), word(3))
        }
        "link" => Ok(symlink(words.get(3).context("a target is missing")?, path)?),
        "fifo" => Ok(mkfifo(path, Mode::from_bits_truncate(0o644))?),
        "rm" if path.is_dir() && !path.is_symlink() => Ok(fs::remove_dir(path)?),
        "rm" => Ok(fs::remove_file(path)?),
        "tmpfs" => {
            fs::create_dir_all(path)?;
            mount::tmpfs("world", path, word(2).unwrap_or("mode=755"))
        }
        "ramfs" => mount::ramfs(path),
        "cgroup2" => mount::cgroup2(path),
        "bind" => mount::bind(path, Path::new(&words[2]), MsFlags::empty()),
        "rbind" => mount::bind(path, Path::new(&words[2]), MsFlags::MS_REC),
        "remount" => remount(path, word(2).context("flags are missing")?),
        "umount" => Ok(umount2(path, MntFlags::UMOUNT_NOFOLLOW)?),
        kind => propagate(path, kind),
    }
}

fn own(path: &Path, mode: Option<&str>, owner: Option<&str>) -> Result<()> {
    if let Some(mode) = mode {
        fs::set_permissions(path, Permissions::from_mode(u32::from_str_radix(mode, 8)?))?;
    }
    if let Some(owner) = owner {
        let (uid, gid) = owner.split_once(':').context("UID:GID")?;
        chown(path, Some(uid.parse()?), Some(gid.parse()?))?;
    }
    Ok(())
}

fn remount(path: &Path, names: &str) -> Result<()> {
    let mut flags = MsFlags::MS_BIND;
    for name in names.split(',') {
        flags |= match name {
            "ro" => MsFlags::MS_RDONLY,
            "nosuid" => MsFlags::MS_NOSUID,
            "nodev" => MsFlags::MS_NODEV,
            "noexec" => MsFlags::MS_NOEXEC,
            "noatime" => MsFlags::MS_NOATIME,
            _ => bail!("unknown flag {name}"),
        };
    }
    if !is_mount_point(path)? {
        mount::bind(path, path, MsFlags::empty())?;
    }
    mount::remount(path, flags)
}

fn is_mount_point(path: &Path) -> Result<bool> {
    let table = fs::read_to_string("/proc/self/mountinfo")?;
    Ok(table.lines().any(|line| line.split(' ').nth(4) == path.to_str()))
}

fn propagate(path: &Path, kind: &str) -> Result<()> {
    let kind = match kind {
        "shared" => MsFlags::MS_SHARED,
        "slave" => MsFlags::MS_SLAVE,
        "private" => MsFlags::MS_PRIVATE,
        "unbindable" => MsFlags::MS_UNBINDABLE,
        _ => bail!("unknown word {kind}"),
    };
    mount::propagate(path, kind)
}
