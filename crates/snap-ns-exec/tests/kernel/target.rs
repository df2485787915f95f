//! When a mount point may be named by its path: only where nobody but root can change what the
//! path leads to.
//!
//! That it is named or not is seen when its directory is replaced by a symbolic link after it was
//! walked, which for a root-only directory only root could do: a name leads behind the link, a
//! descriptor to where the directory went.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};

use anyhow::Result;
use snap_ns_plan::{Outcome, Verdict};

use crate::bed::{Always, Bed};
use crate::state::count_at;

on_all!(root_only writable_by_all writable_by_group writable_further_up unrestricted ; root foreign foreign_further_up);

const RESTRICTED: Always = Always { verdict: Verdict::Write, may_change: false };
const UNRESTRICTED: Always = Always { verdict: Verdict::Write, may_change: true };

/// Mounts at `/w/p/1`, puts a link in the place of `/w/p`, and mounts at `/w/p/2`: how many mounts
/// are behind the link, and how many in the directory that was there.
fn replaced(
    bed: &mut Bed,
    rule: &Always,
    prepare: impl FnOnce() -> Result<()>,
) -> Result<(usize, usize)> {
    bed.world.dir("/w/p/1")?.dir("/w/p/2")?.dir("/victim/2")?.dir("/s")?;
    prepare()?;
    assert_eq!(bed.mount_by("/s /w/p/1 none bind 0 0", rule), Outcome::Done);
    fs::rename("/w/p", "/w/q")?;
    bed.world.link("/w/p", "/victim")?;
    assert_eq!(bed.mount_by("/s /w/p/2 none bind 0 0", rule), Outcome::Done);
    Ok((count_at("/victim/2")?, count_at("/w/q/2")?))
}

fn mode(path: &str, mode: u32) -> Result<()> {
    Ok(fs::set_permissions(path, Permissions::from_mode(mode))?)
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
