//! A history for each seed.

use fastrand::Rng;

use super::paths::Paths;
use super::profiles::Profiles;
use super::{Entry, History, Kind, Object, Root, Step, WorldLine};

/// The history of `seed`, always the same one.
///
/// Most of its profiles can be built; most are a small change of the one before.
pub fn generate(seed: u64) -> History {
    // The seeds of neighbours differ in few bits.
    let rng = &mut Rng::with_seed(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66);
    let instance = if rng.u8(0..7) == 0 { "hello_foo" } else { "hello" };
    // The overname entries show the instance's places below the snap's name, too.
    let snap = if rng.u8(0..3) == 0 { instance } else { "hello" };
    let paths = Paths::new(rng, snap);
    let mut profiles: Vec<Vec<Entry>> = Vec::new();
    let mut maker = Profiles { rng: &mut *rng, paths: &paths, overname: instance == "hello_foo" };
    for _ in 0..maker.rng.usize(2..=6) {
        let profile = match (profiles.last().cloned(), maker.rng.u8(0..20)) {
            (None, _) | (Some(_), 0..=1) => maker.fresh(),
            (Some(_), 2) => Vec::new(),
            // Back to an earlier one, as after disconnecting and connecting again.
            (Some(_), 3..=4) => maker.rng.choice(&profiles).cloned().unwrap_or_default(),
            (Some(last), 5..) => maker.changed(last),
        };
        profiles.push(profile);
    }
    let mut world = paths.into_lines(rng);
    if instance == "hello_foo" {
        let own = "/var/snap/hello_foo/common".to_owned();
        world.insert(0, WorldLine { path: own, object: Object::Directory, attributes: None });
    }
    let root = if rng.bool() { Root::Recorded } else { Root::ReadOnly };
    let step = |profile| Step { kind: Kind::Tangled, before: Vec::new(), profile };
    History { instance, root, world, steps: profiles.into_iter().map(step).collect() }
}
