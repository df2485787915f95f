//! Layouts as published snaps have them.

use fastrand::Rng;

use super::super::{Entry, Object};
use super::world::{World, is_there};

/// Where a layout's source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the revision of the snap.
    Snap,
    /// In content of the revision: there only while that is connected.
    Content(&'static str),
    /// In data that all revisions share.
    Common,
    /// In data of the revision.
    Data,
    /// A tmpfs has none.
    Memory,
}

/// What a layout makes of its mount point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Directory,
    File,
    Link,
}

/// One element of a `layout` section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// `$SNAP`, `$DATA` and `$COMMON` at its start are the snap's own places.
    pub(super) mount_point: &'static str,
    pub(super) place: Place,
    /// Below its place.
    pub(super) source: &'static str,
    pub(super) shape: Shape,
}

macro_rules! layouts {
    ($($mount_point:literal $shape:ident $place:ident $(($in:literal))? $source:literal;)*) => {
        [$(Layout {
            mount_point: $mount_point,
            shape: Shape::$shape,
            place: Place::$place $(($in))?,
            source: $source,
        }),*]
    };
}

/// None lies at or below another one.
pub(super) const ALL: [Layout; 54] = layouts! {
    "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.0" Directory Content("gnome-platform") "usr/lib/x86_64-linux-gnu/webkit2gtk-4.0";
    "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1" Directory Content("gnome-platform") "usr/lib/x86_64-linux-gnu/webkit2gtk-4.1";
    "/usr/share/xml/iso-codes" Directory Content("gnome-platform") "usr/share/xml/iso-codes";
    "/usr/share/libdrm" Directory Content("gpu-2404") "libdrm";
    "/usr/share/drirc.d" Link Content("gpu-2404") "drirc.d";
    "/usr/share/X11/XErrorDB" Link Content("gpu-2404") "X11/XErrorDB";
    "/usr/lib/x86_64-linux-gnu/alsa-lib" Directory Snap "usr/lib/x86_64-linux-gnu/alsa-lib";
    "/usr/lib/x86_64-linux-gnu/gstreamer-1.0" Directory Snap "usr/lib/x86_64-linux-gnu/gstreamer-1.0";
    "/usr/lib/x86_64-linux-gnu/espeak-ng-data" Directory Snap "usr/lib/x86_64-linux-gnu/espeak-ng-data";
    "/usr/lib/x86_64-linux-gnu/dri" Directory Snap "usr/lib/x86_64-linux-gnu/dri";
    "/usr/lib/x86_64-linux-gnu/gconv" Directory Snap "usr/lib/x86_64-linux-gnu/gconv";
    "/usr/lib/x86_64-linux-gnu/libproxy.so.1" File Snap "usr/lib/x86_64-linux-gnu/libproxy.so.1";
    "/usr/lib/x86_64-linux-gnu/libm.so.6" File Snap "usr/lib/x86_64-linux-gnu/libm.so.6";
    "/usr/lib/x86_64-linux-gnu/ImageMagick-6.9.11" Link Snap "usr/lib/x86_64-linux-gnu/ImageMagick-6.9.11";
    "/usr/lib/libreoffice" Directory Snap "lib/libreoffice";
    "/usr/lib/jvm" Link Snap "usr/lib/jvm";
    "/usr/lib/git-core" Directory Snap "usr/lib/git-core";
    "/usr/share/alsa" Directory Snap "usr/share/alsa";
    "/usr/share/hello" Directory Snap "usr/share/hello";
    "/usr/share/hello-data" Directory Common "share";
    "/usr/share/icons" Directory Snap "data-dir/icons";
    "/usr/share/mime" Directory Snap "usr/share/mime";
    "/usr/share/perl5" Directory Snap "usr/share/perl5";
    "/usr/share/tesseract-ocr" Link Snap "usr/share/tesseract-ocr";
    "/usr/share/tcltk" Link Snap "usr/share/tcltk";
    "/usr/share/misc/magic" File Snap "usr/share/misc/magic";
    "/usr/share/hello-cache" Directory Memory "";
    "/etc/hello" Directory Common "etc/hello";
    "/etc/hello.conf" File Common "hello.conf";
    "/etc/hello.d" Directory Snap "etc/hello.d";
    "/etc/fonts" Directory Snap "etc/fonts";
    "/etc/gitconfig" File Snap "etc/gitconfig";
    "/etc/ssl/openssl.cnf" File Snap "etc/ssl/openssl.cnf";
    "/etc/pulse" Directory Data "etc/pulse";
    "/etc/ImageMagick-6" Link Snap "etc/ImageMagick-6";
    "/etc/apache2" Directory Data "apache2";
    "/etc/pkcs11" Link Common "pkcs11";
    "/opt/hello" Directory Snap "opt/hello";
    "/opt/Hello" Link Snap "opt/Hello";
    "/opt/cni/bin" Directory Common "opt-cni/bin";
    "/opt/microsoft" Directory Common "opt/microsoft";
    "/var/lib/hello" Directory Common "lib";
    "/var/lib/mysql" Directory Data "mysql";
    "/var/lib/dpkg/info" Directory Snap "var/lib/dpkg/info";
    "/var/lib/hello-tmp" Directory Memory "";
    "/var/cache/hello" Directory Common "cache";
    "/var/www" Link Common "www";
    "/srv/hello" Directory Common "srv";
    "$SNAP/cache" Directory Common "cache-of-snap";
    "$COMMON/cfg" Link Snap "cfg";
    "$DATA/link" Link Snap "cfg-of-data";
    // Names of the first level: only where the root is recorded.
    "/hello-data" Directory Common "data";
    "/hello-root" Link Snap "opt/root";
    "/hello.tmp" Directory Memory "";
};

/// How many of them, at the end, are names of the first level.
const FIRST_LEVEL: usize = 3;

/// 0 to 12 of them, sorted; most snaps have few.
pub(super) fn some(rng: &mut Rng, first_level: FirstLevel) -> Vec<usize> {
    let most = match first_level {
        FirstLevel::May => ALL.len(),
        FirstLevel::MayNot => ALL.len() - FIRST_LEVEL,
    };
    let many = match rng.u8(0..20) {
        0 => 0,
        1..=11 => rng.usize(1..=4),
        12..=17 => rng.usize(5..=8),
        _ => rng.usize(9..=12),
    };
    let mut layouts: Vec<usize> = (0..many).map(|_| rng.usize(0..most)).collect();
    // A third of the snaps that may ask for such a name do.
    if first_level == FirstLevel::May && many > 0 && rng.u8(0..3) == 0 {
        layouts[0] = rng.usize(ALL.len() - FIRST_LEVEL..ALL.len());
    }
    layouts.sort_unstable();
    layouts.dedup();
    layouts
}

/// Whether names of the first level can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FirstLevel {
    May,
    MayNot,
}

impl Layout {
    /// The line that snapd writes for it.
    pub(super) fn entry(&self, revision: u32) -> Entry {
        let (snap, common) = (format!("/snap/hello/{revision}"), "/var/snap/hello/common");
        let data = format!("/var/snap/hello/{revision}");
        let mount_point = self.mount_point.replace("$SNAP", &snap).replace("$COMMON", common);
        let mount_point = mount_point.replace("$DATA", &data);
        let layout = "x-snapd.origin=layout".to_owned();
        let source = match self.place {
            Place::Snap => format!("{snap}/{}", self.source),
            Place::Content(name) => format!("{snap}/{name}/{}", self.source),
            Place::Common => format!("{common}/{}", self.source),
            Place::Data => format!("{data}/{}", self.source),
            Place::Memory => {
                let options = vec!["x-snapd.mode=01777".to_owned(), layout];
                return Entry {
                    source: "tmpfs".to_owned(),
                    mount_point,
                    file_system: "tmpfs",
                    options,
                };
            }
        };
        let kinds: Vec<String> = match self.shape {
            Shape::Directory => vec!["rbind".to_owned(), "rw".to_owned()],
            Shape::File => ["bind", "rw", "x-snapd.kind=file"].map(str::to_owned).into(),
            Shape::Link => {
                vec!["x-snapd.kind=symlink".to_owned(), format!("x-snapd.symlink={source}")]
            }
        };
        let source = if self.shape == Shape::Link { "none".to_owned() } else { source };
        let options = kinds.into_iter().chain([layout]).collect();
        Entry { source, mount_point, file_system: "none", options }
    }

    /// Puts the source where the snap ships it, or the snap itself made it, as most do.
    pub(super) fn ship(&self, rng: &mut Rng, world: &mut World, instance: &str, revision: u32) {
        let root = match self.place {
            Place::Snap => format!("/snap/{instance}/{revision}"),
            Place::Common if rng.bool() => format!("/var/snap/{instance}/common"),
            Place::Data if rng.bool() => format!("/var/snap/{instance}/{revision}"),
            Place::Content(_) | Place::Memory | Place::Common | Place::Data => return,
        };
        // What a snap does not ship is made in a mimic of the directory.
        if self.place == Place::Snap && rng.u8(0..20) == 0 {
            return;
        }
        let path = format!("{root}/{}", self.source);
        match self.shape {
            Shape::File => world.add(&path, Object::File),
            Shape::Directory | Shape::Link => {
                world.add(&path, Object::Directory);
                for name in ["a", "b.conf"] {
                    if is_there(rng) {
                        world.add(&format!("{path}/{name}"), Object::File);
                    }
                }
            }
        }
        if self.mount_point == "$SNAP/cache" && is_there(rng) {
            world.add(&format!("/snap/{instance}/{revision}/cache"), Object::Directory);
        }
    }
}
