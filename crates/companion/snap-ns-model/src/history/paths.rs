//! Paths over a few overlapping places, and what the world has there.

use std::collections::BTreeMap;

use fastrand::Rng;

use super::{Object, WorldLine};

/// The places, how often each is taken, and whether the world may have something there.
const PLACES: [(&str, u32); 10] = [
    ("/usr/share", 5),
    ("/opt", 3),
    ("/etc", 2),
    ("/srv", 2),
    ("/var/snap/SNAP/common", 5),
    ("/snap/SNAP/1", 4),
    ("/snap/other/1", 3),
    (NEW_TOP, 1),
    (ROOT, 1),
    ("/dev/shm", 1),
];

/// Right below `/`, and not there.
const NEW_TOP: &str = "/new";

/// For names right below `/`, which are not there either.
const ROOT: &str = "";

const NAMES: [&str; 3] = ["a", "b", "c"];

/// Names below a place, at most.
const DEEPEST: usize = 5;

/// The paths that one history is about.
pub(super) struct Paths {
    pub(super) all: Vec<String>,
    world: BTreeMap<String, Object>,
}

impl Paths {
    /// A few places, and paths below them of which many lie below each other.
    pub(super) fn new(rng: &mut Rng, snap: &str) -> Self {
        let places: Vec<String> =
            (0..rng.usize(3..=4)).map(|_| place(rng).replace("SNAP", snap)).collect();
        let mut all: Vec<String> = Vec::new();
        for _ in 0..rng.usize(7..=13) {
            let known = rng.choice(&all).cloned();
            let path = match (known, rng.u8(0..10)) {
                (Some(known), 0..=3) if depth(&known) < DEEPEST => child(rng, &known),
                (Some(known), 4) => child(rng, parent(&known).trim_end_matches('/')),
                _ => {
                    let place = rng.choice(&places).map_or("/opt", String::as_str);
                    let levels = [1, 1, 1, 2, 2, 2, 3, 3, 4, 5];
                    let levels = rng.choice(levels).unwrap_or(1);
                    (0..levels).fold(place.to_owned(), |path, _| child(rng, &path))
                }
            };
            if !all.contains(&path) {
                all.push(path);
            }
        }
        let mut paths = Self { all, world: BTreeMap::new() };
        paths.populate(rng);
        paths
    }

    fn populate(&mut self, rng: &mut Rng) {
        for path in self.all.clone() {
            let object = match rng.u8(0..20) {
                0..=10 => Object::Directory,
                11..=14 => Object::File,
                15 => Object::Link(self.target(rng)),
                _ => continue,
            };
            self.add(&path, object);
            for _ in 0..rng.usize(0..=2) {
                let object = match rng.u8(0..10) {
                    0..=3 => Object::Directory,
                    4..=8 => Object::File,
                    _ => Object::Link(self.target(rng)),
                };
                self.add(&child(rng, &path), object);
            }
        }
    }

    fn target(&self, rng: &mut Rng) -> String {
        match rng.u8(0..3) {
            0 => "a".to_owned(),
            1 => "../b".to_owned(),
            _ => rng.choice(&self.all).cloned().unwrap_or_else(|| "/opt".to_owned()),
        }
    }

    /// Adds what fits: a path that is new, below directories only.
    fn add(&mut self, path: &str, object: Object) {
        let mut above = parent(path);
        while above != "/" {
            if !matches!(self.world.get(above), None | Some(Object::Directory)) {
                return;
            }
            above = parent(above);
        }
        let first = path.split('/').nth(1).unwrap_or_default();
        if path.starts_with(NEW_TOP) || NAMES.contains(&first) || self.object(path).is_some() {
            return;
        }
        self.world.insert(path.to_owned(), object);
    }

    /// What the world has at `path`; its own directories and those on the way to something.
    pub(super) fn object(&self, path: &str) -> Option<&Object> {
        let below = format!("{path}/");
        let on_the_way = |at: &String| at.starts_with(&below);
        let known = self.world.get(path);
        known.or_else(|| self.world.keys().any(on_the_way).then_some(&Object::Directory))
    }

    /// Paths at which the world has something.
    pub(super) fn there(&self) -> Vec<&str> {
        self.world.keys().map(String::as_str).collect()
    }

    pub(super) fn into_lines(self, rng: &mut Rng) -> Vec<WorldLine> {
        let mut line = |(path, object)| {
            let attributes = match (&object, rng.u8(0..6)) {
                (Object::Directory, 0) => Some((rng.choice([0o700, 0o1777, 0o750])?, owner(rng))),
                (Object::File, 0) => Some((rng.choice([0o600, 0o444, 0o755])?, owner(rng))),
                (_, _) => None,
            };
            Some(WorldLine { path, object, attributes })
        };
        self.world.into_iter().filter_map(&mut line).collect()
    }
}

fn owner(rng: &mut Rng) -> u32 {
    if rng.bool() { 0 } else { 1000 }
}

fn place(rng: &mut Rng) -> &'static str {
    let total = PLACES.iter().map(|(_, weight)| weight).sum();
    let mut at = rng.u32(0..total);
    for (place, weight) in PLACES {
        if at < weight {
            return place;
        }
        at -= weight;
    }
    NEW_TOP
}

/// How many single-letter names the path ends in.
fn depth(path: &str) -> usize {
    path.rsplit('/').take_while(|name| NAMES.contains(name)).count()
}

/// A path one level below.
pub(super) fn child(rng: &mut Rng, path: &str) -> String {
    format!("{path}/{}", rng.choice(NAMES).unwrap_or("a"))
}

/// The path one level above; `/` at the end.
pub(super) fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((parent, _)) => parent,
    }
}

/// Whether a path is well below a place, so that it can be replaced.
pub(super) fn below_a_place(path: &str) -> bool {
    depth(path) > 0
}

/// Whether `path` lies below `above`.
pub(super) fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
}
