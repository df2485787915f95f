//! The snap world of the story: a base, two revisions of a snap and of a content snap, data.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use nix::mount::{MsFlags, mount};
use snap_ns_testbed::{Image, Isolation, Mounted, Object, World};

use Object::{Dir, File, Link};

const BASE: Image = Image {
    place: "/snap/base/7",
    objects: &[
        File("etc/greeting.conf", "greeting = from the base\n"),
        File("etc/os-release", "ID=base\n"),
        File("usr/share/doc/base/README", "about the base\n"),
        File("usr/share/fonts/base.ttf", "a font of the base\n"),
        File("usr/share/games/chess/rules", "of chess\n"),
        File("usr/share/games/LICENCE", "free\n"),
        Link("usr/share/games/go", "chess"),
        Dir("srv"),
    ],
};

const HELLO_1: Image = Image {
    place: "/snap/hello/1",
    objects: &[
        File("fonts/hello.ttf", "a font of hello, revision 1\n"),
        File("games/level", "level of revision 1\n"),
        Dir("icons"),
    ],
};

const HELLO_2: Image = Image {
    place: "/snap/hello/2",
    objects: &[
        File("doc/MANUAL", "new in revision 2\n"),
        File("fonts/hello.ttf", "a font of hello, revision 2\n"),
        File("games/level", "level of revision 2\n"),
        Dir("icons"),
    ],
};

const THEME_3: Image =
    Image { place: "/snap/theme/3", objects: &[File("icons/smile.svg", ":-)\n")] };

const THEME_4: Image =
    Image { place: "/snap/theme/4", objects: &[File("icons/smile.svg", ":-D\n")] };

const ALL: [Image; 5] = [BASE, HELLO_1, HELLO_2, THEME_3, THEME_4];

const NOTHING: Option<&str> = None;

/// What stands for the snaps' squashfs images.
pub(crate) enum Snaps {
    /// Real images, on loop devices.
    Squashfs(Vec<Mounted>),
    /// Read-only directories, and why.
    Directories(String),
}

impl Snaps {
    /// Packs and mounts, below `scratch`, while the machine's tools are in reach.
    pub(crate) fn prepare(scratch: &Path, isolation: Isolation) -> Self {
        if isolation == Isolation::UserNamespace {
            return Self::Directories("only root can mount squashfs".into());
        }
        let mounted: Result<Vec<Mounted>> = ALL.into_iter().map(|i| i.mount(scratch)).collect();
        match mounted {
            Ok(mounted) => Self::Squashfs(mounted),
            Err(why) => Self::Directories(format!("{why:#}")),
        }
    }

    /// What they are, for people.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Squashfs(_) => "squashfs images on loop devices, as on a real machine".into(),
            Self::Directories(why) => format!("read-only directories, not squashfs ({why})"),
        }
    }

    /// Enters the world on `scratch` and furnishes it; the program under test is put there too.
    pub(crate) fn enter(self, scratch: &Path, program: &Path) -> Result<()> {
        let binary = fs::read(program).with_context(|| program.display().to_string())?;
        let world = World::enter(scratch)?;
        world.like_a_machine()?;
        match self {
            Self::Squashfs(mounted) => mounted.into_iter().try_for_each(|m| m.attach(&world))?,
            Self::Directories(_) => ALL.into_iter().try_for_each(|i| i.imitate(&world))?,
        }
        // The base's directories are what an application knows as /usr, /etc and /srv.
        for dir in ["/usr", "/etc", "/srv"] {
            let source = format!("{}{dir}", BASE.place);
            let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
            mount(Some(source.as_str()), dir, NOTHING, flags, NOTHING).context(source)?;
        }
        world
            .file("/var/snap/hello/common/greeting.conf", "greeting = hello\n")?
            .file("/var/snap/hello/common/scores", "42\n")?
            .file(super::DESIRED, "")?
            .file(super::CURRENT, super::ROOTFS)?
            .file(super::LOCK, "")?;
        fs::write(super::PROGRAM, binary)?;
        fs::set_permissions(super::PROGRAM, Permissions::from_mode(0o755))?;
        world.like_snap_confine();
        Ok(())
    }
}
