//! What the real snapd wrote, as a history.

use std::collections::BTreeMap;

use super::realistic::World;
use super::{Entry, History, Kind, Object, Root, Step};

/// The files of `corpus/recorded` in the order in which snapd wrote them, by instance.
pub const RECORDED: [(&str, &[&str]); 3] = [
    (
        "app",
        &[
            "02-install.app.fstab",
            "04-connect.app.fstab",
            "04-connect-rw.app.fstab",
            "06-provider.app.fstab",
            "07-refresh.app.fstab",
            "08-disconnect.app.fstab",
            "08-disconnect-src.app.fstab",
            "08-reconnect.app.fstab",
            "09-nolayout.app.fstab",
            "08-reconnect.app.fstab",
            "09-revert-1.app.fstab",
            "16-bad.app.fstab",
            "16-kinds.app.fstab",
            "16-bad.app.fstab",
        ],
    ),
    ("desk", &["05-desk-connect.desk.fstab", "05-desk-disconnect.desk.fstab"]),
    ("app_two", &["12-instance-connect.app_two.fstab", "12-instance-refresh.app_two.fstab"]),
];

/// The history of `instance` in which these profiles, as they were written, are desired in turn. The
/// world has what they show: each source, in the revision of a snap if it is in one.
///
/// None if a line is not what snapd writes: six fields, or a file system that is not known here.
pub fn recorded(instance: &'static str, profiles: &[&str]) -> Option<History> {
    let mut steps = Vec::new();
    for text in profiles {
        let profile = text.lines().map(entry).collect::<Option<Vec<Entry>>>()?;
        steps.push(Step { kind: Kind::Recorded, before: Vec::new(), profile });
    }
    let name = instance.split('_').next().unwrap_or(instance);
    // Where the snap sees its own places under its plain name.
    let own = |path: &str| {
        let mut path = path.to_owned();
        if name != instance {
            for place in ["/snap", "/var/snap"] {
                path = path.replace(&format!("{place}/{name}/"), &format!("{place}/{instance}/"));
            }
        }
        path
    };
    // In the order of paths, so that a directory comes before what is in it.
    let mut sources: BTreeMap<String, Object> = BTreeMap::new();
    for entry in steps.iter().flat_map(|step| &step.profile) {
        let has = |option: &str| entry.options.iter().any(|one| one == option);
        let object = if has("x-snapd.kind=file") { Object::File } else { Object::Directory };
        if entry.source.starts_with('/') {
            sources.entry(own(&entry.source)).or_insert(object);
        }
    }
    let mut world = World::of_base();
    for (source, object) in sources {
        let mut names = source.split('/');
        if let (Some(""), Some("snap"), Some(snap), Some(revision)) =
            (names.next(), names.next(), names.next(), names.next())
        {
            world.image(&format!("/snap/{snap}/{revision}"), &["meta/snap.yaml"]);
        }
        if object == Object::Directory {
            world.add(&source, object);
            world.add(&format!("{source}/shown"), Object::File);
        } else {
            world.add(&source, object);
        }
    }
    Some(History { instance, root: Root::Recorded, world: world.into_lines(), steps })
}

/// The entry of a line.
fn entry(line: &str) -> Option<Entry> {
    let [source, mount_point, file_system, options, _, _] =
        line.split_ascii_whitespace().collect::<Vec<_>>().try_into().ok()?;
    let file_system = ["none", "tmpfs"].into_iter().find(|known| *known == file_system)?;
    Some(Entry {
        source: source.to_owned(),
        mount_point: mount_point.to_owned(),
        file_system,
        options: options.split(',').map(str::to_owned).collect(),
    })
}
