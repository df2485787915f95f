//! Looking.

use anyhow::Result;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use snap_ns_plan::{
    Access, Attributes, Call, Fault, FsKind, FsView as _, Ground, Look, NodeKind, Role, What,
};

use crate::bed::Bed;

on_all!(places attributes_links_and_lists ; root owners);

fn tree(bed: &Bed) -> Result<()> {
    bed.world.file("/t/d/e/f", "text")?.link("/t/link", "d")?.link("/t/d/end", "/t")?;
    bed.world.link("/l", "/t")?.dir("/t/ro/in")?.read_only("/t/ro")?;
    mknodat(CWD, "/t/fifo", FileType::Fifo, Mode::RUSR, 0).unwrap();
    Ok(())
}

fn places(bed: &mut Bed) -> Result<()> {
    tree(bed)?;
    let found = |kind| Ok(Look::Found(kind));
    let blocked = |at, kind| Ok(Look::Blocked { at, kind });
    let missing = |parent, access, fs| Ok(Look::Missing { parent, ground: Ground { access, fs } });
    let (writable, read_only) = (Access::Writable, Access::ReadOnly);
    let deep = "/deep".repeat(700);
    bed.world.dir("/deep/deep")?;
    let long = format!("/t/{}", "n".repeat(256));
    let too_long = |call, role| Err(Fault::new(What::Failed(call, 36), role));
    for (path, want) in [
        ("/", found(NodeKind::Directory)),
        ("/t/d/e", found(NodeKind::Directory)),
        ("/t/d/e/f", found(NodeKind::File)),
        ("/t/link", found(NodeKind::Symlink)),
        ("/t/d/end", found(NodeKind::Symlink)),
        ("/l", found(NodeKind::Symlink)),
        ("/t/fifo", found(NodeKind::Special)),
        ("/l/d", blocked(2, NodeKind::Symlink)),
        ("/l/d/e/f", blocked(2, NodeKind::Symlink)),
        ("/t/link/e", blocked(7, NodeKind::Symlink)),
        ("/t/link/missing/x", blocked(7, NodeKind::Symlink)),
        ("/t/d/end/x/y", blocked(8, NodeKind::Symlink)),
        ("/t/d/e/f/x", blocked(8, NodeKind::File)),
        ("/t/d/e/f/x/y/z", blocked(8, NodeKind::File)),
        ("/t/fifo/x", blocked(7, NodeKind::Special)),
        ("/new", missing(1, writable, FsKind::Tmpfs)),
        ("/new/x/y", missing(1, writable, FsKind::Tmpfs)),
        ("/t/x", missing(2, writable, FsKind::Tmpfs)),
        ("/t/d/e/x/y/z", missing(6, writable, FsKind::Tmpfs)),
        ("/t/ro/x", missing(5, read_only, FsKind::Tmpfs)),
        ("/t/ro/in/x/y", missing(8, read_only, FsKind::Tmpfs)),
        ("/proc/x", missing(5, writable, FsKind::Other)),
        (&deep[..], missing(10, writable, FsKind::Tmpfs)),
        // No magic link is followed either.
        ("/proc/self/fd", blocked(10, NodeKind::Symlink)),
    ] {
        for role in [Role::MountPoint, Role::Source] {
            assert_eq!(bed.kernel.look(path.as_bytes(), role), want, "{path}");
        }
    }
    let role = Role::Source;
    assert_eq!(bed.kernel.look(long.as_bytes(), role), too_long(Call::Stat, role));
    let below = format!("{long}/x");
    assert_eq!(bed.kernel.look(below.as_bytes(), role), too_long(Call::Open, role));
    Ok(())
}

fn attributes_links_and_lists(bed: &mut Bed) -> Result<()> {
    use std::os::unix::ffi::OsStrExt as _;
    tree(bed)?;
    let kernel = &mut bed.kernel;
    for (path, target, want) in [
        ("/t/link", "d", true),
        ("/t/link", "dd", false),
        ("/t/link", "", false),
        ("/t/d/end", "/t", true),
        ("/l", "/t", true),
    ] {
        let is = kernel.leads_to(path.as_bytes(), target.as_bytes());
        assert_eq!(is, Ok(want), "{path} {target}");
    }
    for no_link in [&b"/l/link"[..], b"/t/d", b"/t/missing"] {
        assert!(kernel.leads_to(no_link, b"d").is_err());
    }
    assert_eq!(kernel.attributes(b"/t/d").unwrap().mode, 0o755);
    assert_eq!(kernel.attributes(b"/tmp").unwrap().mode, 0o1777);
    for not_a_directory in [&b"/t/link"[..], b"/t/d/e/f", b"/l/d", b"/missing"] {
        assert!(kernel.attributes(not_a_directory).is_err());
        assert!(kernel.list(not_a_directory, &mut |_, _| Ok(())).is_err());
    }
    for (a, b, want) in [("/t", "/t", true), ("/t", "/t/ro", true), ("/t", "/proc", false)] {
        assert_eq!(kernel.same_fs(a.as_bytes(), b.as_bytes()), Ok(want), "{a} {b}");
    }
    assert!(kernel.same_fs(b"/t", b"/l").is_err());

    // Names of any bytes, more of them than one batch holds.
    let odd = std::ffi::OsStr::from_bytes(b"\xff \n\\,#");
    std::fs::write(std::path::Path::new("/t").join(odd), "")?;
    for number in 0..2000 {
        bed.world.file(&format!("/t/many/{number}"), "")?;
    }
    let mut names = Vec::new();
    let mut collect = |name: &[u8], kind| {
        names.push((name.to_vec(), kind));
        Ok(())
    };
    bed.kernel.list(b"/t", &mut collect).unwrap();
    names.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let want = [
        (&b"d"[..], NodeKind::Directory),
        (b"fifo", NodeKind::Special),
        (b"link", NodeKind::Symlink),
        (b"many", NodeKind::Directory),
        (b"ro", NodeKind::Directory),
        (b"\xff \n\\,#", NodeKind::File),
    ];
    assert_eq!(names, want.map(|(name, kind)| (name.to_vec(), kind)));
    let mut count = 0;
    let stop = Fault::new(What::Missing, Role::Nothing);
    let mut more = |_: &[u8], _| {
        count += 1;
        Ok(())
    };
    bed.kernel.list(b"/t/many", &mut more).unwrap();
    assert_eq!(count, 2000);
    assert_eq!(bed.kernel.list(b"/t/many", &mut |_, _| Err(stop)), Err(stop));
    Ok(())
}

fn owners(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/t")?;
    std::os::unix::fs::chown("/t", Some(7), Some(8))?;
    let want = Attributes { mode: 0o755, uid: 7, gid: 8 };
    assert_eq!(bed.kernel.attributes(b"/t"), Ok(want));
    Ok(())
}
