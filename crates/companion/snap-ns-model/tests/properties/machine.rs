//! The world of a history, on the model: a machine of which one namespace is the host's.

use snap_ns_model::history::{History, Object, Root, Step, WorldLine};
use snap_ns_model::{Error, Namespace};
use snap_ns_plan::Territory;
use snap_path::is_at_or_below;

/// Where the base snap and other snaps are: read-only.
const READ_ONLY: [&str; 7] = [
    "/usr",
    "/opt",
    "/var",
    "/snap/hello/1",
    "/snap/hello/2",
    "/snap/other/1",
    "/snap/hello_foo/1",
];

/// The host's, parents first: what is no tmpfs comes from a disk.
const DISKS: [&str; 5] = ["/etc", "/srv", "/snap", "/var/snap", "/var/lib/snapd"];

/// The host's namespace.
pub(crate) fn host(history: &History) -> Namespace {
    let mut host = Namespace::new();
    let mut places = vec!["/usr", "/opt", "/var"];
    places.extend(DISKS);
    places.extend(["/dev/shm", "/tmp"]);
    places.extend(&READ_ONLY[3..]);
    for place in places {
        host.dirs(place).unwrap();
        if DISKS.contains(&place) {
            host.mount_other(place).unwrap();
        } else {
            host.mount_tmpfs(place).unwrap();
        }
    }
    for dir in ["/usr/share", "/var/lib", "/var/snap/hello/common", "/var/lib/snapd/hostfs"] {
        host.dirs(dir).unwrap();
    }
    for line in &history.world {
        add(&mut host, line).unwrap();
    }
    for place in READ_ONLY {
        host.set_read_only(place).unwrap();
    }
    // The root file system of snap-confine 2.57: nothing is recorded, nothing can be made in it.
    host.set_read_only("/").unwrap();
    let images = history.world.iter().filter(|line| line.object == Object::Image);
    for image in images {
        host.set_read_only(&image.path).unwrap();
    }
    host
}

/// A new namespace of the snap, as snap-confine makes it on `host`.
pub(crate) fn snap(host: &Namespace, history: &History) -> Namespace {
    match history.root {
        Root::Recorded => host.with_own_root(),
        Root::ReadOnly => host.clone_namespace(),
    }
}

/// The current profile that comes with it.
pub(crate) fn at_first(history: &History) -> String {
    match history.root {
        Root::Recorded => "tmpfs / tmpfs x-snapd.origin=rootfs 0 0\n".to_owned(),
        Root::ReadOnly => String::new(),
    }
}

/// Does what others did before `step`.
pub(crate) fn happen(host: &mut Namespace, step: &Step) {
    for line in &step.before {
        // What stands in their way stops them, not us.
        let _ = add(host, line);
    }
}

fn add(host: &mut Namespace, line: &WorldLine) -> Result<(), Error> {
    let above = snap_path::parent(line.path.as_bytes()).unwrap();
    // The shrinker may have taken the parent away.
    host.dirs(above)?;
    match &line.object {
        Object::Directory => host.dirs(&line.path),
        Object::File if host.picture_at(&line.path).is_ok() => {
            host.write(&line.path, line.path.as_bytes())
        }
        Object::File => host.file(&line.path, line.path.as_bytes()),
        Object::Link(target) => host.link(&line.path, target.as_bytes()),
        Object::Image => host.dirs(&line.path)?.mount_tmpfs(&line.path),
        Object::Removed => host.remove(&line.path),
    }?;
    if let Some((mode, owner)) = line.attributes {
        let mode = u16::try_from(mode).unwrap();
        host.set_attributes(&line.path, mode, owner, owner)?;
    }
    Ok(())
}

/// Where this snap may create anything.
pub(crate) fn territory(history: &History) -> Territory<'static> {
    match history.instance {
        "hello" => Territory::System { snap_instance: b"/snap/hello", snap_name: b"/snap/hello" },
        "hello_foo" => {
            Territory::System { snap_instance: b"/snap/hello_foo", snap_name: b"/snap/hello" }
        }
        "app" => Territory::System { snap_instance: b"/snap/app", snap_name: b"/snap/app" },
        "app_two" => Territory::System { snap_instance: b"/snap/app_two", snap_name: b"/snap/app" },
        "desk" => Territory::System { snap_instance: b"/snap/desk", snap_name: b"/snap/desk" },
        other => panic!("where may {other} create anything?"),
    }
}

/// What the host shows outside of where the snap may write.
pub(crate) fn host_only(host: &Namespace, history: &History) -> String {
    outside(&host.picture(), &territory(history))
}

/// The lines of a picture that are not about the territory.
pub(crate) fn outside(picture: &str, territory: &Territory<'_>) -> String {
    let lines = picture.lines().filter(|line| {
        let path = line.split(' ').next().unwrap();
        !territory.contains(path.as_bytes())
    });
    lines.fold(String::new(), |text, line| text + line + "\n")
}

/// Whether a profile binds a place of the host, which can be written to, to where the snap may write:
/// what is created there, as the rule allows by its path, is created on the host then. snapd never asks
/// for that: what it shows there is a revision of another snap, or data of one.
pub(crate) fn lets_the_host_in(history: &History) -> bool {
    let territory = territory(history);
    let images = history.world.iter().filter(|line| line.object == Object::Image);
    let mut read_only: Vec<&str> = images.map(|line| line.path.as_str()).collect();
    read_only.extend(READ_ONLY);
    history.steps.iter().flat_map(|step| &step.profile).any(|entry| {
        let inside = |path: &str| territory.contains(path.as_bytes());
        let is_in = |dir: &&str| is_at_or_below(entry.source.as_bytes(), dir.as_bytes());
        // Other file systems are in these.
        let writable =
            !read_only.iter().any(is_in) || ["/var/snap", "/var/lib/snapd"].iter().any(is_in);
        entry.source.starts_with('/')
            && inside(&entry.mount_point)
            && !inside(&entry.source)
            && writable
    })
}
