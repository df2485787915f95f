//! Creating directories, files and symbolic links.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, lchown};
use std::path::Path;

use anyhow::Result;
use snap_ns_plan::{Action, Creation, Fault, NodeKind, ObjectKind, Outcome, Role, Verdict, What};

use crate::bed::{Always, Bed};
use crate::state::{object, tree};

on_all!(objects in_the_way links ensured not_allowed in_a_mount ; root owners old_links);

fn creation(path: &'static str, kind: ObjectKind, mode: u16) -> Creation<'static> {
    let path = path.as_bytes();
    Creation { path, role: Role::MountPoint, kind, mode, uid: None, gid: None }
}

fn make(bed: &mut Bed, path: &'static str, kind: ObjectKind, mode: u16) -> Outcome {
    bed.perform(&Action::Make(creation(path, kind, mode)))
}

fn link<'a>(path: &'a str, target: &'a str) -> Action<'a> {
    Action::MakeSymlink {
        path: path.as_bytes(),
        target: target.as_bytes(),
        old: None,
        owner: (None, None),
    }
}

fn found(kind: NodeKind, len: usize) -> Outcome {
    Outcome::Failed(Fault::at(What::Found(kind), Role::MountPoint, len))
}

const WHOLE: usize = usize::MAX;

fn objects(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/t/old")?;
    let (dir, file) = (ObjectKind::Directory, ObjectKind::File);
    for (path, kind, mode, want) in [
        ("/t/a", dir, 0o755, "40755 0:0 /t/a "),
        ("/t/b/c/d", dir, 0o1777, "41777 0:0 /t/b/c/d "),
        ("/t/f", file, 0o644, "100644 0:0 /t/f "),
        ("/t/g/f", file, 0o600, "100600 0:0 /t/g/f "),
        ("/t/old", dir, 0o700, "40755 0:0 /t/old "),
        ("/t/f", file, 0o777, "100644 0:0 /t/f "),
        ("/dev/shm/snap.x/y", dir, 0o700, "40700 0:0 /dev/shm/snap.x/y "),
    ] {
        if path.starts_with("/dev/shm") {
            rustix::mount::mount_bind("/srv", "/dev/shm").unwrap();
        }
        assert_eq!(make(bed, path, kind, mode), Outcome::Done, "{path}");
        assert_eq!(object(Path::new(path))?, want);
    }
    // What is made on the way has the mode of its own path, whoever it is for.
    assert_eq!(object(Path::new("/t/b/c"))?, "40755 0:0 /t/b/c ");
    assert_eq!(object(Path::new("/dev/shm/snap.x"))?, "41777 0:0 /dev/shm/snap.x ");
    Ok(())
}

fn in_the_way(bed: &mut Bed) -> Result<()> {
    bed.world.file("/t/f", "text")?.dir("/t/d")?.link("/t/l", "d")?.link("/l", "/t")?;
    let before = tree("/t")?;
    for (path, want) in [
        ("/t/f", found(NodeKind::File, WHOLE)),
        ("/t/l", found(NodeKind::Symlink, WHOLE)),
        ("/t/f/x", found(NodeKind::File, 4)),
        ("/t/f/x/y", found(NodeKind::File, 4)),
        ("/t/l/x", found(NodeKind::Symlink, 4)),
        ("/t/l/x/y", found(NodeKind::Symlink, 4)),
        ("/l/x", found(NodeKind::Symlink, 2)),
    ] {
        assert_eq!(make(bed, path, ObjectKind::Directory, 0o755), want, "{path}");
    }
    assert_eq!(make(bed, "/t/d", ObjectKind::File, 0o755), found(NodeKind::Directory, WHOLE));
    assert_eq!(make(bed, "/t/l", ObjectKind::File, 0o755), found(NodeKind::Symlink, WHOLE));
    assert_eq!(tree("/t")?, before);
    Ok(())
}

fn links(bed: &mut Bed) -> Result<()> {
    bed.world.file("/t/f", "text")?.dir("/t/d")?;
    let target = "/no/such place/..";
    assert_eq!(bed.perform(&link("/t/n/l", target)), Outcome::Done);
    assert_eq!(object(Path::new("/t/n/l"))?, format!("120777 0:0 /t/n/l {target}"));
    assert_eq!(object(Path::new("/t/n"))?, "40755 0:0 /t/n ");
    let before = tree("/t")?;
    for (path, want) in [
        ("/t/n/l", Outcome::Done),
        ("/t/f", found(NodeKind::File, WHOLE)),
        ("/t/d", found(NodeKind::Directory, WHOLE)),
        ("/t/n/l/x", found(NodeKind::Symlink, 6)),
    ] {
        assert_eq!(bed.perform(&link(path, target)), want, "{path}");
    }
    assert_eq!(bed.perform(&link("/t/n/l", "/other")), found(NodeKind::Symlink, WHOLE));
    assert_eq!(tree("/t")?, before);
    Ok(())
}

type Prepare<'a> = &'a dyn Fn() -> std::io::Result<()>;

/// A link is replaced that leads where it is said to, if it and its directory are root's alone.
fn old_links(bed: &mut Bed) -> Result<()> {
    let replace = |old: &'static str| Action::MakeSymlink {
        path: b"/t/d/l",
        target: b"/new",
        old: Some(old.as_bytes()),
        owner: (None, None),
    };
    let own = |path, uid, gid| lchown(path, Some(uid), Some(gid));
    let mode = |mode| fs::set_permissions("/t/d", fs::Permissions::from_mode(mode));
    let prepare: [(&str, Prepare<'_>, bool); 8] = [
        ("/old", &|| Ok(()), true),
        ("/ol", &|| Ok(()), false),
        ("/old", &|| own("/t/d/l", 7, 0), false),
        ("/old", &|| own("/t/d/l", 0, 7), false),
        ("/old", &|| own("/t/d", 7, 0), false),
        ("/old", &|| own("/t", 7, 0), false),
        ("/old", &|| mode(0o1777), false),
        ("/old", &|| mode(0o775), false),
    ];
    // It was so when the plan was made.
    let changed = Outcome::Failed(Fault::new(What::Replaced, Role::MountPoint));
    for (old, prepare, replaced) in prepare {
        bed.world.dir("/t/d")?.link("/t/d/l", "/old")?;
        prepare()?;
        let before = tree("/t")?;
        let outcome = bed.perform(&replace(old));
        if replaced {
            assert_eq!(outcome, Outcome::Done);
            assert_eq!(object(Path::new("/t/d/l"))?, "120777 0:0 /t/d/l /new");
        } else {
            assert_eq!(outcome, changed);
            assert_eq!(tree("/t")?, before);
        }
        fs::remove_dir_all("/t")?;
    }
    // What is no link stays.
    bed.world.file("/t/d/l", "text")?;
    assert_eq!(bed.perform(&replace("text")), changed);
    Ok(())
}

fn ensured(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/home/u")?.file("/home/f", "")?.link("/home/l", "u")?;
    let mut ensure = |path: &str, must_exist: &str| {
        let (path, must_exist) = (path.as_bytes(), must_exist.as_bytes());
        bed.perform(&Action::EnsureDir { path, must_exist })
    };
    let must_exist = |what| Outcome::Failed(Fault::new(what, Role::MustExistDir));
    assert_eq!(ensure("/home/u/a/b", "/home/u"), Outcome::Done);
    assert_eq!(ensure("/home/u/a/b", "/home/u"), Outcome::Done);
    assert_eq!(ensure("/home/u", "/home/u"), Outcome::Done);
    for path in ["/home/u/a", "/home/u/a/b"] {
        assert_eq!(object(Path::new(path))?, format!("40700 0:0 {path} "));
    }
    assert_eq!(ensure("/home/v/a", "/home/v"), must_exist(What::Missing));
    assert_eq!(ensure("/home/f/a", "/home/f"), must_exist(What::Found(NodeKind::File)));
    assert_eq!(ensure("/home/l/a", "/home/l"), must_exist(What::Found(NodeKind::Symlink)));
    assert_eq!(ensure("/home/l/a", "/home"), found(NodeKind::Symlink, 7));
    assert_eq!(ensure("/home/f", "/home"), found(NodeKind::File, WHOLE));
    assert!(!Path::new("/home/v").exists());
    Ok(())
}

fn not_allowed(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/t/d")?;
    let before = tree("/t")?;
    let role = Role::MountPoint;
    let not = |at, what| Outcome::Failed(Fault::at(what, role, at));
    for (path, verdict, want) in [
        ("/t/x", Verdict::ReadOnly, not(2, What::ReadOnly)),
        ("/t/d/x/y", Verdict::ReadOnly, not(4, What::ReadOnly)),
        ("/t/d/x/y", Verdict::Trespass, not(4, What::WouldShowOnHost)),
        ("/proc/x/y", Verdict::WriteIfOn(1), not(5, What::WouldShowOnHost)),
        ("/t/d", Verdict::Trespass, Outcome::Done),
    ] {
        let rule = Always { verdict, may_change: false };
        let action = Action::Make(creation(path, ObjectKind::Directory, 0o755));
        assert_eq!(bed.perform_by(&action, &rule), want, "{path}");
        if path != "/t/d" {
            assert_eq!(bed.perform_by(&link(path, "/a"), &rule), want, "{path}");
            let must_exist = &b"/"[..];
            let action = Action::EnsureDir { path: path.as_bytes(), must_exist };
            assert_eq!(bed.perform_by(&action, &rule), want, "{path}");
        }
    }
    assert_eq!(tree("/t")?, before);
    let rule = Always { verdict: Verdict::WriteIfOn(1), may_change: false };
    let action = Action::Make(creation("/t/d/x", ObjectKind::Directory, 0o755));
    assert_eq!(bed.perform_by(&action, &rule), Outcome::Done);
    Ok(())
}

/// Only in the very mount that is named, whatever is mounted beside it from the same file system.
fn in_a_mount(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/s/d")?.dir("/s/m")?.dir("/t/b")?.dir("/t/n")?;
    let bind = |from, to| rustix::mount::mount_bind(from, to).unwrap();
    bind("/s", "/t/b");
    bind("/t/n", "/t/b/m");
    let host = |len| Outcome::Failed(Fault::at(What::WouldShowOnHost, Role::MountPoint, len));
    for (path, top, want) in [
        ("/t/b/x", 4, Outcome::Done),
        ("/t/b/d/x/y", 4, Outcome::Done),
        ("/t/b/m/x", 4, host(6)),
        ("/t/b/m/x", 6, Outcome::Done),
        // Nothing is mounted there.
        ("/t/n/y", 4, host(4)),
        ("/t/y", 2, host(2)),
    ] {
        let rule = Always { verdict: Verdict::WriteIfIn(top), may_change: true };
        let action = Action::Make(creation(path, ObjectKind::Directory, 0o755));
        assert_eq!(bed.perform_by(&action, &rule), want, "{path}");
        assert_eq!(Path::new(path).exists(), want == Outcome::Done, "{path}");
    }
    assert!(Path::new("/s/d/x/y").exists() && Path::new("/t/n/x").exists());
    Ok(())
}

fn owners(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/t")?;
    let own =
        |path, kind, mode| Creation { uid: Some(7), gid: Some(8), ..creation(path, kind, mode) };
    for (path, kind, mode, want) in [
        ("/t/a/f", ObjectKind::File, 0o640, "100640 7:8 /t/a/f "),
        // The kernel takes the set-id bits away from a file that is given away.
        ("/t/a/g", ObjectKind::File, 0o4755, "100755 7:8 /t/a/g "),
        ("/t/b/d", ObjectKind::Directory, 0o1750, "41750 7:8 /t/b/d "),
    ] {
        assert_eq!(bed.perform(&Action::Make(own(path, kind, mode))), Outcome::Done);
        assert_eq!(object(Path::new(path))?, want);
    }
    assert_eq!(object(Path::new("/t/a"))?, "40755 0:0 /t/a ");
    Ok(())
}
