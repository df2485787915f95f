//! What the kernel shows: a picture and a mount table, as the model makes them.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, StatVfsMountFlags, fstatvfs, openat};
use snap_mount_options::MountFlags;
use snap_ns_model::MountRow;
use snap_ns_plan::{Access, FsKind};

pub(crate) fn picture(path: &str) -> String {
    let mut picture = String::new();
    draw(Path::new(path), &mut picture);
    picture
}

fn draw(path: &Path, picture: &mut String) {
    let data = fs::symlink_metadata(path).unwrap();
    let fd =
        openat(CWD, path.as_os_str().as_bytes(), OFlags::PATH | OFlags::NOFOLLOW, Mode::empty());
    let flags = fstatvfs(fd.unwrap()).unwrap().f_flag;
    let mut words = if flags.contains(StatVfsMountFlags::RDONLY) { "ro" } else { "rw" }.to_owned();
    for (flag, word) in [
        (StatVfsMountFlags::NOSUID, ",nosuid"),
        (StatVfsMountFlags::NODEV, ",nodev"),
        (StatVfsMountFlags::NOEXEC, ",noexec"),
        (StatVfsMountFlags::NOATIME, ",noatime"),
        (StatVfsMountFlags::NODIRATIME, ",nodiratime"),
        (StatVfsMountFlags::RELATIME, ",relatime"),
    ] {
        if flags.contains(flag) {
            words += word;
        }
    }
    let (kind, text) = if data.is_dir() {
        ('d', String::new())
    } else if data.is_file() {
        ('f', format!(" \"{}\"", fs::read(path).unwrap().escape_ascii()))
    } else if data.is_symlink() {
        let target = fs::read_link(path).unwrap();
        ('l', format!(" \"{}\"", target.as_os_str().as_bytes().escape_ascii()))
    } else {
        ('s', String::new())
    };
    let (mode, uid, gid) = (data.mode() & 0o7777, data.uid(), data.gid());
    writeln!(picture, "{} {kind} {mode:04o} {uid}:{gid} {words}{text}", path.display()).unwrap();
    if data.is_dir() && path.components().count() <= 12 {
        let mut children: Vec<_> =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        children.sort();
        children.iter().for_each(|child| draw(child, picture));
    }
}

struct Line {
    id: u32,
    parent: u32,
    device: String,
    root: String,
    mount_point: String,
    flags: String,
    shared: Option<u32>,
    master: Option<u32>,
    unbindable: bool,
    kind: FsKind,
    access: Access,
}

impl Line {
    fn new(line: &str) -> Self {
        let fields: Vec<_> = line.split(' ').collect();
        let dash = fields.iter().position(|field| *field == "-").unwrap();
        let number = |prefix| {
            let mut values = fields[6..dash].iter().filter_map(|tag| tag.strip_prefix(prefix));
            values.next().map(|value: &str| value.parse().unwrap())
        };
        Self {
            id: fields[0].parse().unwrap(),
            parent: fields[1].parse().unwrap(),
            device: fields[2].into(),
            root: fields[3].into(),
            mount_point: fields[4].into(),
            flags: fields[5].into(),
            shared: number("shared:"),
            master: number("master:"),
            unbindable: fields[6..dash].contains(&"unbindable"),
            kind: if fields[dash + 1] == "tmpfs" { FsKind::Tmpfs } else { FsKind::Other },
            access: match fields[dash + 3].split(',').next() {
                Some("ro") => Access::ReadOnly,
                _ => Access::Writable,
            },
        }
    }

    fn flags(&self) -> MountFlags {
        let flag = |word: &str| match word {
            "rw" => MountFlags::empty(),
            "ro" => MountFlags::READ_ONLY,
            "nosuid" => MountFlags::NO_SUID,
            "nodev" => MountFlags::NO_DEV,
            "noexec" => MountFlags::NO_EXEC,
            "noatime" => MountFlags::NO_ATIME,
            "nodiratime" => MountFlags::NO_DIR_ATIME,
            "relatime" => MountFlags::RELATIME,
            other => panic!("{other}"),
        };
        self.flags.split(',').map(flag).collect()
    }
}

/// The mounts at `/`, `/t` and `/tmp`, and below the latter two.
pub(crate) fn table() -> Vec<MountRow> {
    let text = fs::read_to_string("/proc/thread-self/mountinfo").unwrap();
    let of_test = |line: &Line| {
        let at = &line.mount_point;
        ["/t", "/tmp"].iter().any(|top| at == top || at.starts_with(&format!("{top}/")))
    };
    let lines: Vec<_> = text.lines().map(Line::new).collect();
    let root = lines.iter().find(|line| line.mount_point == "/").unwrap();
    let lines: Vec<_> = lines.iter().filter(|line| of_test(line)).collect();
    let mut table = Table { lines, rows: Vec::new(), devices: Vec::new(), groups: Vec::new() };
    table.add(root, None, 0);
    table.rows
}

struct Table<'l> {
    lines: Vec<&'l Line>,
    rows: Vec<MountRow>,
    devices: Vec<&'l str>,
    groups: Vec<u32>,
}

fn number<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    list.iter().position(|other| *other == item).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    })
}

impl<'l> Table<'l> {
    fn add(&mut self, line: &'l Line, parent: Option<usize>, level: usize) {
        let here = self.rows.len();
        self.rows.push(MountRow {
            mount_point: line.mount_point.clone().into_bytes(),
            parent,
            level,
            root: line.root.clone().into_bytes(),
            flags: line.flags(),
            fs: number(&mut self.devices, &line.device),
            kind: line.kind,
            access: line.access,
            peers: line.shared.map(|group| number(&mut self.groups, group)),
            master: line.master.map(|group| number(&mut self.groups, group)),
            unbindable: line.unbindable,
        });
        let mut children: Vec<_> =
            self.lines.iter().copied().filter(|child| child.parent == line.id).collect();
        children.sort_by_key(|child| &child.mount_point);
        for child in children {
            let on_root = child.mount_point == line.mount_point;
            self.add(child, Some(here), if on_root { level + 1 } else { 0 });
        }
    }
}
