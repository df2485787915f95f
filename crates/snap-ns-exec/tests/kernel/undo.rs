//! Undoing: mounts, mount points, symbolic links.

use std::fs::{self, File};

use anyhow::Result;
use snap_ns_plan::{Action, Outcome, Skip};

use crate::bed::Bed;
use crate::state::{count_at, mounts, tree};

on_all!(unmounting peers_stay mount_points links);

const NOT_THERE: Outcome = Outcome::Skipped(Skip::NotThere);
const STAYS: Outcome = Outcome::Skipped(Skip::Stays);

fn unmount(bed: &mut Bed, path: &str) -> Outcome {
    bed.perform(&Action::Unmount { mount_point: path.as_bytes() })
}

fn unmounting(bed: &mut Bed) -> Result<()> {
    bed.world
        .dir("/s/in")?
        .file("/s/f", "text")?
        .dir("/t/d/in")?
        .file("/t/f", "")?
        .link("/l", "/t")?;
    let before = (mounts()?, tree("/t")?);
    for path in ["/t/d", "/t/f", "/t/missing", "/missing/x", "/t/f/x", "/l/d", "/l"] {
        assert_eq!(unmount(bed, path), NOT_THERE, "{path}");
    }
    // Stacked: the upper one first.
    let lines = ["/s /t/d none bind 0 0", "tmpfs /t/d tmpfs mode=0700 0 0"];
    for line in lines {
        assert_eq!(bed.mount(line), Outcome::Done);
    }
    assert_eq!(unmount(bed, "/t/d"), Outcome::Done);
    assert!(fs::exists("/t/d/f")?);
    // In use, and with something mounted in it.
    let open = File::open("/t/d/f")?;
    assert_eq!(bed.mount("tmpfs /t/d/in tmpfs defaults 0 0"), Outcome::Done);
    assert_eq!(bed.mount("/s/f /t/f none bind,x-snapd.kind=file 0 0"), Outcome::Done);
    assert_eq!(unmount(bed, "/l/d"), NOT_THERE);
    assert_eq!((count_at("/t/d")?, count_at("/t/d/in")?), (1, 1));
    assert_eq!(unmount(bed, "/t/d"), Outcome::Done);
    assert_eq!(unmount(bed, "/t/f"), Outcome::Done);
    drop(open);
    assert_eq!((mounts()?, tree("/t")?), before);
    assert_eq!(unmount(bed, "/t/d"), NOT_THERE);
    Ok(())
}

/// What is undone here is not undone elsewhere.
fn peers_stay(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/s")?.dir("/t")?;
    for line in ["tmpfs /s tmpfs shared 0 0", "/s /t none bind 0 0"] {
        assert_eq!(bed.mount(line), Outcome::Done);
    }
    bed.world.dir("/s/in")?;
    assert_eq!(bed.mount("tmpfs /t/in tmpfs defaults 0 0"), Outcome::Done);
    assert_eq!((count_at("/s/in")?, count_at("/t/in")?), (1, 1));
    assert_eq!(unmount(bed, "/t"), Outcome::Done);
    assert_eq!((count_at("/s/in")?, count_at("/t/in")?), (1, 0));
    Ok(())
}

fn mount_points(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/t/empty")?.file("/t/full/f", "text")?.file("/t/nothing", "")?;
    bed.world
        .file("/t/text", "text")?
        .link("/t/l", "empty")?
        .dir("/t/busy")?
        .file("/t/busy-f", "")?;
    bed.world.dir("/t/ro/d")?.file("/t/ro/f", "")?.link("/l", "/t")?.read_only("/t/ro")?;
    for line in ["/s /t/busy none bind 0 0", "/s-f /t/busy-f none bind,x-snapd.kind=file 0 0"] {
        bed.world.dir("/s")?.file("/s-f", "")?;
        assert_eq!(bed.mount(line), Outcome::Done);
    }
    for (path, want) in [
        ("/l/empty", NOT_THERE),
        ("/t/empty", Outcome::Done),
        ("/t/empty", NOT_THERE),
        ("/t/full", STAYS),
        ("/t/full/f/x", NOT_THERE),
        ("/t/nothing", Outcome::Done),
        ("/t/text", STAYS),
        ("/t/l", STAYS),
        ("/t/busy", STAYS),
        ("/t/busy-f", STAYS),
        ("/t/ro/d", STAYS),
        ("/t/ro/f", STAYS),
        ("/t/missing/x", NOT_THERE),
        ("/", STAYS),
    ] {
        let done =
            bed.perform(&Action::RemoveMountPoint { path: path.as_bytes(), keep: usize::MAX });
        assert_eq!(done, want, "{path}");
        let there = fs::symlink_metadata(path).is_ok();
        assert_eq!(there, want == STAYS || path == "/l/empty", "{path}");
    }
    Ok(())
}

fn links(bed: &mut Bed) -> Result<()> {
    bed.world.link("/t", "/r")?.link("/l", "/a")?.file("/r/f", "/a")?.dir("/r/d")?;
    bed.world.link("/r/l", "/a")?.link("/r/other", "/b")?.link("/r/longer", "/a/b")?;
    for (path, want) in [
        ("/l", Outcome::Done),
        ("/l", NOT_THERE),
        ("/r/l", Outcome::Done),
        ("/r/other", NOT_THERE),
        ("/r/longer", NOT_THERE),
        ("/r/f", NOT_THERE),
        ("/r/d", NOT_THERE),
        ("/t/other", NOT_THERE),
        ("/r/f/x", NOT_THERE),
        ("/missing/x", NOT_THERE),
    ] {
        let (path, target) = (path.as_bytes(), &b"/a"[..]);
        let done = bed.perform(&Action::RemoveSymlink { path, target, keep: usize::MAX });
        assert_eq!(done, want, "{}", path.escape_ascii());
    }
    assert_eq!(tree("/r")?.len(), 5);
    bed.world.link("/r/l", "/a")?.read_only("/r")?;
    let (path, target) = (&b"/r/l"[..], &b"/a"[..]);
    assert_eq!(bed.perform(&Action::RemoveSymlink { path, target, keep: usize::MAX }), STAYS);
    Ok(())
}
