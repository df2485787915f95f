use std::collections::BTreeSet;

use super::shrink::{size, smaller};
use super::{Object, generate, lines, shrink};

#[test]
fn a_seed_determines_the_history() {
    for seed in 0..50 {
        assert_eq!(generate(seed), generate(seed));
    }
    let texts: BTreeSet<String> = (0..200).map(|seed| format!("{:?}", generate(seed))).collect();
    assert!(texts.len() > 195, "{} of 200 differ", texts.len());
}

#[test]
fn no_profile_has_a_mount_point_twice() {
    for seed in 0..500 {
        let history = generate(seed);
        assert!((2..=6).contains(&history.profiles.len()), "seed {seed}");
        for profile in &history.profiles {
            let points: BTreeSet<&str> =
                profile.iter().map(|entry| entry.mount_point.as_str()).collect();
            assert_eq!(points.len(), profile.len(), "seed {seed}:\n{}", lines(profile));
        }
    }
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
        let Some(wanted) = history.profiles.iter().flatten().next().cloned() else { continue };
        let smallest = shrink(&history, |candidate| {
            candidate.profiles.iter().flatten().any(|entry| entry.mount_point == wanted.mount_point)
        });
        assert_eq!(smallest.profiles.len(), 1, "seed {seed}");
        assert_eq!(smallest.profiles[0].len(), 1, "seed {seed}");
        assert!(smallest.world.is_empty(), "seed {seed}");
    }
}
