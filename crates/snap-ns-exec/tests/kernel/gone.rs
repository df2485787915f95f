//! A tmpfs that is recorded and not there: what is at its place is not taken for it.

use anyhow::Result;
use rustix::mount::MountFlags;
use snap_ns_plan::Outcome;

use crate::bed::Bed;
use crate::beneath::planned;

on_all!(another_file_system a_tmpfs_stands what_covers_it);

/// The mimic of `/t` is gone, and what shows there is a mount of its own, as the host's `/etc` is.
fn another_file_system(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/t")?;
    rustix::mount::mount("disk", "/t", "ramfs", MountFlags::empty(), None).unwrap();
    let mut plan = planned("tmpfs /t tmpfs x-snapd.synthetic,x-snapd.needed-by=/t/x 0 0");
    assert_eq!(plan.recorded_mount(0), Some(&b"/t"[..]));
    bed.kernel.note_gone_tmpfs(&mut plan);
    assert_eq!(plan.recorded_mount(0), None);
    Ok(())
}

fn a_tmpfs_stands(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/t/d")?;
    assert_eq!(bed.mount("tmpfs /t/d tmpfs defaults 0 0"), Outcome::Done);
    let mut plan = planned("tmpfs /t/d tmpfs defaults 0 0");
    bed.kernel.note_gone_tmpfs(&mut plan);
    assert_eq!(plan.recorded_mount(0), Some(&b"/t/d"[..]));
    Ok(())
}

/// A later entry hides it, by a mount on it or above it.
fn what_covers_it(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/s/d")?.dir("/t/d")?;
    rustix::mount::mount("disk", "/s", "ramfs", MountFlags::empty(), None).unwrap();
    bed.world.dir("/s/d")?;
    let tmpfs = "tmpfs /t/d tmpfs x-snapd.synthetic,x-snapd.needed-by=/t/d/x 0 0";
    assert_eq!(bed.mount(tmpfs), Outcome::Done);
    for over in ["/s /t/d none bind 0 0", "/s /t none rbind 0 0"] {
        assert_eq!(bed.mount(over), Outcome::Done, "{over}");
        let mut plan = planned(&format!("{tmpfs}\n{over}"));
        bed.kernel.note_gone_tmpfs(&mut plan);
        assert_eq!(plan.recorded_mount(0), Some(&b"/t/d"[..]), "{over}");
    }
    Ok(())
}
