//! Which mounts there are, and which there may be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::place::{MOUNT_POINTS, SAFE, SOURCES};

/// A mount, as far as it can be compared between namespaces (proc_pid_mountinfo(5)).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mount {
    point: String,
    root: String,
    device: String,
    fs_type: String,
    options: String,
}

impl Mount {
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(' ').skip(2);
        let mut next = || fields.next().map(ToOwned::to_owned);
        let (device, root, point, options) = (next()?, next()?, next()?, next()?);
        let fs_type = line.split_once(" - ")?.1.split(' ').next()?.to_owned();
        Some(Self { point, root, device, fs_type, options })
    }

    /// Without what differs each time: the number of a new file system.
    pub(super) fn to_compare(&self, known: &Allowed) -> Self {
        let device = if known.knows(&self.device) { self.device.clone() } else { "new".to_owned() };
        Self { device, ..self.clone() }
    }
}

/// The mounts that `process` ("self", or a number) sees, in the kernel's order.
pub(super) fn of(process: &str) -> Result<Vec<Mount>> {
    let path = format!("/proc/{process}/mountinfo");
    let table = fs::read_to_string(&path).context(path)?;
    table.lines().map(|line| Mount::parse(line).with_context(|| line.to_owned())).collect()
}

/// Where nobody can change what a path leads to, what is mounted is what the profile `saved` says,
/// which has one line for a mimic and its children. A journal, which a way back that was cut off has
/// left, says more than that is mounted: it has lines for what may be. (A mount whose directory was moved away at
/// the moment when it should be undone is forgotten: it is wherever the attacker put that.)
pub(super) fn untruth(now: &[Mount], saved: &str) -> Option<String> {
    let is_safe = |point: &&str| SAFE.iter().any(|dir| Path::new(point).starts_with(dir));
    let mut mounted: Vec<_> = now.iter().map(|m| m.point.as_str()).filter(is_safe).collect();
    let point = |line: &'_ str| line.split_whitespace().nth(1).map(ToOwned::to_owned);
    let points = saved.lines().filter_map(point).filter(|point| is_safe(&point.as_str()));
    let mut recorded: Vec<String> = points.collect();
    mounted.sort_unstable();
    recorded.sort_unstable();
    let is_mimic = |line: &&str| line.contains("x-snapd.synthetic");
    let mimics: Vec<String> = saved.lines().filter(is_mimic).filter_map(point).collect();
    let children: BTreeSet<&str> = mounted
        .iter()
        .copied()
        .filter(|path| {
            let dir = Path::new(path).parent();
            let recorded = recorded.iter().filter(|point| point == path).count();
            let mounted = mounted.iter().filter(|point| *point == path).count();
            mounted > recorded && mimics.iter().any(|mimic| dir == Some(Path::new(mimic)))
        })
        .collect();
    for child in children {
        let at = mounted.iter().position(|point| *point == child);
        at.map(|at| mounted.remove(at));
    }
    let as_recorded = if saved.starts_with('#') {
        mounted.iter().all(|point| recorded.iter().any(|dir| Path::new(point).starts_with(dir)))
    } else {
        mounted == recorded
    };
    (!as_recorded).then(|| format!("{mounted:?} are mounted, {recorded:?} are recorded"))
}

/// What may be mounted, and where.
pub(super) struct Allowed {
    /// What is there before anything is done, and how often.
    before: BTreeMap<Mount, usize>,
    /// Devices and paths on them.
    sources: Vec<(String, String)>,
}

impl Allowed {
    /// What may be mounted where `before` is all that is there.
    pub(super) fn new(before: &[Mount]) -> Result<Self> {
        let mut counts = BTreeMap::new();
        for mount in before {
            *counts.entry(mount.clone()).or_default() += 1;
        }
        let mut sources = Vec::new();
        for path in SOURCES {
            // The last one whose mount point is on the way: it covers the others.
            let is_on_the_way = |mount: &&Mount| Path::new(path).starts_with(&mount.point);
            let mount = before.iter().filter(is_on_the_way).max_by_key(|m| m.point.len());
            let mount = mount.context("a root file system")?;
            let rest = Path::new(path).strip_prefix(&mount.point)?;
            let on_device = Path::new(&mount.root).join(rest);
            sources.push((mount.device.clone(), on_device.display().to_string()));
        }
        Ok(Self { before: counts, sources })
    }

    fn knows(&self, device: &str) -> bool {
        self.before.keys().any(|mount| mount.device == device)
    }

    /// Whether `now` is what was there before anything was done.
    pub(super) fn is_before(&self, now: &[Mount]) -> bool {
        now.len() == self.before.values().sum::<usize>() && self.complaint(now).is_none()
    }

    /// What is wrong with the mounts `now`.
    pub(super) fn complaint(&self, now: &[Mount]) -> Option<String> {
        let mut before = self.before.clone();
        for mount in now {
            match before.get_mut(mount) {
                Some(count) if *count > 0 => *count -= 1,
                Some(_) | None => {
                    if let Some(complaint) = self.complaint_of(mount) {
                        return Some(complaint);
                    }
                }
            }
        }
        let gone = before.iter().find(|(_, count)| **count > 0);
        gone.map(|(mount, _)| format!("unmounted: {mount:?}"))
    }

    fn complaint_of(&self, mount: &Mount) -> Option<String> {
        let is_below = |path: &str, dir: &str| Path::new(path).starts_with(dir);
        if !MOUNT_POINTS.iter().any(|dir| is_below(&mount.point, dir)) {
            return Some(format!("mounted outside: {mount:?}"));
        }
        let may_be_shown = if self.knows(&mount.device) {
            // The kernel says so of a directory that was deleted.
            let root = mount.root.trim_end_matches("//deleted");
            self.sources.iter().any(|(device, dir)| *device == mount.device && is_below(root, dir))
        } else {
            mount.fs_type == "tmpfs" && mount.root == "/"
        };
        (!may_be_shown).then(|| format!("shows what is outside: {mount:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(point: &str, root: &str, device: &str) -> Mount {
        let (fs_type, options) = ("tmpfs".to_owned(), "rw".to_owned());
        let [point, root, device] = [point, root, device].map(ToOwned::to_owned);
        Mount { point, root, device, fs_type, options }
    }

    #[test]
    fn lines_of_mountinfo() {
        let line =
            "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - tmpfs /dev/root rw,errors=continue";
        let expected =
            Mount { options: "rw,noatime".to_owned(), ..mount("/mnt2", "/mnt1", "98:0") };
        assert_eq!(Mount::parse(line), Some(expected));
    }

    #[test]
    fn what_is_recorded() {
        let mounts = ["/", "/etc/hello/a", "/etc/hello/a", "/var/snap/hello/common/dst/a"];
        let mounts = mounts.map(|point| mount(point, "/", "0:1"));
        let line = "/s /etc/hello/a none bind 0 0\n";
        assert_eq!(untruth(&mounts, &[line, line].concat()), None);
        assert!(untruth(&mounts, line).is_some());
        assert!(untruth(&mounts[..1], line).is_some());
        // A mimic has a line, and a child of it has none, but for what is mounted over that.
        let mimic = "tmpfs /etc/hello tmpfs x-snapd.synthetic,x-snapd.needed-by=/etc/hello/b 0 0\n";
        let with_mimic = [&mounts[..], &[mount("/etc/hello", "/", "0:3")]].concat();
        assert_eq!(untruth(&with_mimic, &[mimic, line].concat()), None);
        assert!(untruth(&with_mimic, mimic).is_some());
        assert!(untruth(&with_mimic[..3], &[mimic, line].concat()).is_some());
        let journal = |points: &str| untruth(&mounts, &format!("# interrupted\n{points}"));
        assert_eq!(journal("#=/s /etc/hello/a none bind 0 0\n#+tmpfs /etc/hello/b tmpfs"), None);
        assert_eq!(journal("tmpfs /etc/hello tmpfs x-snapd.unfinished=undo:0 0 0"), None);
        assert!(journal("/s /etc/hello/b none bind 0 0").is_some());
    }

    #[test]
    fn what_is_an_escape() {
        let before =
            [mount("/", "/", "0:1"), mount("/run", "/", "0:2"), mount("/usr", "/usr", "0:1")];
        let allowed = Allowed::new(&before).unwrap();
        let with = |more: Mount| allowed.complaint(&[&before[..], &[more]].concat());
        let data = "/var/snap/hello/common";
        for (point, root, device) in [
            (format!("{data}/dst/a"), format!("{data}/src/a"), "0:1"),
            (format!("{data}/dst/a"), format!("{data}/src.away//deleted"), "0:1"),
            (format!("{data}/dst/t"), "/".to_owned(), "0:9"),
            ("/usr/share/hello/c0".to_owned(), "/usr/share/hello/c0".to_owned(), "0:1"),
            ("/run/user/1000/doc".to_owned(), "/user/1000/doc/x".to_owned(), "0:2"),
        ] {
            assert_eq!(with(mount(&point, &root, device)), None);
        }
        for (point, root, device) in [
            ("/opt/victim/a".to_owned(), format!("{data}/src/a"), "0:1"),
            ("/".to_owned(), format!("{data}/src/a"), "0:1"),
            (format!("{data}/dst/a"), "/opt/victim/a".to_owned(), "0:1"),
            (format!("{data}/dst/a"), "/".to_owned(), "0:1"),
            (format!("{data}/dst/a"), "/".to_owned(), "0:2"),
            (format!("{data}/dst/a"), format!("{data}-2"), "0:1"),
        ] {
            assert!(with(mount(&point, &root, device)).is_some(), "{point} {root}");
        }
        assert!(allowed.complaint(&before[..2]).is_some(), "/usr is gone");
        assert!(with(before[0].clone()).is_some(), "twice");
    }
}
