//! What interfaces bring: content of other snaps, and things of the host.

use fastrand::Rng;

use super::super::Entry;
use super::world::{World, is_there};

/// An interface that can be connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Interface {
    GnomePlatform,
    Themes,
    Gpu,
    /// Three providers fill one directory of the snap: names clash.
    Plugins(u8),
    /// A directory of another snap's data that both write to.
    Shared,
    /// A directory of another snap's data with its sockets.
    Cups,
    Fonts,
    Docs,
    X11,
    PrivateSharedMemory,
}

pub(super) const ALL: [Interface; 12] = [
    Interface::GnomePlatform,
    Interface::Themes,
    Interface::Gpu,
    Interface::Plugins(0),
    Interface::Plugins(1),
    Interface::Plugins(2),
    Interface::Shared,
    Interface::Cups,
    Interface::Fonts,
    Interface::Docs,
    Interface::X11,
    Interface::PrivateSharedMemory,
];

/// Names of the snaps that provide plugins.
const PLUGINS: [&str; 3] = ["plugins-one", "plugins-two", "plugins-three"];

/// Revisions of each provider.
pub(super) const REVISIONS: u32 = 3;

impl Interface {
    /// The snap whose revision is in the lines, if there is one.
    pub(super) fn provider(self) -> Option<&'static str> {
        match self {
            Self::GnomePlatform => Some("gnome-46-2404"),
            Self::Themes => Some("gtk-common-themes"),
            Self::Gpu => Some("mesa-2404"),
            Self::Plugins(which) => PLUGINS.get(usize::from(which)).copied(),
            Self::Shared
            | Self::Cups
            | Self::Fonts
            | Self::Docs
            | Self::X11
            | Self::PrivateSharedMemory => None,
        }
    }

    /// What is in a revision of the provider.
    fn ships(self) -> &'static [&'static str] {
        match self {
            Self::GnomePlatform => &[
                "usr/lib/x86_64-linux-gnu/webkit2gtk-4.0/libexec",
                "usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/libexec",
                "usr/share/xml/iso-codes/iso.xml",
                "usr/lib/locale/",
            ],
            Self::Themes => &[
                "share/themes/Adwaita/index.theme",
                "share/themes/Yaru/index.theme",
                "share/icons/Adwaita/index.theme",
                "share/sounds/",
            ],
            Self::Gpu => &["libdrm/amdgpu.ids", "drirc.d/00-mesa.conf", "X11/XErrorDB"],
            Self::Plugins(_) => &["plugins/plugin.so", "lib/other.so"],
            Self::Shared
            | Self::Cups
            | Self::Fonts
            | Self::Docs
            | Self::X11
            | Self::PrivateSharedMemory => &[],
        }
    }

    /// The directories of the snap that are there for it.
    fn targets(self) -> &'static [&'static str] {
        match self {
            Self::GnomePlatform => &["gnome-platform/"],
            Self::Themes => &["data-dir/themes/", "data-dir/icons/"],
            Self::Gpu => &["gpu-2404/"],
            Self::Plugins(_) => &["plugins/"],
            Self::Shared
            | Self::Cups
            | Self::Fonts
            | Self::Docs
            | Self::X11
            | Self::PrivateSharedMemory => &[],
        }
    }

    /// How many of ten snaps have a plug for it.
    pub(super) fn plugs(self) -> u8 {
        match self {
            Self::Cups => 1,
            Self::GnomePlatform
            | Self::Themes
            | Self::Gpu
            | Self::Plugins(_)
            | Self::Shared
            | Self::Fonts
            | Self::Docs
            | Self::X11
            | Self::PrivateSharedMemory => 4,
        }
    }

    /// Whether the snap, all of whose revisions are there, has this plug: its directories, which most
    /// snaps ship and others leave to be made.
    pub(super) fn plug(self, rng: &mut Rng, world: &mut World, instance: &str, revision: u32) {
        if is_there(rng) {
            world.image(&format!("/snap/{instance}/{revision}"), self.targets());
        }
    }

    /// Installs all revisions of the provider.
    pub(super) fn install(self, rng: &mut Rng, world: &mut World) {
        if let Some(name) = self.provider() {
            for revision in 1..=REVISIONS {
                world.image(&format!("/snap/{name}/{revision}"), self.ships());
            }
        }
        if self == Self::Shared && is_there(rng) {
            world.add("/var/snap/other/common/shared/from-other", super::super::Object::File);
        }
        if self == Self::Cups {
            world.add("/var/snap/cups/common/run/cups.pid", super::super::Object::File);
        }
    }

    /// Adds the lines that snapd writes for it.
    pub(super) fn lines(self, revision: u32, provided: u32, profile: &mut Vec<Entry>) {
        let snap = format!("/snap/hello/{revision}");
        let provider = self.provider().map(|name| format!("/snap/{name}/{provided}"));
        let provider = provider.unwrap_or_default();
        let mut line = |source: &str, mount_point: &str, kinds: &[&str]| {
            profile.push(Entry {
                source: source.to_owned(),
                mount_point: free(profile, mount_point),
                file_system: "none",
                options: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            });
        };
        let host = "/var/lib/snapd/hostfs";
        match self {
            Self::GnomePlatform => {
                line(&provider, &format!("{snap}/gnome-platform"), &["bind", "ro"]);
            }
            Self::Themes => {
                for name in ["themes/Adwaita", "themes/Yaru", "icons/Adwaita"] {
                    let target = format!("{snap}/data-dir/{name}");
                    line(&format!("{provider}/share/{name}"), &target, &["bind", "ro"]);
                }
            }
            Self::Gpu => line(&provider, &format!("{snap}/gpu-2404"), &["bind", "ro"]),
            Self::Plugins(_) => {
                for name in ["plugins", "lib"] {
                    let target = format!("{snap}/plugins/{name}");
                    line(&format!("{provider}/{name}"), &target, &["bind", "ro"]);
                }
            }
            Self::Shared => {
                line("/var/snap/other/common/shared", "/var/snap/hello/common/shared", &["bind"]);
            }
            // The slash is snapd's.
            Self::Cups => line("/var/snap/cups/common/run", "/var/cups/", &["bind", "rw"]),
            Self::Fonts => {
                for dir in ["/usr/local/share/fonts", "/usr/share/fonts", "/var/cache/fontconfig"] {
                    line(&format!("{host}{dir}"), dir, &["bind", "ro"]);
                }
            }
            Self::Docs => {
                for dir in ["/usr/share/doc", "/usr/share/gtk-doc", "/usr/share/libreoffice/help"] {
                    line(&format!("{host}{dir}"), dir, &["bind", "ro"]);
                }
            }
            Self::X11 => {
                line(&format!("{host}/tmp/.X11-unix"), "/tmp/.X11-unix", &["bind", "ro"]);
            }
            Self::PrivateSharedMemory => line("/dev/shm/snap.hello", "/dev/shm", &["bind", "rw"]),
        }
    }
}

/// The mount point, or what snapd makes of it when another line has it: `-2` and so on behind it.
fn free(profile: &[Entry], wanted: &str) -> String {
    let taken = |point: &str| profile.iter().any(|entry| entry.mount_point == point);
    let numbered = (2..).map(|number| format!("{wanted}-{number}"));
    [wanted.to_owned()].into_iter().chain(numbered).find(|point| !taken(point)).unwrap_or_default()
}
