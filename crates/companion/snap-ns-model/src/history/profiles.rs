//! Profiles: new ones, and changes of old ones.

use fastrand::Rng;

use super::Entry;
use super::Object;
use super::paths::{Paths, below_a_place, child, is_below, parent};

/// Entries in one profile, at most; binds of binds grow exponentially.
const MOST: usize = 7;

pub(super) struct Profiles<'a> {
    pub(super) rng: &'a mut Rng,
    pub(super) paths: &'a Paths,
    /// Whether the instance has a key, so that its places are mapped to the snap's name.
    pub(super) overname: bool,
}

/// What an entry makes of its mount point.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Directory,
    File,
    Link,
    Tmpfs,
}

impl Profiles<'_> {
    /// A profile that has nothing to do with another one.
    pub(super) fn fresh(&mut self) -> Vec<Entry> {
        let mut profile = Vec::new();
        if self.overname {
            for place in ["/snap", "/var/snap"] {
                if !self.one_in(8) {
                    profile.push(overname(place));
                }
            }
        }
        for _ in 0..self.rng.usize(1..=4) {
            self.add(&mut profile);
        }
        self.add_again(&mut profile);
        profile
    }

    /// `profile` after one to three changes.
    pub(super) fn changed(&mut self, mut profile: Vec<Entry>) -> Vec<Entry> {
        for _ in 0..self.rng.usize(1..=3) {
            let at = self.rng.usize(0..profile.len().max(1));
            match self.rng.u8(0..20) {
                0..=6 => self.add(&mut profile),
                _ if profile.is_empty() => self.add(&mut profile),
                7..=10 => drop(profile.remove(at)),
                11..=15 => self.change(&mut profile, at),
                16..=17 => self.move_up_or_down(&mut profile, at),
                18 => self.rng.shuffle(&mut profile),
                _ => self.exchange(&mut profile, at),
            }
        }
        self.add_again(&mut profile);
        profile
    }

    /// Seldom one entry twice, or content at the mount point of another entry.
    fn add_again(&mut self, profile: &mut Vec<Entry>) {
        let some = self.rng.choice(&*profile).cloned();
        let Some(first) = some.filter(|_| profile.len() < MOST && self.one_in(12)) else { return };
        let again = if self.rng.bool() {
            first
        } else {
            let others: Vec<Entry> = profile.iter().filter(|e| **e != first).cloned().collect();
            let mut other = self.entry(&others, first.mount_point);
            other.options.retain(|option| option != "x-snapd.origin=layout");
            other
        };
        let at = self.rng.usize(0..=profile.len());
        profile.insert(at, again);
    }

    fn one_in(&mut self, many: u8) -> bool {
        self.rng.u8(0..many) == 0
    }

    fn add(&mut self, profile: &mut Vec<Entry>) {
        if profile.len() >= MOST {
            return;
        }
        for _ in 0..8 {
            let near = self.rng.choice(&*profile).map(|entry| entry.mount_point.clone());
            let mount_point = match (near, self.rng.u8(0..10)) {
                (Some(near), 0..=1) if below_a_place(&near) => child(self.rng, &near),
                (Some(near), 2) if below_a_place(parent(&near)) => parent(&near).to_owned(),
                _ => self.any_path(),
            };
            if self.is_free(profile, &mount_point) {
                let entry = self.entry(profile, mount_point);
                let at = self.rng.usize(0..=profile.len());
                profile.insert(at, entry);
                return;
            }
        }
    }

    /// Another source, kind, origin or option at the same mount point.
    fn change(&mut self, profile: &mut [Entry], at: usize) {
        if profile[at].options.iter().any(|option| option == "x-snapd.origin=overname") {
            return;
        }
        let others: Vec<Entry> = profile.iter().filter(|e| **e != profile[at]).cloned().collect();
        profile[at] = self.entry(&others, profile[at].mount_point.clone());
    }

    fn move_up_or_down(&mut self, profile: &mut [Entry], at: usize) {
        let old = &profile[at].mount_point;
        let new = if self.rng.bool() { child(self.rng, old) } else { parent(old).to_owned() };
        if below_a_place(old) && below_a_place(&new) && self.is_free(profile, &new) {
            profile[at].mount_point = new;
        }
    }

    /// Two entries take each other's mount point.
    fn exchange(&mut self, profile: &mut [Entry], at: usize) {
        let other = self.rng.usize(0..profile.len());
        let [one, two] = [at, other].map(|at| profile[at].mount_point.clone());
        if below_a_place(&one) && below_a_place(&two) {
            profile[at].mount_point = two;
            profile[other].mount_point = one;
        }
    }

    /// Whether an entry may have this mount point: no other has it, and mostly there is nothing
    /// on the way that cannot be walked through.
    fn is_free(&mut self, profile: &[Entry], mount_point: &str) -> bool {
        let mut blocked = profile.iter().any(|entry| {
            is_below(mount_point, &entry.mount_point) && !shape(entry).holds_names()
                || is_below(&entry.mount_point, mount_point) && !self.is_directory(mount_point)
        });
        let mut above = parent(mount_point);
        while above != "/" {
            blocked |= !matches!(self.paths.object(above), None | Some(Object::Directory));
            above = parent(above);
        }
        let link = matches!(self.paths.object(mount_point), Some(Object::Link(_)));
        blocked |= link && !self.one_in(3);
        let taken = profile.iter().any(|entry| entry.mount_point == mount_point);
        !taken && (!blocked || self.one_in(25))
    }

    fn is_directory(&self, path: &str) -> bool {
        matches!(self.paths.object(path), None | Some(Object::Directory))
    }

    fn any_path(&mut self) -> String {
        self.rng.choice(&self.paths.all).cloned().unwrap_or_default()
    }

    /// An entry that will mostly work, beside `others`.
    fn entry(&mut self, others: &[Entry], mount_point: String) -> Entry {
        let covers_names = others.iter().any(|other| is_below(&other.mount_point, &mount_point));
        let shape = self.shape_at(&mount_point);
        let shape = if covers_names && !shape.holds_names() { Shape::Directory } else { shape };
        let layout = shape == Shape::Link || self.rng.u8(0..20) < 11;
        let mut options: Vec<String> = Vec::new();
        let mut option = |text: &str| options.push(text.to_owned());
        let (mut source, mut file_system) = ("none".to_owned(), "none");
        match shape {
            Shape::Directory => {
                source = self.source(others, shape, &mount_point);
                let kinds: &[&str] = if layout {
                    &["rbind,rw"]
                } else {
                    &["bind,ro", "bind,ro", "rbind,rw", "bind", "bind,rw", "rbind"]
                };
                option(self.rng.choice(kinds).map_or("rbind", |kind| *kind));
            }
            Shape::File => {
                source = self.source(others, shape, &mount_point);
                option(if layout || self.rng.bool() { "bind,rw" } else { "bind,ro" });
                option("x-snapd.kind=file");
            }
            Shape::Link => {
                let target = self.source(others, Shape::Directory, &mount_point);
                option("x-snapd.kind=symlink");
                option(&format!("x-snapd.symlink={target}"));
            }
            Shape::Tmpfs => {
                (source, file_system) = ("tmpfs".to_owned(), "tmpfs");
                let mode = self.rng.choice(["mode=0755", "mode=1777", "rw"]);
                option(mode.unwrap_or("rw"));
            }
        }
        if layout && shape != Shape::Link && self.one_in(6) {
            option(self.rng.choice(["x-snapd.mode=0700", "x-snapd.mode=01777"]).unwrap_or("rw"));
            if self.rng.bool() {
                option("x-snapd.uid=1000");
                option("x-snapd.gid=1000");
            }
        }
        if layout {
            option("x-snapd.origin=layout");
        } else if self.one_in(6) {
            option("x-snapd.ignore-missing");
        }
        if self.one_in(25) {
            option(&format!("x-snapd.id=id{}", self.rng.u8(0..100)));
        }
        Entry { source, mount_point, file_system, options }
    }

    /// Mostly what the world has there; a link is mostly left alone.
    fn shape_at(&mut self, mount_point: &str) -> Shape {
        use Shape::{Directory, File, Link, Tmpfs};
        let (likely, rest) = match self.paths.object(mount_point) {
            Some(Object::Directory | Object::Image) => (16, [Tmpfs, Tmpfs, Tmpfs, File, Link]),
            Some(Object::File) => (18, [Directory, Link, Link, Tmpfs, Tmpfs]),
            Some(Object::Link(_)) => (10, [Directory, Directory, File, Tmpfs, Tmpfs]),
            Some(Object::Removed) | None => (10, [Directory, File, Link, Link, Tmpfs]),
        };
        if self.rng.u8(0..20) >= likely {
            return self.rng.choice(rest).unwrap_or(Tmpfs);
        }
        match self.paths.object(mount_point) {
            Some(Object::Directory | Object::Image | Object::Removed) | None => Directory,
            Some(Object::File) => File,
            Some(Object::Link(_)) => Link,
        }
    }

    /// A path of the wanted type, often at, below or above the mount point of another entry.
    fn source(&mut self, others: &[Entry], wanted: Shape, mount_point: &str) -> String {
        if let Some(other) = self.rng.choice(others)
            && self.one_in(4)
        {
            let at = other.mount_point.clone();
            let found = shape(other);
            let path = match self.rng.u8(0..4) {
                0..=1 if wanted.holds_names() == found.holds_names() => at,
                2 if found.holds_names() => child(self.rng, &at),
                _ => parent(&at).to_owned(),
            };
            let equal = path == other.mount_point || self.may_be(&path, wanted);
            if below_a_place(&path) && path != mount_point && equal {
                return path;
            }
        }
        let there = self.paths.there();
        let fitting = |path: &&str| *path != mount_point && self.may_be(path, wanted);
        let there: Vec<&str> = there.into_iter().filter(fitting).collect();
        let known: Vec<&str> = self.paths.all.iter().map(String::as_str).filter(fitting).collect();
        let known = self.rng.choice(known).map(str::to_owned);
        match (self.rng.choice(there), self.rng.u8(0..24)) {
            (Some(path), 0..=20) => path.to_owned(),
            (_, 0..=22) if known.is_some() => known.unwrap_or_default(),
            _ => self.any_path(),
        }
    }

    /// Whether the world has nothing else there.
    fn may_be(&self, path: &str, shape: Shape) -> bool {
        match self.paths.object(path) {
            Some(Object::Removed) | None => true,
            Some(Object::Directory | Object::Image) => shape != Shape::File,
            Some(Object::File) => shape == Shape::File,
            Some(Object::Link(_)) => false,
        }
    }
}

impl Shape {
    fn holds_names(self) -> bool {
        matches!(self, Self::Directory | Self::Tmpfs)
    }
}

fn shape(entry: &Entry) -> Shape {
    let has = |option: &str| entry.options.iter().any(|one| one == option);
    if entry.file_system == "tmpfs" {
        Shape::Tmpfs
    } else if has("x-snapd.kind=file") {
        Shape::File
    } else if has("x-snapd.kind=symlink") {
        Shape::Link
    } else {
        Shape::Directory
    }
}

pub(super) fn overname(place: &str) -> Entry {
    Entry {
        source: format!("{place}/hello_foo"),
        mount_point: format!("{place}/hello"),
        file_system: "none",
        options: vec!["rbind".to_owned(), "x-snapd.origin=overname".to_owned()],
    }
}
