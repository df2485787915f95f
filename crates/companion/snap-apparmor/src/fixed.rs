//! What every run needs, whatever the profile.

use snap_session::Instance;

use crate::backend::{Backend, Confined};
use crate::group::Group;

/// Where the program may lie: packages, and the snaps that carry it, as this namespace and as the
/// host's see them. The kernel maps it after the profile has changed.
pub const PROGRAMS: [&str; 3] = [
    "/{,var/lib/snapd/hostfs/}usr/lib{,exec}/snapd/snap-update-ns",
    "/{,var/lib/snapd/hostfs/}{,var/lib/snapd/}snap/{core,snapd}/*/usr/lib/snapd/snap-update-ns",
    "/{core,snapd}/*/usr/lib/snapd/snap-update-ns",
];

/// A group's title, and its rules, in which `INSTANCE` is the instance's name.
const GROUPS: [(&str, &str); 11] = [
    ("mounts, and whatever only root of the machine may do to them", "capability sys_admin"),
    (
        "owners of what is made, and to make it in directories of others",
        "
        capability chown
        capability dac_override
    ",
    ),
    ("closed standard streams", "/dev/null rw"),
    ("the lock, which the caller holds", "/run/snapd/lock/INSTANCE.lock rwk"),
    ("the desired profile", "/var/lib/snapd/mount/snap.INSTANCE.fstab r"),
    (
        "the current profile, the next one, and the journal",
        "/run/snapd/ns/snap.INSTANCE.fstab{,.new,.journal} rw",
    ),
    ("the log, if somebody made one", "/run/snapd/ns/snap.INSTANCE.log w"),
    // (Where the clock is the kernel tells without this from Linux 6.4 on.)
    ("the own control group, which is not frozen, and the clock", "/proc/[0-9]*/{cgroup,auxv} r"),
    ("the freezer of cgroup v1", "/sys/fs/cgroup/freezer/snap.INSTANCE/freezer.state rw"),
    (
        "the freezer of cgroup v2",
        "
        /sys/fs/cgroup/{,**/} r
        /sys/fs/cgroup/{,**/}cgroup.threads r
        /sys/fs/cgroup/{,**/}snap.INSTANCE.*.{scope,service}/cgroup.{events,stat} r
        /sys/fs/cgroup/{,**/}snap.INSTANCE.*.{scope,service}/cgroup.freeze rw
    ",
    ),
    ("what an interrupted mimic left aside, or others put there", "/tmp/.snap/{,**} rw"),
];

/// For a user's mounts. (To become the user takes no capability: it is the real one already.)
const USERS: [(&str, &str); 2] = [
    ("the desired profile of users", "/var/lib/snapd/mount/snap.INSTANCE.user-fstab r"),
    ("the logs of users, if somebody made one", "/run/snapd/ns/snap.INSTANCE.user.[0-9]*.log w"),
];

/// For updates: what lies beneath the mounts is looked at in a copy of the namespace.
const UPDATES: (&str, &str) = (
    "to join the namespace, to look at a copy of it, and to come back",
    "
    capability sys_chroot
    /run/snapd/ns/INSTANCE.mnt r
    / r
    mount options=(rprivate) -> /
    ",
);

/// For updates with the newer calls: in the copy, what is in the way is moved to a tmpfs on the root,
/// where nobody walks to it. Who is confined makes mimics in a copy as well.
const MOVING: (&str, &str) = (
    "to put something out of the way, and to know that this is in force",
    "
    mount options=(move, rw) -> /{,[0-9]*/}
    /[0-9]*/{,file} w
    /proc/[0-9]*/attr/current r
    ",
);

/// Whether users have mounts of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Users {
    HaveMounts,
    HaveNone,
}

/// The groups for `instance`.
pub(crate) fn groups(
    instance: &Instance<'_>,
    programs: &[String],
    users: Users,
    confined: Confined,
) -> Vec<Group> {
    // The characters of a valid name mean nothing in a policy.
    let name = String::from_utf8_lossy(instance.as_bytes());
    let group =
        |(title, lines): &(&str, &str)| Group::fixed(title, &lines.replace("INSTANCE", &name));
    let mapped: Vec<_> = programs.iter().map(|program| format!("{program} mr")).collect();
    let mut groups = vec![Group::fixed("the program itself", &mapped.join("\n"))];
    groups.extend(GROUPS.iter().map(group));
    if users == Users::HaveMounts {
        groups.extend(USERS.iter().map(group));
    }
    match confined {
        Confined::FirstStarts => {}
        Confined::Updates(Backend::Classic) => groups.push(group(&UPDATES)),
        Confined::Updates(Backend::Fd) => groups.extend([&UPDATES, &MOVING].map(group)),
    }
    groups
}
