//! The aside when somebody else was there first.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, lchown};
use std::path::Path;

use anyhow::Result;
use snap_ns_plan::{Fault, Outcome, Place, Role, What};
use snap_ns_testbed::World;

use crate::bed::Bed;
use crate::mimic::{build, mimic, planned};
use crate::state::{mounts, object, tree};

// The others set nothing aside.
on_all!(@ classic_only CLASSIC writable_by_others left_by_root ; taken_over in_the_way elsewhere ; );
on_all!(@ classic_emulated CLASSIC_EMULATED ; in_the_way ; );

const DIR: &str = "/opt/w";

/// Makes the mimic, undoes it, and tells what is at `/tmp/.snap` and below it.
fn made(bed: &mut Bed, what: &str) -> Result<Vec<String>> {
    let before = mounts()?;
    let plan = planned(bed, DIR);
    assert_eq!(mimic(bed, &plan), Outcome::Done, "{what}");
    let undo = snap_ns_plan::Action::Unmount { mount_point: DIR.as_bytes() };
    assert_eq!(bed.perform(&undo), Outcome::Done, "{what}");
    assert_eq!(mounts()?, before, "{what}");
    if Path::new("/tmp/.snap").exists() { tree("/tmp/.snap") } else { Ok(Vec::new()) }
}

fn writable_by_others(bed: &mut Bed) -> Result<()> {
    build(&bed.world, DIR)?;
    for mode in [0o775, 0o757, 0o1777, 0o2777] {
        bed.world.dir("/tmp/.snap/theirs")?;
        fs::set_permissions("/tmp/.snap", Permissions::from_mode(mode))?;
        let left = made(bed, &format!("{mode:o}"))?;
        assert_eq!(left, ["40755 0:0 /tmp/.snap ", "40755 0:0 /tmp/.snap/theirs "], "{mode:o}");
        fs::remove_dir_all("/tmp/.snap")?;
    }
    Ok(())
}

/// One that is root's is used, and what is in it stays.
fn left_by_root(bed: &mut Bed) -> Result<()> {
    build(&bed.world, DIR)?;
    bed.world.dir("/tmp/.snap/opt/other")?;
    let before = tree("/tmp/.snap")?;
    assert_eq!(made(bed, "left by root")?, before);
    Ok(())
}

fn taken_over(bed: &mut Bed) -> Result<()> {
    build(&bed.world, DIR)?;
    for mode in [0, 0o700, 0o755, 0o777, 0o7777] {
        bed.world.file("/tmp/.snap/theirs/f", "text")?;
        let theirs = fs::metadata("/tmp/.snap")?.ino();
        for path in ["/tmp/.snap/theirs", "/tmp/.snap/theirs/f", "/tmp/.snap"] {
            chown(path, Some(7), Some(8))?;
        }
        fs::set_permissions("/tmp/.snap", Permissions::from_mode(mode))?;
        let below = tree("/tmp/.snap/theirs")?;
        let left = made(bed, &format!("{mode:o}"))?;
        let mut expected = vec!["40755 0:0 /tmp/.snap ".to_owned()];
        // Nothing in there is changed.
        expected.extend(below);
        expected.sort();
        assert_eq!(left, expected, "{mode:o}");
        assert_eq!(fs::metadata("/tmp/.snap")?.ino(), theirs, "it is the very directory");
        fs::remove_dir_all("/tmp/.snap")?;
    }
    Ok(())
}

/// Makes something at a path.
type Make = fn(&World, &str) -> Result<()>;

/// What is renamed keeps its owner and all that is in it.
fn in_the_way(bed: &mut Bed) -> Result<()> {
    build(&bed.world, DIR)?;
    let make: [(&str, Make); 5] = [
        ("a file", |world, path| world.file(path, "text").map(|_| ())),
        ("a link", |world, path| world.link(path, "/etc").map(|_| ())),
        ("a link to nothing", |world, path| world.link(path, "/none").map(|_| ())),
        ("a directory", |world, path| world.dir(&format!("{path}/in")).map(|_| ())),
        ("another one's link", |world, path| {
            world.link(path, "/etc")?;
            Ok(lchown(path, Some(7), Some(8))?)
        }),
    ];
    let etc = tree("/etc")?;
    for path in ["/tmp/.snap", "/tmp/.snap/opt", "/tmp/.snap/opt/w"] {
        for (what, make) in make {
            if (path, what) == ("/tmp/.snap", "a directory") {
                continue;
            }
            bed.renew();
            if let Some((dir, _)) = path.rsplit_once('/') {
                bed.world.dir(dir)?;
            }
            make(&bed.world, path)?;
            if what == "a directory" {
                chown(path, Some(7), Some(8))?;
            }
            let was = object(Path::new(path))?;
            made(bed, what)?;
            let (dir, name) = path.rsplit_once('/').unwrap();
            let away = fs::read_dir(dir)?.filter_map(Result::ok).map(|entry| entry.path());
            let away: Vec<_> =
                away.filter(|path| path.to_string_lossy().contains("/in-the-way.")).collect();
            assert_eq!(away.len(), 1, "{what} at {path}");
            let shown = object(&away[0])?.replace(&away[0].display().to_string(), path);
            assert_eq!(shown, was, "{what} at {path}, {name}");
            assert_eq!(away[0].join("in").exists(), what == "a directory");
            assert_eq!(tree("/etc")?, etc, "{what} at {path}");
            if away[0].is_dir() && !away[0].is_symlink() {
                fs::remove_dir_all(&away[0])?;
            } else {
                fs::remove_file(&away[0])?;
            }
            let _ = fs::remove_dir_all("/tmp/.snap");
        }
    }
    Ok(())
}

/// What is mounted there is nothing that anybody without privileges made: nobody takes it over.
fn elsewhere(bed: &mut Bed) -> Result<()> {
    build(&bed.world, DIR)?;
    bed.world.dir("/tmp/.snap")?.dir("/s")?;
    chown("/s", Some(7), Some(8))?;
    assert_eq!(bed.mount("/s /tmp/.snap none bind 0 0"), Outcome::Done);
    let before = (mounts()?, tree("/opt")?, tree("/tmp")?);
    let plan = planned(bed, DIR);
    let place = Place { role: Role::Aside, len: usize::MAX };
    assert_eq!(mimic(bed, &plan), Outcome::Failed(Fault { what: What::NotOurs(7), place }));
    assert_eq!((mounts()?, tree("/opt")?, tree("/tmp")?), before);
    Ok(())
}
