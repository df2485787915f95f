//! The machine: a base snap, a host, revisions of the snap and of those that give it content.

use std::collections::BTreeMap;

use fastrand::Rng;

use super::super::{Object, WorldLine};

/// What the base snap has, directories with a slash at the end.
const BASE: [&str; 22] = [
    "/usr/bin/env",
    "/usr/lib/os-release",
    "/usr/lib/x86_64-linux-gnu/libc.so.6",
    "/usr/lib/x86_64-linux-gnu/libm.so.6",
    "/usr/lib/x86_64-linux-gnu/libz.so.1 -> libz.so.1.2.13",
    "/usr/lib/x86_64-linux-gnu/libz.so.1.2.13",
    "/usr/lib/x86_64-linux-gnu/gconv/gconv-modules",
    "/usr/lib/x86_64-linux-gnu/perl-base/",
    "/usr/local/share/",
    "/usr/share/X11/XErrorDB",
    "/usr/share/X11/locale/C/XLC_LOCALE",
    "/usr/share/doc/libc6/copyright",
    "/usr/share/locale/",
    "/usr/share/misc/magic -> ../file/magic.mgc",
    "/usr/share/perl5/Debian/",
    "/usr/share/zoneinfo/UTC",
    "/opt/",
    "/var/cache/",
    "/var/lib/dpkg/info/libc6.list",
    "/var/lib/misc/",
    "/var/lock -> /run/lock",
    "/var/log/",
];

/// What every host has, and what some have: with a number, one in so many.
const HOST: [(&str, u8); 19] = [
    ("/etc/passwd", 1),
    ("/etc/hostname", 1),
    ("/etc/hosts", 1),
    ("/etc/os-release -> ../usr/lib/os-release", 1),
    ("/etc/resolv.conf -> ../run/systemd/resolve/stub-resolv.conf", 1),
    ("/etc/alternatives/vi -> /usr/bin/vim.basic", 1),
    ("/etc/ssl/certs/ca-certificates.crt", 1),
    ("/etc/ssl/openssl.cnf", 2),
    ("/etc/fonts/fonts.conf", 2),
    ("/etc/pulse/client.conf", 3),
    ("/etc/gitconfig", 8),
    ("/etc/hello/old.conf", 12),
    ("/etc/apache2/apache2.conf", 8),
    ("/srv/www/", 2),
    ("/var/lib/snapd/hostfs/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", 1),
    ("/var/lib/snapd/hostfs/usr/local/share/fonts/", 2),
    ("/var/lib/snapd/hostfs/usr/share/doc/hello/copyright", 1),
    ("/var/lib/snapd/hostfs/usr/share/gtk-doc/", 3),
    ("/var/lib/snapd/hostfs/var/cache/fontconfig/cache-8", 1),
];

/// What snaps of a certain kind have where the host has another kind of thing.
const ODD: [&str; 3] = ["/etc/fonts -> /usr/share/fonts", "/etc/gitconfig/", "/etc/hello.conf/"];

/// What is there, by path.
#[derive(Default)]
pub(in super::super) struct World {
    objects: BTreeMap<String, (Object, Option<(u32, u32)>)>,
}

impl World {
    pub(super) fn new(rng: &mut Rng) -> Self {
        let mut world = Self::default();
        if rng.u8(0..30) == 0 {
            world.spell(rng.choice(ODD).unwrap_or("/etc/gitconfig/"));
        }
        for thing in BASE {
            world.spell(thing);
        }
        for (thing, one_in) in HOST {
            if rng.u8(0..one_in) == 0 {
                world.spell(thing);
            }
        }
        for sticky in ["/var/lib/snapd/hostfs/tmp", "/dev/shm/snap.hello"] {
            world.objects.insert(sticky.to_owned(), (Object::Directory, Some((0o1777, 0))));
        }
        if rng.bool() {
            let sockets = "/var/lib/snapd/hostfs/tmp/.X11-unix".to_owned();
            world.objects.insert(sockets, (Object::Directory, Some((0o1777, 0))));
        }
        world
    }

    /// What the base snap has, and what every host has.
    pub(in super::super) fn of_base() -> Self {
        let mut world = Self::default();
        let everywhere = HOST.iter().filter(|(_, one_in)| *one_in == 1).map(|(thing, _)| *thing);
        for thing in BASE.into_iter().chain(everywhere) {
            world.spell(thing);
        }
        world
    }

    fn spell(&mut self, thing: &str) {
        if let Some((path, target)) = thing.split_once(" -> ") {
            self.add(path, Object::Link(target.to_owned()));
        } else if let Some(path) = thing.strip_suffix('/') {
            self.add(path, Object::Directory);
        } else {
            self.add(thing, Object::File);
        }
    }

    /// Adds what fits: a path that is new, below directories only; the directories above it, too.
    pub(in super::super) fn add(&mut self, path: &str, object: Object) {
        let above: Vec<&str> = path.match_indices('/').skip(1).map(|(at, _)| &path[..at]).collect();
        let fits = |above: &&str| {
            let there = self.objects.get(*above);
            there.is_none_or(|(object, _)| matches!(object, Object::Directory | Object::Image))
        };
        if self.objects.contains_key(path) || !above.iter().all(fits) {
            return;
        }
        for above in above {
            self.objects.entry(above.to_owned()).or_insert((Object::Directory, None));
        }
        self.objects.insert(path.to_owned(), (object, None));
    }

    /// A revision of a snap, and what is in it.
    pub(in super::super) fn image(&mut self, root: &str, names: &[&str]) {
        // These are file systems of their own in each world.
        let known = ["/snap/hello/1", "/snap/hello/2", "/snap/hello_foo/1"];
        if !known.contains(&root) {
            self.add(root, Object::Image);
        }
        for name in names {
            self.spell(&format!("{root}/{name}"));
        }
    }

    pub(in super::super) fn into_lines(self) -> Vec<WorldLine> {
        // The places themselves are there in every world.
        let line =
            |(path, (object, attributes)): (String, _)| WorldLine { path, object, attributes };
        self.objects
            .into_iter()
            .filter(|(path, _)| path.matches('/').count() > 1)
            .map(line)
            .collect()
    }
}

/// Four in five.
pub(super) fn is_there(rng: &mut Rng) -> bool {
    rng.u8(0..5) != 0
}
