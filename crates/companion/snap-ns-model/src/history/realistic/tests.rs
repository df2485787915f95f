use std::collections::{BTreeMap, BTreeSet};

use super::super::paths::is_below;
use super::super::{Entry, History, Kind, Object, Root, Step, lines};
use super::{generate, layouts};

const MANY: u64 = 1000;

fn all() -> impl Iterator<Item = (u64, History)> {
    (0..MANY).map(|seed| (seed, generate(seed)))
}

#[test]
fn a_seed_determines_the_history() {
    for (seed, history) in all().take(50) {
        assert_eq!(generate(seed), history);
    }
    let texts: BTreeSet<String> = all().map(|(_, history)| format!("{history:?}")).collect();
    assert!(texts.len() > 990, "{} of {MANY} differ", texts.len());
}

#[test]
fn every_step_changes_an_entry() {
    for (seed, history) in all() {
        let mut old = BTreeSet::new();
        assert!(history.steps.len() > 1, "seed {seed}");
        for step in &history.steps {
            let new: BTreeSet<String> = step.profile.iter().map(Entry::to_string).collect();
            assert_ne!(old, new, "seed {seed}, {:?}", step.kind);
            old = new;
        }
    }
}

#[test]
fn no_kind_is_rare() {
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    let mut data = 0;
    for (_, history) in all() {
        for step in &history.steps {
            *kinds.entry(step.kind).or_default() += 1;
            data += usize::from(!step.before.is_empty());
        }
    }
    let steps: usize = kinds.values().sum();
    for kind in Kind::REALISTIC {
        let many = kinds.get(&kind).copied().unwrap_or_default();
        assert!(many * 100 >= steps * 4, "{}: {many} of {steps}", kind.name());
    }
    assert!(data * 100 >= steps * 30, "data changed before {data} of {steps}");
    assert_eq!(kinds.len(), Kind::REALISTIC.len(), "{kinds:?}");
}

#[test]
fn what_snapd_does_not_write_is_not_there() {
    for (seed, history) in all() {
        for Step { profile, .. } in &history.steps {
            let points: BTreeSet<&str> =
                profile.iter().map(|entry| entry.mount_point.trim_end_matches('/')).collect();
            assert_eq!(points.len(), profile.len(), "seed {seed}:\n{}", lines(profile));
            let is_layout = |entry: &&Entry| entry.to_string().contains("origin=layout");
            let own: Vec<&Entry> = profile.iter().filter(is_layout).collect();
            assert!(own.len() <= 12, "seed {seed}:\n{}", lines(profile));
            for one in &own {
                let below = own.iter().find(|other| is_below(&other.mount_point, &one.mount_point));
                assert_eq!(below, None, "seed {seed}: below {one}");
            }
        }
        if history.root == Root::ReadOnly {
            let mut entries = history.steps.iter().flat_map(|step| &step.profile);
            let first_level = entries.find(|entry| entry.mount_point.matches('/').count() == 1);
            assert_eq!(first_level, None, "seed {seed}");
        }
    }
}

#[test]
fn the_world_can_be_made() {
    for (seed, history) in all() {
        let holds = |object: &Object| matches!(object, Object::Directory | Object::Image);
        for leaf in history.world.iter().filter(|line| !holds(&line.object)) {
            let inside = history.world.iter().find(|line| is_below(&line.path, &leaf.path));
            assert_eq!(inside, None, "seed {seed}: in {leaf}");
        }
    }
}

/// What it is called, and how to tell.
type Situation = (&'static str, fn(&Entry) -> bool);

#[test]
fn everything_that_snaps_ask_for_is_asked_for() {
    let situations: [Situation; 12] = [
        ("gnome platform", |e| e.source.starts_with("/snap/gnome-46-2404/")),
        ("a layout from content", |e| e.source.contains("/gnome-platform/usr")),
        ("a clashing name", |e| e.mount_point.ends_with("/plugins/plugins-3")),
        ("a slash at the end", |e| e.mount_point == "/var/cups/"),
        ("fonts of the host", |e| e.mount_point == "/usr/share/fonts"),
        ("x11", |e| e.mount_point == "/tmp/.X11-unix"),
        ("private shared memory", |e| e.mount_point == "/dev/shm"),
        ("a shared directory", |e| e.source == "/var/snap/other/common/shared"),
        ("a name of the first level", |e| e.mount_point == "/hello-root"),
        ("a tmpfs", |e| e.file_system == "tmpfs"),
        ("an overname", |e| e.mount_point == "/var/snap/hello"),
        ("a link in the snap's own data", |e| e.mount_point == "/var/snap/hello/common/cfg"),
    ];
    let histories: Vec<History> = all().map(|(_, history)| history).collect();
    let asks = |history: &&History, is_so: fn(&Entry) -> bool| {
        history.steps.iter().flat_map(|step| &step.profile).any(is_so)
    };
    for (name, is_so) in situations {
        let many = histories.iter().filter(|history| asks(history, is_so)).count();
        assert!(many >= 15, "{name}: {many} of {MANY}");
    }
    for layout in layouts::ALL {
        let asks = |history: &&History| {
            let mut entries = history.steps.iter().flat_map(|step| &step.profile);
            entries.any(|entry| {
                let end = layout.mount_point.rsplit('/').next().unwrap_or_default();
                entry.mount_point.ends_with(end) && entry.to_string().contains("origin=layout")
            })
        };
        let many = histories.iter().filter(asks).count();
        assert!(many >= 10, "{}: {many} of {MANY}", layout.mount_point);
    }
}
