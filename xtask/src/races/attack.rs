//! Hostile processes: they rename, replace and delete what mount points and sources lead through,
//! as fast as they can.

use std::fs::{self, File, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use caps::{CapSet, Capability};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Gid, Uid, chdir, chroot, mkfifo, setgroups, setresgid, setresuid};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::live::Priority;

use super::place::{DATA, DATA_TARGETS, LINKS, SQUATTED, USER_TARGETS};

/// How long a place stays as it is at the most.
const LONGEST_REST: u64 = 60;

/// One of the hostile processes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Attacker {
    /// A service of the snap, or what an administrator was talked into: root, but it may not mount.
    /// It sees the snap's data as its root, so that its own links lead it nowhere else.
    Root,
    /// The user.
    User,
}

impl Attacker {
    /// Goes on until it is killed; tells how many attacks it made when asked.
    pub(super) fn run(self, mut stream: UnixStream, seed: u64) -> Result<()> {
        // Whenever the program waits, and on all other processors all the time. But the kernel's
        // threads come first, which each unmounting waits for: it would take all day.
        Priority::Last.take()?;
        let targets = self.become_it()?;
        stream.set_nonblocking(true)?;
        let mut random = Random(seed);
        let mut attacks = 0_u64;
        loop {
            attack(random.pick(targets), &mut random);
            attacks += 1;
            match stream.read(&mut [0]) {
                Ok(0) => return Ok(()),
                Ok(_) => stream.write_all(&attacks.to_le_bytes())?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error).context("the asker"),
            }
        }
    }

    fn become_it(self) -> Result<&'static [&'static str]> {
        umask(Mode::from_bits_truncate(0o022));
        match self {
            Self::Root => {
                chroot(DATA)?;
                chdir("/")?;
                for set in [CapSet::Effective, CapSet::Permitted, CapSet::Inheritable] {
                    for capability in [Capability::CAP_SYS_ADMIN, Capability::CAP_SYS_CHROOT] {
                        caps::drop(None, set, capability)?;
                    }
                }
                Ok(&DATA_TARGETS)
            }
            Self::User => {
                let (uid, gid) = (Uid::from_raw(1000), Gid::from_raw(1000));
                setgroups(&[gid])?;
                setresgid(gid, gid, gid)?;
                setresuid(uid, uid, uid)?;
                Ok(&USER_TARGETS)
            }
        }
    }
}

/// One attack on `target`. Whatever fails, another attacker was faster, or something is mounted
/// there: the next one comes soon.
fn attack(target: &str, random: &mut Random) {
    let (link, away) = (format!("{target}.l"), format!("{target}.away"));
    let _ = match random.below(8) {
        _ if target == SQUATTED => squat(random),
        0..=3 => swap(target, &link, random),
        4 => replace(target, &away, random),
        5 => renew(target, &away, random),
        6 => delete(target, random),
        _ => change_kind(target, random),
    };
    if random.below(16) == 0 {
        let _ = remove(&link);
        let _ = remove(&away);
    }
}

/// The user has what the program wants to make for itself, but not for long: mimics shall be
/// attacked too.
fn squat(random: &mut Random) -> Result<()> {
    if random.below(4) == 0 {
        symlink(random.pick(&LINKS), SQUATTED)?;
    } else {
        fs::create_dir(SQUATTED)?;
    }
    random.rest();
    remove(SQUATTED)
}

/// A directory and a link change places in one call, and back.
fn swap(target: &str, link: &str, random: &mut Random) -> Result<()> {
    if fs::symlink_metadata(link).is_err() {
        symlink(random.pick(&LINKS), link)?;
    }
    for _ in 0..2 {
        renameat_with(CWD, target, CWD, link, RenameFlags::EXCHANGE)
            .map_err(|errno| anyhow!("exchange: {errno}"))?;
        random.rest();
    }
    Ok(())
}

/// A link takes the place of a directory for a while.
fn replace(target: &str, away: &str, random: &mut Random) -> Result<()> {
    fs::rename(target, away)?;
    symlink(random.pick(&LINKS), target)?;
    random.rest();
    fs::remove_file(target)?;
    Ok(fs::rename(away, target)?)
}

/// A new directory takes the place of one with something in it.
fn renew(target: &str, away: &str, random: &mut Random) -> Result<()> {
    fs::rename(target, away)?;
    random.rest();
    make(target)?;
    remove(away)
}

/// It is gone for a while.
fn delete(target: &str, random: &mut Random) -> Result<()> {
    remove(target)?;
    random.rest();
    make(target)
}

/// Something of another kind takes its place for a while.
fn change_kind(target: &str, random: &mut Random) -> Result<()> {
    remove(target)?;
    match random.below(3) {
        0 => make_file(target)?,
        1 => mkfifo(target, Mode::from_bits_truncate(0o666))?,
        _ => symlink(random.pick(&LINKS), target)?,
    }
    random.rest();
    remove(target)?;
    make(target)
}

/// What is expected at `target`.
fn make(target: &str) -> Result<()> {
    if target.ends_with("/file") {
        return make_file(target);
    }
    fs::create_dir_all(target)?;
    Ok(fs::set_permissions(target, Permissions::from_mode(0o755))?)
}

/// Only if nothing is there: another attacker's FIFO would be waited for.
fn make_file(path: &str) -> Result<()> {
    Ok(File::create_new(path)?.write_all(b"a file\n")?)
}

fn remove(path: &str) -> Result<()> {
    let is_dir = fs::symlink_metadata(path)?.is_dir();
    let removed = if is_dir { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    Ok(removed?)
}

/// xorshift: enough to do something else each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.next()).unwrap_or_default() % all.len()]
    }

    /// Waits without giving the processor away.
    fn rest(&mut self) {
        let end = Instant::now() + Duration::from_micros(self.below(LONGEST_REST));
        while Instant::now() < end {
            std::hint::spin_loop();
        }
    }
}
