//! When a mount point may be named by its path: only where nobody but root can change what the
//! path leads to.
//!
//! That it is named or not is seen when its directory is replaced by a symbolic link after it was
//! walked, which for a root-only directory only root could do: a name leads behind the link, a
//! descriptor to where the directory went.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};

use anyhow::Result;
use rustix::mount::MountFlags;
use snap_ns_plan::{Outcome, Verdict};

use crate::bed::{Always, Bed};
use crate::state::count_at;

on_all!(root_only writable_by_all writable_by_group writable_further_up unrestricted ; root foreign foreign_further_up not_local);

const RESTRICTED: Always = Always { verdict: Verdict::Write, may_change: false };
const UNRESTRICTED: Always = Always { verdict: Verdict::Write, may_change: true };

/// Mounts at `/w/p/1`, puts a link in the place of `/w/p`, and mounts at `/w/p/2`: how many mounts
/// are behind the link, and how many in the directory that was there.
fn replaced(
    bed: &mut Bed,
    rule: &Always,
    prepare: impl FnOnce() -> Result<()>,
) -> Result<(usize, usize)> {
    replaced_in(bed, "/w", rule, prepare)
}

fn replaced_in(
    bed: &mut Bed,
    dir: &str,
    rule: &Always,
    prepare: impl FnOnce() -> Result<()>,
) -> Result<(usize, usize)> {
    let at = |name: &str| format!("{dir}/{name}");
    bed.world.dir(&at("p/1"))?.dir(&at("p/2"))?.dir("/victim/2")?.dir("/s")?;
    prepare()?;
    let line = |name| format!("/s {dir}/p/{name} none bind 0 0");
    assert_eq!(bed.mount_by(&line("1"), rule), Outcome::Done);
    fs::rename(at("p"), at("q"))?;
    bed.world.link(&at("p"), "/victim")?;
    assert_eq!(bed.mount_by(&line("2"), rule), Outcome::Done);
    Ok((count_at("/victim/2")?, count_at(&at("q/2"))?))
}

fn mode(path: &str, mode: u32) -> Result<()> {
    Ok(fs::set_permissions(path, Permissions::from_mode(mode))?)
}

/// Owners and modes of a file system that is not known to keep them itself are not believed. (This one
/// does, but is not on the list: that takes no server.)
fn not_local(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/w")?;
    let data = Some(c"mode=755");
    rustix::mount::mount("none", "/w", "hugetlbfs", MountFlags::empty(), data).unwrap();
    fs::create_dir("/w/t")?;
    rustix::mount::mount("none", "/w/t", "tmpfs", MountFlags::empty(), data).unwrap();
    assert_eq!(replaced_in(bed, "/w/t", &RESTRICTED, || Ok(()))?, WHERE_IT_WAS);
    Ok(())
}

const BEHIND_THE_LINK: (usize, usize) = (1, 0);
const WHERE_IT_WAS: (usize, usize) = (0, 1);

/// The shortcut is there: otherwise the other tests would prove nothing.
fn root_only(bed: &mut Bed) -> Result<()> {
    assert_eq!(replaced(bed, &RESTRICTED, || Ok(()))?, BEHIND_THE_LINK);
    Ok(())
}

fn writable_by_all(bed: &mut Bed) -> Result<()> {
    assert_eq!(replaced(bed, &RESTRICTED, || mode("/w/p", 0o1777))?, WHERE_IT_WAS);
    Ok(())
}

fn writable_by_group(bed: &mut Bed) -> Result<()> {
    assert_eq!(replaced(bed, &RESTRICTED, || mode("/w/p", 0o775))?, WHERE_IT_WAS);
    Ok(())
}

fn writable_further_up(bed: &mut Bed) -> Result<()> {
    assert_eq!(replaced(bed, &RESTRICTED, || mode("/w", 0o777))?, WHERE_IT_WAS);
    Ok(())
}

fn unrestricted(bed: &mut Bed) -> Result<()> {
    assert_eq!(replaced(bed, &UNRESTRICTED, || Ok(()))?, WHERE_IT_WAS);
    Ok(())
}

fn foreign(bed: &mut Bed) -> Result<()> {
    let give = || Ok(chown("/w/p", Some(7), None)?);
    assert_eq!(replaced(bed, &RESTRICTED, give)?, WHERE_IT_WAS);
    Ok(())
}

fn foreign_further_up(bed: &mut Bed) -> Result<()> {
    let give = || Ok(chown("/w", Some(7), None)?);
    assert_eq!(replaced(bed, &RESTRICTED, give)?, WHERE_IT_WAS);
    Ok(())
}
