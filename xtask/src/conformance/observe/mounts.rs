//! The mount table with everything that is chance removed: ids, device numbers, the numbers of
//! peer groups. What is left compares as a set.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};

struct Mount<'a> {
    id: &'a str,
    parent: &'a str,
    root: &'a str,
    point: &'a str,
    flags: &'a str,
    propagation: Vec<&'a str>,
    file_system: &'a str,
}

/// This namespace's mounts, but for `/proc`: one line each, sorted.
///
/// A line says how many mounts of the same mount point lie below it, so that a stack in another
/// order is another table, and names a peer group by the least mount point in it.
pub(crate) fn table() -> Result<Vec<String>> {
    let text = super::lines(&fs::read("/proc/self/mountinfo").context("mountinfo")?);
    let mounts: Vec<Mount<'_>> = text
        .iter()
        .map(|line| parse(line).with_context(|| format!("mountinfo: {line}")))
        .collect::<Result<_>>()?;
    let by_id: BTreeMap<&str, &Mount<'_>> = mounts.iter().map(|mount| (mount.id, mount)).collect();
    let mut groups: BTreeMap<&str, &str> = BTreeMap::new();
    for mount in &mounts {
        for field in &mount.propagation {
            if let Some(group) = field.strip_prefix("shared:") {
                let least = groups.entry(group).or_insert(mount.point);
                *least = (*least).min(mount.point);
            }
        }
    }
    let mut lines = Vec::new();
    for mount in mounts.iter().filter(|mount| mount.point != "/proc") {
        let depth = depth(mount, &by_id);
        let propagation: Vec<String> = mount
            .propagation
            .iter()
            .map(|field| match field.split_once(':') {
                Some((kind, group)) => {
                    format!("{kind}:{}", groups.get(group).unwrap_or(&"elsewhere"))
                }
                None => (*field).to_owned(),
            })
            .collect();
        let stacked = if depth == 0 { String::new() } else { format!(" (over {depth})") };
        lines.push(format!(
            "{}{stacked} root={} {} [{}] {}",
            mount.point,
            mount.root,
            mount.flags,
            propagation.join(" "),
            mount.file_system
        ));
    }
    lines.sort();
    Ok(lines)
}

fn parse(line: &str) -> Option<Mount<'_>> {
    let (left, file_system) = line.split_once(" - ")?;
    let mut words = left.split(' ');
    let (id, parent, _device) = (words.next()?, words.next()?, words.next()?);
    let (root, point, flags) = (words.next()?, words.next()?, words.next()?);
    let propagation = words.collect();
    Some(Mount { id, parent, root, point, flags, propagation, file_system })
}

fn depth(mount: &Mount<'_>, by_id: &BTreeMap<&str, &Mount<'_>>) -> usize {
    let mut depth = 0;
    let mut parent = mount.parent;
    while let Some(above) = by_id.get(parent) {
        if above.point != mount.point || above.parent == above.id {
            break;
        }
        depth += 1;
        parent = above.parent;
    }
    depth
}
