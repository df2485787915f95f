//! Where something may have to be created, and which directories a mimic may have to replace.
//!
//! The policy is made before the namespace exists, so it cannot know which directories a base snap
//! has: every directory above a path may be the first that exists. What snapd or snap-confine make
//! themselves is always there, and is not ours to make or to replace.

use snap_ns_forecast::is_usual;
use snap_path::{is_at_or_below, parent};

/// Directories below which only so many components are sure to be there, and whether everything
/// there can be written to, so that a mimic is needed only on something else that is mounted there.
const GIVEN: [(&[u8], usize, Ground); 15] = [
    // A snap's revisions are read-only file systems.
    (b"/snap", 3, Ground::ReadOnly),
    (b"/var/snap", 4, Ground::Writable),
    (b"/tmp", 1, Ground::Writable),
    (b"/dev", 1, Ground::Hosts),
    (b"/dev/shm", 2, Ground::Writable),
    (b"/run", 1, Ground::Hosts),
    (b"/run/systemd", 2, Ground::Writable),
    (b"/run/user", 3, Ground::Hosts),
    (b"/home", 2, Ground::Hosts),
    (b"/media", 1, Ground::Hosts),
    (b"/proc", 1, Ground::Hosts),
    (b"/sys", 1, Ground::Hosts),
    (b"/boot", 1, Ground::Hosts),
    (b"/var/lib/snapd", 3, Ground::Hosts),
    (b"/var/lib/snapd/hostfs/tmp", 5, Ground::Writable),
];

/// What is to be expected in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ground {
    /// Nothing can be created without a mimic.
    ReadOnly,
    /// Anything can be created.
    Writable,
    /// It is shown from the host, and nothing of it is ever replaced.
    Hosts,
}

/// What is known of `path`: how many of its components are there in any case.
fn given(path: &[u8]) -> (usize, Ground) {
    let known = GIVEN.iter().filter(|(top, _, _)| is_at_or_below(path, top));
    let nearest = known.max_by_key(|(top, _, _)| top.len());
    nearest.map_or_else(
        || {
            let top = first_component(path);
            (usize::from(is_usual(top)), Ground::ReadOnly)
        },
        |(_, count, ground)| (*count, *ground),
    )
}

fn first_component(path: &[u8]) -> &[u8] {
    let second = path.iter().skip(1).position(|&byte| byte == b'/');
    second.and_then(|at| path.get(..=at)).unwrap_or(path)
}

fn count(path: &[u8]) -> usize {
    path.iter().filter(|&&byte| byte == b'/').count()
}

/// `path` and the directories above it, without the root, the longest first.
pub(crate) fn at_and_above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(path), |path| parent(path)).filter(|path| *path != b"/")
}

/// The paths of the entries, which decide what is mounted on what.
pub(crate) struct Places<'p> {
    /// In order.
    mount_points: Vec<&'p [u8]>,
}

impl<'p> Places<'p> {
    pub(crate) fn new(mount_points: impl Iterator<Item = &'p [u8]>) -> Self {
        let mut mount_points: Vec<_> = mount_points.collect();
        mount_points.sort_unstable();
        Self { mount_points }
    }

    /// Whether `dir` may have to be replaced so that something can be created in it.
    pub(crate) fn may_be_mimic(&self, dir: &[u8]) -> bool {
        let (given, ground) = given(dir);
        match ground {
            _ if dir == b"/" => false,
            Ground::ReadOnly => count(dir) >= given.max(1),
            Ground::Writable => count(dir) >= given && self.is_mounted_on(dir),
            Ground::Hosts => false,
        }
    }

    /// Whether an entry mounts something at or above `dir`.
    fn is_mounted_on(&self, dir: &[u8]) -> bool {
        at_and_above(dir).any(|path| self.mount_points.binary_search(&path).is_ok())
    }

    /// The directories above `path` that may have to be replaced.
    pub(crate) fn mimics_for<'d>(&self, path: &'d [u8]) -> impl Iterator<Item = &'d [u8]> {
        // The last of those that are sure to be there, or one below it.
        let (given, _) = given(path);
        let above = at_and_above(path).skip(1).take_while(move |dir| count(dir) >= given);
        above.filter(|dir| self.may_be_mimic(dir))
    }

    /// `path` and what is above it, as far as it may have to be created and is not created in a
    /// directory that may be a mimic (where anything can be).
    pub(crate) fn creatable<'d>(&self, path: &'d [u8]) -> impl Iterator<Item = &'d [u8]> {
        let (given, _) = given(path);
        at_and_above(path).filter(move |path| {
            count(path) > given && !parent(path).is_some_and(|dir| self.may_be_mimic(dir))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Places, at_and_above};

    fn texts<'p>(paths: impl Iterator<Item = &'p [u8]>) -> Vec<String> {
        paths.map(|path| String::from_utf8_lossy(path).into_owned()).collect()
    }

    #[test]
    fn the_root_is_above_everything_and_never_named() {
        assert_eq!(texts(at_and_above(b"/a/b")), ["/a/b", "/a"]);
        assert_eq!(at_and_above(b"/").count(), 0);
    }

    #[test]
    fn what_may_be_created_or_replaced() {
        let places = Places::new([&b"/var/snap/x/1/plug"[..], b"/usr/share/d"].into_iter());
        // path, mimics, to be created
        let table: [(&str, &[&str], &[&str]); 13] = [
            ("/usr/share/d", &["/usr/share", "/usr"], &[]),
            ("/opt/t", &["/opt"], &[]),
            ("/new/t", &["/new"], &["/new"]),
            ("/new", &[], &["/new"]),
            ("/snap/x/1/a/b", &["/snap/x/1/a", "/snap/x/1"], &[]),
            ("/snap/x", &[], &[]),
            ("/var/snap/x/1/a", &[], &["/var/snap/x/1/a"]),
            ("/var/lib/x", &["/var/lib", "/var"], &[]),
            ("/var/snap/x/1/a/b", &[], &["/var/snap/x/1/a/b", "/var/snap/x/1/a"]),
            ("/var/snap/x/1/plug/b", &["/var/snap/x/1/plug"], &["/var/snap/x/1/plug"]),
            ("/dev/shm/snap.x", &[], &["/dev/shm/snap.x"]),
            ("/tmp/.X11-unix", &[], &["/tmp/.X11-unix"]),
            ("/run/user/7/doc", &[], &["/run/user/7/doc"]),
        ];
        for (path, mimics, created) in table {
            assert_eq!(texts(places.mimics_for(path.as_bytes())), mimics, "{path}");
            assert_eq!(texts(places.creatable(path.as_bytes())), created, "{path}");
        }
    }

    #[test]
    fn what_belongs_to_the_host_is_never_replaced() {
        let places = Places::new(std::iter::empty());
        for dir in ["/", "/run", "/dev/dri", "/snap", "/snap/x", "/media/u", "/home/u", "/proc/1"] {
            assert!(!places.may_be_mimic(dir.as_bytes()), "{dir}");
        }
    }
}
