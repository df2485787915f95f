//! Where it happens: a small machine whose snap writes to the places that its profiles lead
//! through, the profiles, and what must stay as it is.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use anyhow::{Context, Result};
use nix::mount::{MntFlags, umount2};
use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use snap_ns_testbed::World;

/// The snap's data: only root can write to it, and every service of the snap is root.
pub(super) const DATA: &str = "/var/snap/hello/common";

/// What users can write to.
pub(super) const SHARED: &str = "/tmp/users";
pub(super) const HOME: &str = "/home/user";
pub(super) const RUNTIME: &str = "/run/user/1000";

/// Where links of the attackers lead to. It has everything that is looked for below the places
/// that are attacked, so that whoever follows a link gets far.
const VICTIM: &str = "/opt/victim";

/// The profile of a user.
const USER_PROFILE: &str = "/var/lib/snapd/mount/snap.hello.user-fstab";

/// Makes the machine, with the program at `/program`. Nothing of the real one is left in it but
/// its `/proc`: attackers delete what they find.
pub(super) fn make(scratch: &Path, program: &[u8]) -> Result<()> {
    let world = World::enter(scratch)?;
    world.like_a_machine()?;
    for place in ["/dev", "/sys"] {
        umount2(place, MntFlags::MNT_DETACH).context(place)?;
    }
    mknod("/dev/null", SFlag::S_IFCHR, Mode::from_bits_truncate(0o666), makedev(1, 3))?;
    fs::write("/program", program)?;
    fs::set_permissions("/program", Permissions::from_mode(0o755))?;
    for dir in ["/snap/theme/1/share/c0", "/snap/hello/1/lib"] {
        world.dir(dir)?;
    }
    // Mount points that are not empty stay when they are mount points no more.
    world.file("/etc/hello/a/file", "from the host\n")?.file("/etc/hello/b/file", "")?;
    world.file("/snap/hello/1/lib/file", "from the snap\n")?;
    for n in 0..4 {
        world.dir(&format!("/usr/share/hello/c{n}"))?;
    }
    world.file("/usr/share/hello/file", "from the base\n")?;
    fill(VICTIM)?;
    for dir in ["lib", "doc/by-app/snap.hello", "share/hello"] {
        world.dir(&format!("{VICTIM}/{dir}"))?;
    }
    world.dir(DATA)?;
    world.dir(HOME)?;
    chown(HOME, Some(1000), Some(1000))?;
    for place in ["/snap/theme/1", "/snap/hello/1", "/usr"] {
        world.read_only(place)?;
    }
    fs::write(USER_PROFILE, user_profile())?;
    Ok(())
}

/// What the snap has below its data, and the user in his places, before anybody attacks.
pub(super) fn restore() -> Result<()> {
    for place in [DATA, SHARED, HOME, RUNTIME] {
        fs::create_dir_all(place)?;
        for entry in fs::read_dir(place)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            }
            .with_context(|| path.display().to_string())?;
        }
    }
    // The user may have been killed while it was his.
    if fs::symlink_metadata(SQUATTED).is_ok_and(|data| data.uid() != 0) {
        fs::remove_dir(SQUATTED).or_else(|_| fs::remove_file(SQUATTED))?;
    }
    fill(DATA)?;
    let users = [
        SHARED,
        "/tmp/users/race",
        "/tmp/users/race/a",
        "/tmp/users/race/b",
        "/home/user/.local",
        "/home/user/.local/share",
    ];
    let runtime = ["/run/user/1000", "/run/user/1000/doc", "/run/user/1000/doc/by-app"];
    for dir in users.iter().chain(&runtime).chain(&["/run/user/1000/doc/by-app/snap.hello"]) {
        fs::create_dir_all(dir)?;
        chown(dir, Some(1000), Some(1000))?;
    }
    Ok(())
}

fn fill(place: &str) -> Result<()> {
    for x in ["a", "b"] {
        for dir in [
            format!("dst/content-{x}"),
            format!("dst/{x}/deep"),
            format!("src/{x}/shown"),
            format!("src/{x}/etc"),
            format!("{x}/deep"),
            format!("{x}/shown"),
            format!("{x}/etc"),
        ] {
            let path = format!("{place}/{dir}");
            fs::create_dir_all(&path).context(path)?;
        }
        for parent in ["src/", "dst/", ""] {
            fs::write(format!("{place}/{parent}{x}/file"), "a file\n")?;
        }
    }
    Ok(())
}

/// The profile of update `number`: each removes what the one before made, and makes the same
/// elsewhere. Every other pair has a layout, which lets the whole update fail where content would
/// be left out.
pub(super) fn profile(number: usize) -> String {
    let x = if number.is_multiple_of(2) { "a" } else { "b" };
    let mut text = format!(
        "/snap/theme/1/share/c0 {DATA}/dst/content-{x} none bind,ro 0 0
{DATA}/src/{x}/made {DATA}/dst/{x}/deep/made none rbind,rw 0 0
/snap/hello/1/lib {DATA}/dst/{x}/deep/er/lib none bind,ro 0 0
tmpfs {DATA}/dst/{x}/tmp tmpfs mode=755 0 0
none {DATA}/dst/{x}/link none x-snapd.kind=symlink,x-snapd.symlink=/snap/hello/1/lib 0 0
{DATA}/src/{x}/file {DATA}/dst/{x}/file none bind,rw,x-snapd.kind=file 0 0
{DATA}/src/{x}/etc /etc/hello/{x} none rbind,rw 0 0
/snap/hello/1/lib {SHARED}/race/{x}/lib none bind,ro 0 0
"
    );
    if number % 4 < 2 {
        text.push_str(&format!(
            "{DATA}/src/{x}/shown /usr/share/hello/new-{x} none rbind,rw,x-snapd.origin=layout 0 0\n"
        ));
    }
    text
}

fn user_profile() -> String {
    format!(
        "$XDG_RUNTIME_DIR/doc/by-app/snap.hello $XDG_RUNTIME_DIR/doc none bind,rw,x-snapd.ignore-missing 0 0
none $HOME/.local/share/hello none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=$HOME 0 0
/snap/hello/1/lib {HOME}/.local/lib none bind,ro 0 0
"
    )
}

/// Mounts may be made at or below these.
pub(super) const MOUNT_POINTS: [&str; 6] =
    [DATA, SHARED, HOME, RUNTIME, "/usr/share/hello", "/etc/hello"];

/// Those whose path nobody can change.
pub(super) const SAFE: [&str; 2] = ["/usr/share/hello", "/etc/hello"];

/// Mounts may show what is at or below these.
pub(super) const SOURCES: [&str; 6] =
    [DATA, RUNTIME, "/snap/hello/1/lib", "/snap/theme/1/share", "/usr/share/hello", HOME];

/// What may change: everything else is compared. (`/run/snapd` holds the current profile.)
pub(super) const CHANGING: [&str; 8] =
    [DATA, "/tmp", HOME, RUNTIME, "/run/snapd", "/var/lib/snapd/mount", "/proc", "/dev"];

/// What the attackers' links say.
pub(super) const LINKS: [&str; 9] = [
    VICTIM,
    VICTIM,
    VICTIM,
    "../../../../opt/victim",
    "/",
    "/etc",
    "..",
    "/proc/self/root/opt/victim",
    "/usr/share/hello",
];

/// Directories and files below the snap's data that are attacked.
pub(super) const DATA_TARGETS: [&str; 14] = [
    "dst",
    "dst/a",
    "dst/b",
    "dst/a/deep",
    "dst/b/deep",
    "src",
    "src/a",
    "src/b",
    "src/a/shown",
    "src/b/etc",
    "dst/content-a",
    "dst/content-b",
    "dst/a/file",
    "src/a/file",
];

/// Those of a user.
pub(super) const USER_TARGETS: [&str; 9] = [
    "/tmp/users/race",
    "/tmp/users/race/a",
    "/tmp/users/race/b",
    "/home/user/.local",
    "/home/user/.local/share",
    "/run/user/1000/doc",
    "/run/user/1000/doc/by-app",
    "/run/user/1000/doc/by-app/snap.hello",
    SQUATTED,
];

/// Where mimics of the classic back end are made.
pub(super) const SQUATTED: &str = "/tmp/.snap";
