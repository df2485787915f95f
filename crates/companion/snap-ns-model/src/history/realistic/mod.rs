//! Histories of a snap as people have it: installed, refreshed, connected, reverted.

mod interfaces;
mod layouts;
mod world;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use fastrand::Rng;

use super::{Entry, History, Kind, Object, Root, Step, WorldLine};
use interfaces::{Interface, REVISIONS};
use layouts::{FirstLevel, Layout, Place, Shape};
pub(super) use world::World;

/// Revisions of the snap.
const OWN: u32 = 3;

/// What snapd knows of the snap at one time.
#[derive(Clone)]
struct State {
    revision: u32,
    /// With the revision of their provider.
    connected: BTreeMap<Interface, u32>,
}

/// What does not change: what is in each revision.
struct Snap {
    instance: &'static str,
    /// By revision; places in [`layouts::ALL`].
    layouts: BTreeMap<u32, Vec<usize>>,
    /// The interfaces that it can use.
    plugs: Vec<Interface>,
}

/// The realistic history of `seed`, always the same one.
///
/// Every step changes at least one entry of the profile.
pub fn generate(seed: u64) -> History {
    let rng = &mut Rng::with_seed(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x0BAD_5EED);
    let instance = if rng.u8(0..6) == 0 { "hello_foo" } else { "hello" };
    let root = if rng.u8(0..4) == 0 { Root::ReadOnly } else { Root::Recorded };
    let snap = Snap::new(rng, instance, root);
    let mut world = World::new(rng);
    snap.install(rng, &mut world);

    let mut state = State { revision: 1, connected: BTreeMap::new() };
    for plug in &snap.plugs {
        if rng.u8(0..3) != 0 {
            state.connected.insert(*plug, 1);
        }
    }
    let mut before = Before { instance, many: 0, made: Vec::new() };
    let mut old = Vec::new();
    let mut steps = Vec::new();
    let mut earlier = 1;
    let many = rng.usize(4..=9);
    // Rarely nothing more can be changed: a snap without layouts that has no plug either.
    for _ in 0..40 {
        let mut next = state.clone();
        let kind = if steps.is_empty() { Kind::Install } else { next.change(rng, &snap, earlier) };
        let profile = next.profile(&snap);
        if profile == old {
            if steps.is_empty() {
                next.connected.insert(Interface::PrivateSharedMemory, 1);
                state = next;
            }
            continue;
        }
        let (from, to) = (state.revision, next.revision);
        let happened = before.happen(rng, &profile, (from, to));
        steps.push(Step { kind, before: happened, profile: profile.clone() });
        if from != to {
            earlier = from;
        }
        (state, old) = (next, profile);
        if steps.len() == many {
            break;
        }
    }
    History { instance, root, world: world.into_lines(), steps }
}

impl Snap {
    fn new(rng: &mut Rng, instance: &'static str, root: Root) -> Self {
        let first_level = match root {
            Root::Recorded => FirstLevel::May,
            Root::ReadOnly => FirstLevel::MayNot,
        };
        let mut known = BTreeMap::new();
        let mut last = layouts::some(rng, first_level);
        for revision in 1..=OWN {
            known.insert(revision, last.clone());
            // The next one has the same, some others, or all others.
            match rng.u8(0..6) {
                0..=1 => {}
                2..=4 => {
                    last.retain(|_| rng.u8(0..4) != 0);
                    last.extend(layouts::some(rng, first_level).into_iter().take(2));
                    last.sort_unstable();
                    last.dedup();
                }
                _ => last = layouts::some(rng, first_level),
            }
            last.truncate(12);
        }
        let mut plugs: Vec<Interface> =
            interfaces::ALL.into_iter().filter(|one| rng.u8(0..10) < one.plugs()).collect();
        if plugs.is_empty() {
            plugs.push(rng.choice(interfaces::ALL).unwrap_or(Interface::Fonts));
        }
        Self { instance, layouts: known, plugs }
    }

    fn layouts(&self, revision: u32) -> impl Iterator<Item = Layout> {
        let these = self.layouts.get(&revision).map(Vec::as_slice).unwrap_or_default();
        these.iter().map(|at| layouts::ALL[*at])
    }

    fn install(&self, rng: &mut Rng, world: &mut World) {
        for revision in 1..=OWN {
            let image = format!("/snap/{}/{revision}", self.instance);
            world.image(&image, &["bin/hello", "meta/snap.yaml"]);
            for plug in &self.plugs {
                plug.plug(rng, world, self.instance, revision);
            }
            for layout in self.layouts(revision) {
                layout.ship(rng, world, self.instance, revision);
            }
            world.add(&format!("/var/snap/{}/{revision}", self.instance), Object::Directory);
        }
        world.add(&format!("/var/snap/{}/common", self.instance), Object::Directory);
        for plug in &self.plugs {
            plug.install(rng, world);
        }
    }
}

impl State {
    /// Changes something, and says what.
    fn change(&mut self, rng: &mut Rng, snap: &Snap, earlier: u32) -> Kind {
        let same = |one: u32, other: u32| snap.layouts(one).eq(snap.layouts(other));
        let own = self.revision;
        let revisions = |with_same: bool| -> Vec<u32> {
            (1..=OWN).filter(|to| *to != own && same(own, *to) == with_same).collect()
        };
        let provided: Vec<Interface> =
            self.connected.keys().copied().filter(|one| one.provider().is_some()).collect();
        let missing: Vec<Interface> =
            snap.plugs.iter().copied().filter(|one| !self.connected.contains_key(one)).collect();
        let connected: Vec<Interface> = self.connected.keys().copied().collect();
        loop {
            match rng.u8(0..18) {
                0..=3 => {
                    let Some(to) = rng.choice(revisions(true)) else { continue };
                    self.revision = to;
                    return Kind::Refresh;
                }
                4..=6 => {
                    let Some(to) = rng.choice(revisions(false)) else { continue };
                    self.revision = to;
                    return Kind::NewLayouts;
                }
                7..=8 if earlier != own => {
                    self.revision = earlier;
                    return Kind::Revert;
                }
                9..=11 => {
                    let Some(one) = rng.choice(&provided) else { continue };
                    let to = self.connected.get(one).map_or(1, |now| now % REVISIONS + 1);
                    self.connected.insert(*one, to);
                    return Kind::ProviderRefresh;
                }
                12..=14 => {
                    let Some(one) = rng.choice(&missing) else { continue };
                    self.connected.insert(*one, rng.u32(1..=REVISIONS));
                    return Kind::Connect;
                }
                15..=16 => {
                    let Some(one) = rng.choice(&connected) else { continue };
                    self.connected.remove(one);
                    return Kind::Disconnect;
                }
                _ => {}
            }
        }
    }

    /// What snapd writes.
    fn profile(&self, snap: &Snap) -> Vec<Entry> {
        let mut profile = Vec::new();
        if snap.instance == "hello_foo" {
            profile.extend(["/snap", "/var/snap"].map(super::profiles::overname));
        }
        for (interface, provided) in &self.connected {
            interface.lines(self.revision, *provided, &mut profile);
        }
        let own = snap.layouts(self.revision).map(|layout| layout.entry(self.revision));
        let mut own: Vec<Entry> = own.collect();
        own.sort_by(|one, other| one.mount_point.cmp(&other.mount_point));
        profile.extend(own);
        profile
    }
}

/// What the application, its provider and snapd do to data between two updates.
struct Before {
    instance: &'static str,
    many: u32,
    /// Files that can be removed again.
    made: Vec<String>,
}

impl Before {
    fn happen(
        &mut self,
        rng: &mut Rng,
        profile: &[Entry],
        (from, to): (u32, u32),
    ) -> Vec<WorldLine> {
        let mut lines = Vec::new();
        let mut add = |path: String, object| {
            lines.push(WorldLine { path, object, attributes: None });
        };
        let data = format!("/var/snap/{}", self.instance);
        // snapd copies the data of the revision, the link that a layout made there, too.
        if from != to && rng.u8(0..4) == 0 {
            add(format!("{data}/{to}/copied"), Object::File);
        }
        let link = format!("/var/snap/hello/{to}/link");
        if from != to && rng.bool() && profile.iter().any(|entry| entry.mount_point == link) {
            let stale = Object::Link(format!("/snap/hello/{from}/cfg-of-data"));
            add(format!("{data}/{to}/link"), stale);
        }
        for _ in 0..rng.usize(0..=2) {
            self.many += 1;
            let name = format!("new-{}", self.many);
            let sources: Vec<&str> = profile
                .iter()
                .map(|entry| entry.source.as_str())
                .filter(|source| source.starts_with("/var/snap/hello/common/"))
                .collect();
            match rng.u8(0..9) {
                0..=1 => {
                    self.made.push(format!("{data}/common/{name}"));
                    add(format!("{data}/common/{name}"), Object::File);
                }
                8 => {
                    let Some(path) = self.made.pop() else { continue };
                    add(path, Object::Removed);
                }
                2 => add(format!("{data}/common/{name}"), Object::Directory),
                3..=4 => add(format!("/var/snap/other/common/shared/{name}"), Object::File),
                5 => add(format!("/var/snap/cups/common/run/{name}"), Object::File),
                6 => add(format!("{data}/{to}/{name}"), Object::File),
                _ => {
                    let Some(source) = rng.choice(sources) else { continue };
                    let source = source.replace("/var/snap/hello/", &format!("{data}/"));
                    let layout = layouts::ALL.iter().find(|one| {
                        one.place == Place::Common
                            && source.ends_with(&format!("/common/{}", one.source))
                    });
                    // The application makes the source itself, or writes to it.
                    match layout.map(|one| one.shape) {
                        Some(Shape::File) => add(source, Object::File),
                        Some(Shape::Directory | Shape::Link) => {
                            add(format!("{source}/{name}"), Object::File);
                        }
                        None => {}
                    }
                }
            }
        }
        lines
    }
}
