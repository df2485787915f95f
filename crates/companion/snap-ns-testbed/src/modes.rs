//! Modes as on a real machine.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use anyhow::{Context, Result};

use crate::World;

/// What [`World::enter`] makes, but for `/tmp` and the lock directory, which have modes of their
/// own, and the machine's `/proc`, `/sys` and `/dev`.
const MADE: [&str; 18] = [
    "/etc",
    "/home",
    "/opt",
    "/run",
    "/run/snapd",
    "/run/snapd/ns",
    "/run/user",
    "/snap",
    "/srv",
    "/usr",
    "/usr/lib",
    "/usr/share",
    "/var",
    "/var/lib",
    "/var/lib/snapd",
    "/var/lib/snapd/mount",
    "/var/lib/snapd/hostfs",
    "/var/snap",
];

impl World {
    /// Makes a new world's directories 0755, and what this process makes from now on too: a world
    /// that everybody can write to is no measure for a program that looks at who can.
    ///
    /// # Errors
    ///
    /// As `std::fs`.
    pub fn like_a_machine(&self) -> Result<&Self> {
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
        for dir in MADE {
            fs::set_permissions(dir, Permissions::from_mode(0o755)).context(dir)?;
        }
        Ok(self)
    }

    /// From now on children start with umask 0, as snap-confine's do.
    pub fn like_snap_confine(&self) -> &Self {
        rustix::process::umask(rustix::fs::Mode::empty());
        self
    }
}
