//! The mount table in words.

use std::fs;

use anyhow::{Context, Result};

/// One line of mountinfo(5), without the ids, which differ from run to run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mount {
    pub(crate) mount_point: String,
    root: String,
    device: String,
    kind: String,
    options: String,
}

/// This process's mounts, in the kernel's order.
pub(crate) fn table() -> Result<Vec<Mount>> {
    let text = fs::read_to_string("/proc/self/mountinfo").context("mountinfo")?;
    text.lines()
        .map(|line| parse(line).with_context(|| format!("mountinfo line {line:?}")))
        .collect()
}

fn parse(line: &str) -> Option<Mount> {
    let (left, right) = line.split_once(" - ")?;
    let left: Vec<&str> = left.split(' ').collect();
    let [_, _, device, root, mount_point, options, ..] = left.as_slice() else {
        return None;
    };
    Some(Mount {
        mount_point: (*mount_point).to_owned(),
        root: (*root).to_owned(),
        device: (*device).to_owned(),
        kind: right.split(' ').next()?.to_owned(),
        options: (*options).to_owned(),
    })
}

/// What is in `a` and not in `b`, counting equal mounts one by one.
pub(crate) fn without(a: &[Mount], b: &[Mount]) -> Vec<Mount> {
    let mut rest = b.to_vec();
    let mut only = Vec::new();
    for mount in a {
        match rest.iter().position(|m| m == mount) {
            Some(i) => drop(rest.swap_remove(i)),
            None => only.push(mount.clone()),
        }
    }
    only
}

impl Mount {
    /// What is mounted, as a person would say it. `first` is the table from the beginning: a
    /// bind is named by the place that its file system had then.
    pub(crate) fn describe(&self, first: &[Mount]) -> String {
        let access = if self.options.split(',').any(|o| o == "ro") { ", read-only" } else { "" };
        match first.iter().find_map(|origin| self.place_in(origin)) {
            Some(place) => format!("shows {place}{access}"),
            None => format!("a {}{access}", self.kind),
        }
    }

    fn place_in(&self, origin: &Mount) -> Option<String> {
        if origin.device != self.device {
            return None;
        }
        let below = self.root.strip_prefix(origin.root.trim_end_matches('/'))?;
        if !(below.is_empty() || below.starts_with('/')) {
            return None;
        }
        let below = below.trim_end_matches('/');
        Some(format!("{}{below}", origin.mount_point.trim_end_matches('/')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bind_is_named_by_where_its_file_system_was() {
        let image = parse("40 30 7:1 / /snap/hello/1 ro - squashfs /dev/loop1 ro").unwrap();
        let bind = parse("41 30 7:1 /fonts /usr/share/fonts ro - squashfs /dev/loop1 ro").unwrap();
        let other = parse("42 30 0:9 / /srv rw - tmpfs tmpfs rw").unwrap();
        let first = [image.clone()];
        assert_eq!(bind.describe(&first), "shows /snap/hello/1/fonts, read-only");
        assert_eq!(other.describe(&first), "a tmpfs");
        assert_eq!(
            without(&[image.clone(), bind.clone(), bind.clone()], std::slice::from_ref(&bind)),
            [image, bind]
        );
    }
}
