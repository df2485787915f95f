//! What was walked before is walked again when a mount changed where it leads.

use std::fs;

use anyhow::Result;
use snap_ns_plan::{Action, Outcome};

use crate::bed::Bed;
use crate::mimic::planned;
use crate::state::count_at;

on_all!(targets sources mimics ; known peers);

fn unmount(bed: &mut Bed, path: &str) {
    let done = bed.perform(&Action::Unmount { mount_point: path.as_bytes() });
    assert_eq!(done, Outcome::Done, "{path}");
}

/// The parent of a mount point: covered and uncovered, itself and from above.
fn targets(bed: &mut Bed) -> Result<()> {
    bed.world.file("/s/f", "text")?.dir("/over/p/m")?.dir("/t/p/m")?.dir("/over/m")?;
    for (cover, at) in [("/over", "/t"), ("/over", "/t/p")] {
        assert_eq!(bed.mount("/s /t/p/m none bind 0 0"), Outcome::Done);
        unmount(bed, "/t/p/m");
        assert_eq!(bed.mount(&format!("{cover} {at} none bind 0 0")), Outcome::Done);
        assert_eq!(bed.mount("/s /t/p/m none bind 0 0"), Outcome::Done);
        assert!(fs::exists("/t/p/m/f")?, "{at} is covered");
        unmount(bed, "/t/p/m");
        unmount(bed, at);
        assert_eq!(bed.mount("/s /t/p/m none bind 0 0"), Outcome::Done);
        assert!(fs::exists("/t/p/m/f")?, "{at} is uncovered");
        unmount(bed, "/t/p/m");
    }
    Ok(())
}

/// The parent of a source.
fn sources(bed: &mut Bed) -> Result<()> {
    bed.world.file("/s/p/d/old", "")?;
    for number in 1..=6 {
        bed.world.dir(&format!("/t/{number}"))?;
    }
    for (number, at) in [(1, "/s"), (4, "/s/p")] {
        let bind = |bed: &mut Bed, number: i32, name: &str| -> Result<()> {
            let line = format!("/s/p/d /t/{number} none bind 0 0");
            assert_eq!(bed.mount(&line), Outcome::Done);
            assert!(fs::exists(format!("/t/{number}/{name}"))?, "{number}: {name}");
            Ok(())
        };
        bind(bed, number, "old")?;
        // A tmpfs has no source: the walked one is not replaced by another.
        assert_eq!(bed.mount(&format!("tmpfs {at} tmpfs defaults 0 0")), Outcome::Done);
        bed.world.file("/s/p/d/new", "")?;
        bind(bed, number + 1, "new")?;
        unmount(bed, at);
        bind(bed, number + 2, "old")?;
    }
    Ok(())
}

/// A mimic covers as well.
fn mimics(bed: &mut Bed) -> Result<()> {
    bed.world.file("/s/f", "text")?.dir("/opt/p/m")?.dir("/opt/p/n")?;
    let plan = planned(bed, "/opt/p");
    assert_eq!(bed.mount("/s /opt/p/m none bind 0 0"), Outcome::Done);
    assert_eq!(bed.perform(&Action::Mimic(plan.mimic(0).unwrap())), Outcome::Done);
    assert_eq!(bed.mount("/s /opt/p/n none bind 0 0"), Outcome::Done);
    assert!(fs::exists("/opt/p/n/f")?);
    Ok(())
}

/// A mount that shows up in a second place, because that is a peer of the first. Known: the parent
/// of the source is not walked again, because nothing was mounted at its own path.
fn peers(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/a")?.dir("/b")?.dir("/t/1")?.dir("/t/2")?;
    assert_eq!(bed.mount("tmpfs /a tmpfs shared 0 0"), Outcome::Done);
    bed.world.file("/a/p/d/old", "")?;
    assert_eq!(bed.mount("/a /b none bind 0 0"), Outcome::Done);
    assert_eq!(bed.mount("/b/p/d /t/1 none bind 0 0"), Outcome::Done);
    assert_eq!(bed.mount("tmpfs /a/p tmpfs defaults 0 0"), Outcome::Done);
    assert_eq!(count_at("/b/p")?, 1);
    bed.world.file("/b/p/d/new", "")?;
    assert_eq!(bed.mount("/b/p/d /t/2 none bind 0 0"), Outcome::Done);
    assert!(fs::exists("/t/2/new")?);
    Ok(())
}
