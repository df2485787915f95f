//! The newer calls are not there, or are refused: everything is done all the same.

use std::fs;

use anyhow::Result;
use snap_ns_exec::{Backend, Fallback};
use snap_ns_plan::{Action, Outcome, Performer as _};
use snap_ns_testbed::{Answer, Group, Without};

use crate::bed::{ALLOWED, Bed, FD, FD_STAGED, Means, run_without};
use crate::beneath::{look, planned as undone};
use crate::mimic::planned;
use crate::state::{mount_at, mounts, tree};

/// Does one thing of each kind, each with a kernel that knows nothing yet.
fn everything(bed: &mut Bed, fallback: Fallback) -> Result<()> {
    bed.world.file("/s/f", "text")?.dir("/t/d")?.file("/t/f", "")?.dir("/t/tmpfs")?;
    bed.world.file("/opt/w/d/f", "text")?.file("/opt/w/f", "text")?.link("/opt/w/l", "f")?;
    let fell_back = |bed: &mut Bed| {
        assert_eq!(bed.kernel.backend(), Backend::Classic);
        assert_eq!(bed.kernel.fallback(), Some(fallback));
        bed.renew();
    };
    let before = mounts()?;
    for (line, options) in [
        ("/s /t/d none bind,ro,nosuid 0 0", "ro,nosuid,relatime"),
        ("/s/f /t/f none bind,ro,x-snapd.kind=file 0 0", "ro,relatime"),
        ("tmpfs /t/tmpfs tmpfs mode=0700,private 0 0", "rw,relatime"),
    ] {
        assert_eq!(bed.mount(line), Outcome::Done, "{line}");
        let path = line.split(' ').nth(1).unwrap();
        assert_eq!(mount_at(path)?.as_deref(), Some(options), "{line}");
        if line.starts_with("tmpfs") {
            // A tmpfs has its flags from the start, and needs nothing but what makes it.
            bed.renew();
        } else {
            fell_back(bed);
        }
    }
    let mut plan =
        undone("/s /t/d none bind,ro,nosuid 0 0\n/s/f /t/f none bind,x-snapd.kind=file 0 0");
    let mut view = bed.kernel.beneath(&mut plan).unwrap();
    assert_eq!(look(&mut view, "/t/d/f"), None);
    assert!(view.fallback() == Some(fallback));
    drop(view);
    fell_back(bed);
    for path in ["/t/d", "/t/f", "/t/tmpfs"] {
        let undo = Action::Unmount { mount_point: path.as_bytes() };
        assert_eq!(bed.perform(&undo), Outcome::Done);
    }
    assert_eq!(mounts()?, before);
    let shown = tree("/opt/w")?;
    let plan = planned(bed, "/opt/w");
    let outcome = bed.kernel.perform(&Action::Mimic(plan.mimic(0).unwrap()), &ALLOWED);
    assert_eq!((outcome, tree("/opt/w")?), (Outcome::Done, shown));
    fs::create_dir("/opt/w/new")?;
    Ok(())
}

fn check(name: &str, means: Means, group: Group, answer: Answer) -> Result<()> {
    let fallback = match answer {
        Answer::Missing => Fallback::Missing,
        Answer::Denied => Fallback::Denied,
    };
    let without = Without { groups: vec![group], answer };
    run_without(&format!("kernel::refused::{name}"), &without, means, |bed| {
        everything(bed, fallback)
    })
}

#[test]
fn missing_open_tree() -> Result<()> {
    check("missing_open_tree", FD, Group::OpenTree, Answer::Missing)
}

#[test]
fn denied_open_tree() -> Result<()> {
    check("denied_open_tree", FD, Group::OpenTree, Answer::Denied)
}

#[test]
fn missing_mount_setattr() -> Result<()> {
    check("missing_mount_setattr", FD_STAGED, Group::MountSetattr, Answer::Missing)
}

#[test]
fn denied_mount_setattr() -> Result<()> {
    check("denied_mount_setattr", FD_STAGED, Group::MountSetattr, Answer::Denied)
}
