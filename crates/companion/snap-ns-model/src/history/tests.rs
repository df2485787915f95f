use std::collections::BTreeSet;

use super::paths::{is_below, parent};
use super::shrink::{size, smaller};
use super::{Entry, History, Object, Step, generate, shrink};

#[test]
fn a_seed_determines_the_history() {
    for seed in 0..50 {
        assert_eq!(generate(seed), generate(seed));
    }
    let texts: BTreeSet<String> = (0..200).map(|seed| format!("{:?}", generate(seed))).collect();
    assert!(texts.len() > 195, "{} of 200 differ", texts.len());
}

#[test]
fn few_profiles_have_a_mount_point_twice() {
    let mut twice = 0;
    for seed in 0..500 {
        let history = generate(seed);
        assert!((2..=6).contains(&history.steps.len()), "seed {seed}");
        for Step { profile, .. } in &history.steps {
            let points: BTreeSet<&str> =
                profile.iter().map(|entry| entry.mount_point.as_str()).collect();
            twice += usize::from(points.len() < profile.len());
        }
    }
    assert!((50..350).contains(&twice), "{twice}");
}

#[test]
fn the_world_can_be_made() {
    for seed in 0..500 {
        let history = generate(seed);
        let leaves = history.world.iter().filter(|line| line.object != Object::Directory);
        for leaf in leaves {
            let below = format!("{}/", leaf.path);
            let inside = history.world.iter().find(|line| line.path.starts_with(&below));
            assert_eq!(inside, None, "seed {seed}: in {leaf}");
        }
    }
}

#[test]
fn every_smaller_history_is_smaller() {
    for seed in 0..50 {
        let history = generate(seed);
        for candidate in smaller(&history) {
            assert!(size(&candidate) < size(&history), "seed {seed}");
        }
    }
}

#[test]
fn shrinking_keeps_what_fails() {
    for seed in 0..50 {
        let history = generate(seed);
        let Some(wanted) = history.steps.iter().flat_map(|step| &step.profile).next().cloned()
        else {
            continue;
        };
        let smallest = shrink(&history, |candidate| {
            let mut entries = candidate.steps.iter().flat_map(|step| &step.profile);
            entries.any(|entry| entry.mount_point == wanted.mount_point)
        });
        assert_eq!(smallest.steps.len(), 1, "seed {seed}");
        assert_eq!(smallest.steps[0].profile.len(), 1, "seed {seed}");
        assert!(smallest.world.is_empty(), "seed {seed}");
    }
}

fn is_layout(entry: &Entry) -> bool {
    entry.options.iter().any(|option| option == "x-snapd.origin=layout")
}

/// What it is called, and how to tell.
type Situation = (&'static str, fn(&History) -> bool);

/// Whether two entries of one profile, the first and the other, stand like this.
fn some_pair(history: &History, stand: fn(&Entry, &Entry) -> bool) -> bool {
    let stands = |Step { profile, .. }: &Step| {
        profile.iter().any(|one| profile.iter().any(|other| one != other && stand(one, other)))
    };
    history.steps.iter().any(stands)
}

/// Whether one mount point has two entries, one after the other, like this.
fn some_change(history: &History, stand: fn(&Entry, &Entry) -> bool) -> bool {
    history.steps.windows(2).any(|pair| {
        let same = |one: &Entry, two: &Entry| one.mount_point == two.mount_point && stand(one, two);
        pair[0].profile.iter().any(|one| pair[1].profile.iter().any(|two| same(one, two)))
    })
}

#[test]
fn the_situations_that_matter_are_reached() {
    let situations: [Situation; 15] = [
        ("an entry twice", |h| {
            h.steps.iter().any(|Step { profile, .. }| {
                let all: BTreeSet<String> = profile.iter().map(ToString::to_string).collect();
                all.len() < profile.len()
            })
        }),
        ("content at a mount point that is taken", |h| {
            some_pair(h, |a, b| !is_layout(a) && a.mount_point == b.mount_point)
        }),
        ("a name right below /", |h| {
            h.steps.iter().flat_map(|step| &step.profile).any(|e| parent(&e.mount_point) == "/")
        }),
        ("source at a mount point", |h| some_pair(h, |a, b| a.source == b.mount_point)),
        ("source below one", |h| some_pair(h, |a, b| is_below(&a.source, &b.mount_point))),
        ("source above one", |h| some_pair(h, |a, b| is_below(&b.mount_point, &a.source))),
        ("content over a layout", |h| {
            some_pair(h, |a, b| {
                !is_layout(a) && is_layout(b) && is_below(&b.mount_point, &a.mount_point)
            })
        }),
        ("layout over content", |h| {
            some_pair(h, |a, b| {
                is_layout(a) && !is_layout(b) && is_below(&b.mount_point, &a.mount_point)
            })
        }),
        ("content in content", |h| {
            some_pair(h, |a, b| {
                !is_layout(a) && !is_layout(b) && is_below(&a.mount_point, &b.mount_point)
            })
        }),
        ("neighbours", |h| some_pair(h, |a, b| parent(&a.mount_point) == parent(&b.mount_point))),
        ("something in a tmpfs", |h| {
            some_pair(h, |a, b| {
                b.file_system == "tmpfs" && is_below(&a.mount_point, &b.mount_point)
            })
        }),
        ("another source", |h| some_change(h, |a, b| a.source != b.source)),
        ("another origin", |h| some_change(h, |a, b| is_layout(a) != is_layout(b))),
        ("another kind", |h| some_change(h, |a, b| a.file_system != b.file_system)),
        ("an instance with a key", |h| h.instance == "hello_foo"),
    ];
    let histories: Vec<History> = (0..500).map(generate).collect();
    for (name, is_so) in situations {
        let many = histories.iter().filter(|history| is_so(history)).count();
        assert!(many * 50 >= histories.len(), "{name}: {many} of {}", histories.len());
    }
}
