//! The tree beneath what is recorded, while the live one stays as it is.

use std::fs;

use anyhow::Result;
use snap_ns_exec::Kernel;
use snap_ns_plan::{Action, FsView as _, Look, NodeKind, Outcome, Plan, Role, Territory};

use crate::bed::{Bed, profile};
use crate::state::{count_at, mounts, tree};

on_all!(what_is_uncovered peers_stay a_stacked_root deleted_roots many parts_of_a_mimic);

const TERRITORY: Territory<'static> =
    Territory::System { snap_instance: b"/snap/x", snap_name: b"/snap/x" };

/// A plan that undoes everything in `current`.
pub(crate) fn planned(current: &str) -> Box<Plan<'static>> {
    let mut plan = Box::new(Plan::new());
    let desired = profile("/srv /mnt none bind 0 0");
    let _ = plan.compare(profile(current), desired, TERRITORY).unwrap();
    plan
}

pub(crate) fn look(view: &mut Kernel, path: &str) -> Option<NodeKind> {
    match view.look(path.as_bytes(), Role::MountPoint).unwrap() {
        Look::Found(kind) => Some(kind),
        Look::Missing { .. } | Look::Blocked { .. } => None,
    }
}

/// Stacked mounts, files, mounts in mounts that go, and what is not mounted.
fn what_is_uncovered(bed: &mut Bed) -> Result<()> {
    const LINES: [&str; 8] = [
        "/s /t/d none bind 0 0",
        "tmpfs /t/d tmpfs mode=0700 0 0",
        "/s-f /t/f none bind,x-snapd.kind=file 0 0",
        "/s-g /t/f none bind,x-snapd.kind=file 0 0",
        "/s-f /t/h none bind,x-snapd.kind=file 0 0",
        "/s /t/e none rbind 0 0",
        "tmpfs /t/e/in tmpfs mode=0711 0 0",
        "/t /t/e/in/x none rbind,x-snapd.origin=layout 0 0",
    ];
    bed.world.file("/s/of-s", "")?.dir("/s/in/of-s-in")?.file("/s-f", "f")?.file("/s-g", "g")?;
    bed.world.dir("/t/d/of-t-d")?.file("/t/f", "")?.file("/t/h", "")?.dir("/t/e/of-t-e")?;
    bed.world.dir("/t/plain")?.file("/t/plain-f", "")?.link("/t/l", "/s")?;
    for line in LINES {
        if line.contains("/x ") {
            bed.world.dir("/t/e/in/x")?;
        }
        assert_eq!(bed.mount(line), Outcome::Done, "{line}");
    }
    let before = (mounts()?, tree("/t/d")?, tree("/s")?);
    let recorded = [
        &LINES[..],
        &[
            "/s /t/plain none bind 0 0",
            "/s-f /t/plain-f none bind,x-snapd.kind=file 0 0",
            "/s /t/l none bind 0 0",
            "/s /t/missing none bind 0 0",
            "/s /missing/missing none bind 0 0",
            "/s /t/f/x none bind 0 0",
        ],
    ]
    .concat();
    // A second entry for one mount point is no profile's: they go one after the other.
    for (number, half) in [recorded.clone(), vec![LINES[0], LINES[2]]].iter().enumerate() {
        let lines: Vec<&str> = half
            .iter()
            .enumerate()
            .filter(|(at, line)| {
                let point = line.split(' ').nth(1);
                !half[at + 1..].iter().any(|later| later.split(' ').nth(1) == point)
            })
            .map(|(_, line)| *line)
            .collect();
        let mut plan = planned(&lines.join("\n"));
        let mut view = bed.kernel.beneath(&mut plan).unwrap();
        let dir = Some(NodeKind::Directory);
        if number == 0 {
            assert_eq!(look(&mut view, "/t/d/of-s"), Some(NodeKind::File), "the upper one is gone");
            assert_eq!(look(&mut view, "/t/e/of-t-e"), dir);
            assert_eq!(look(&mut view, "/t/e/in"), None);
            assert!(view.is_vacant(b"/t/h").unwrap(), "the file beneath is empty");
            assert!(!view.is_vacant(b"/t/f").unwrap(), "one of two is left");
        } else {
            assert_eq!(look(&mut view, "/t/d/of-s"), Some(NodeKind::File));
            assert_eq!(look(&mut view, "/t/e/in"), dir);
        }
        drop(view);
        assert_eq!((mounts()?, tree("/t/d")?, tree("/s")?), before);
    }
    Ok(())
}

/// What is put away in the copy stays where it propagated to.
fn peers_stay(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/s")?.dir("/t")?;
    for line in ["tmpfs /s tmpfs shared 0 0", "/s /t none bind 0 0"] {
        assert_eq!(bed.mount(line), Outcome::Done);
    }
    bed.world.dir("/s/in")?;
    assert_eq!(bed.mount("tmpfs /t/in tmpfs defaults 0 0"), Outcome::Done);
    let before = mounts()?;
    let mut plan = planned("/s /t none bind 0 0\ntmpfs /t/in tmpfs defaults 0 0");
    let mut view = bed.kernel.beneath(&mut plan).unwrap();
    assert_eq!(look(&mut view, "/t/in"), None);
    assert_eq!(look(&mut view, "/s/in"), Some(NodeKind::Directory));
    assert_eq!(mounts()?, before);
    assert_eq!((count_at("/s/in")?, count_at("/t/in")?), (1, 1));
    Ok(())
}

/// The root directory may be covered, and may itself cover another one.
fn a_stacked_root(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/s/in")?.dir("/t")?;
    rustix::mount::mount_bind_recursive("/", "/").unwrap();
    let root = rustix::fs::open(
        "/..",
        rustix::fs::OFlags::PATH | rustix::fs::OFlags::CLOEXEC,
        rustix::fs::Mode::empty(),
    )
    .unwrap();
    rustix::process::fchdir(&root).unwrap();
    rustix::process::chroot(".").unwrap();
    bed.renew();
    assert_eq!(bed.mount("/s /t none bind 0 0"), Outcome::Done);
    let mut plan = planned("/s /t none bind 0 0");
    let mut view = bed.kernel.beneath(&mut plan).unwrap();
    assert_eq!(look(&mut view, "/s/in"), Some(NodeKind::Directory));
    assert_eq!(look(&mut view, "/t/in"), None);
    drop(view);
    assert!(fs::exists("/t/in")?);
    let undo = Action::Unmount { mount_point: b"/t" };
    assert_eq!(bed.perform(&undo), Outcome::Done);
    Ok(())
}

/// What shows a deleted directory or file cannot be moved, and is mounted all the same.
fn deleted_roots(bed: &mut Bed) -> Result<()> {
    const LINES: [&str; 6] = [
        "/s/a /t/a none bind 0 0",
        "/s/f /t/f none bind,x-snapd.kind=file 0 0",
        "/s/b /t/b none bind 0 0",
        "/s/g /t/g none bind,x-snapd.kind=file 0 0",
        "/s/c /t/c none bind 0 0",
        "/s/h /t/h none bind,x-snapd.kind=file 0 0",
    ];
    for name in ["a", "b", "c"] {
        bed.world.dir(&format!("/s/{name}/in"))?.dir(&format!("/t/{name}"))?;
    }
    for name in ["f", "g", "h"] {
        bed.world.file(&format!("/s/{name}"), "f")?.file(&format!("/t/{name}"), "")?;
    }
    for line in LINES {
        assert_eq!(bed.mount(line), Outcome::Done, "{line}");
    }
    fs::remove_dir_all("/s/c")?;
    fs::remove_file("/s/h")?;
    let before = mounts()?;
    let mut plan = planned(&LINES.join("\n"));
    let mut view = bed.kernel.beneath(&mut plan).unwrap();
    for place in 0..plan.recorded() {
        assert!(plan.recorded_mount(place).is_some(), "line {place} is mounted");
    }
    for name in ["a", "b"] {
        assert_eq!(look(&mut view, &format!("/t/{name}/in")), None);
    }
    assert!(view.is_vacant(b"/t/f").unwrap(), "the file beneath is empty");
    drop(view);
    assert_eq!(mounts()?, before);
    Ok(())
}

/// More than are put away in one place.
fn many(bed: &mut Bed) -> Result<()> {
    const COUNT: usize = 100;
    bed.world.file("/s/of-s", "")?.file("/s-f", "f")?;
    let mut recorded = Vec::new();
    for number in 0..COUNT {
        bed.world.dir(&format!("/t/d{number}/of-t"))?.file(&format!("/t/f{number}"), "")?;
        recorded.push(format!("/s /t/d{number} none bind 0 0"));
        recorded.push(format!("/s-f /t/f{number} none bind,x-snapd.kind=file 0 0"));
    }
    for line in &recorded {
        assert_eq!(bed.mount(line), Outcome::Done, "{line}");
    }
    let before = mounts()?;
    let mut plan = planned(&recorded.join("\n"));
    let mut view = bed.kernel.beneath(&mut plan).unwrap();
    for number in 0..COUNT {
        let of_t = look(&mut view, &format!("/t/d{number}/of-t"));
        assert_eq!(of_t, Some(NodeKind::Directory), "{number}");
        assert!(view.is_vacant(format!("/t/f{number}").as_bytes()).unwrap(), "{number}");
    }
    drop(view);
    assert_eq!(mounts()?, before);
    Ok(())
}

/// The children of a mimic go with its tmpfs, where there is one. What is not mounted is noticed.
fn parts_of_a_mimic(bed: &mut Bed) -> Result<()> {
    const TMPFS: &str =
        "tmpfs /t tmpfs x-snapd.synthetic,x-snapd.needed-by=/t/n,mode=0755,uid=0,gid=0 0 0";
    const PARTS: [&str; 3] = [
        "/s/d /t/d none rbind,x-snapd.synthetic,x-snapd.needed-by=/t/n,x-snapd.detach 0 0",
        "/s/e /t/e none rbind,x-snapd.synthetic,x-snapd.needed-by=/t/n,x-snapd.detach 0 0",
        "/s/f /t/f none bind,x-snapd.kind=file,x-snapd.synthetic,x-snapd.needed-by=/t/n 0 0",
    ];
    bed.world.dir("/s/d/in")?.dir("/s/e/in")?.file("/s/f", "f")?;
    bed.world.dir("/t/d/beneath")?.dir("/t/e/beneath")?.file("/t/f", "")?;
    let recorded = [&[TMPFS], &PARTS[..]].concat();
    for tmpfs in [true, false] {
        if tmpfs {
            assert_eq!(bed.mount(TMPFS), Outcome::Done);
            bed.world.dir("/t/d")?.dir("/t/e")?.file("/t/f", "")?;
        }
        // All but one.
        for line in [PARTS[0], PARTS[2]] {
            assert_eq!(bed.mount(line), Outcome::Done, "{line}");
        }
        let before = mounts()?;
        let mut plan = planned(&recorded.join("\n"));
        let mut view = bed.kernel.beneath(&mut plan).unwrap();
        for dir in ["/t/d/beneath", "/t/e/beneath"] {
            assert_eq!(look(&mut view, dir), Some(NodeKind::Directory), "{tmpfs}: {dir}");
        }
        assert_eq!(look(&mut view, "/t/d/in"), None, "{tmpfs}");
        assert!(view.is_vacant(b"/t/f").unwrap(), "{tmpfs}");
        drop(view);
        let noted = (0..4).map(|place| plan.recorded_mount(place).is_some()).collect::<Vec<_>>();
        assert_eq!(noted, [tmpfs, true, false, true]);
        assert_eq!(mounts()?, before);
        if tmpfs {
            let undo = Action::Unmount { mount_point: b"/t" };
            assert_eq!(bed.perform(&undo), Outcome::Done);
        }
    }
    Ok(())
}
