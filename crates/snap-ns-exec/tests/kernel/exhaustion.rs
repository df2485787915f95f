//! Failures in the middle: the process runs out of descriptors at each place where it needs one.

use anyhow::Result;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use snap_ns_plan::{Action, Fault, Outcome, Verdict, What};

use crate::bed::{Always, Bed, items};
use crate::mimic::planned;
use crate::state::{mounts, tree};

on_all!(binds file_systems mimics undoing);

/// `EMFILE`
const TOO_MANY: i32 = 24;

/// Performs `action` with room for more and more descriptors, until it is done. Each time before,
/// nothing has changed but `scratch`.
fn until_done(bed: &mut Bed, action: &Action<'_>, may_change: bool, scratch: &str) -> Result<()> {
    let rule = Always { verdict: Verdict::Write, may_change };
    let usual = getrlimit(Resource::Nofile);
    let mut failures = 0;
    for limit in 3..64 {
        bed.renew();
        let before = (mounts()?, tree(scratch)?);
        setrlimit(Resource::Nofile, Rlimit { current: Some(limit), ..usual }).unwrap();
        let outcome = bed.perform_by(action, &rule);
        setrlimit(Resource::Nofile, usual).unwrap();
        match outcome {
            Outcome::Done => {
                assert!(failures > 0);
                return Ok(());
            }
            Outcome::Failed(Fault { what: What::Failed(_, TOO_MANY), .. }) => failures += 1,
            other @ (Outcome::Failed(_) | Outcome::DoneWithout { .. } | Outcome::Skipped(_)) => {
                panic!("{action:?} with {limit}: {other:?}");
            }
        }
        let after = (mounts()?, tree(scratch)?);
        assert!(after == before, "with {limit} descriptors: {outcome:?}, {action:?}: {after:#?}");
    }
    panic!("never done");
}

fn binds(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/s/in")?.file("/s-f", "text")?;
    for (number, options) in
        ["bind", "rbind", "bind,ro", "bind,rprivate", "rbind,nosuid,rslave"].into_iter().enumerate()
    {
        for (kind, may_change) in [("a", false), ("b", true), ("f", false)] {
            let path = format!("/t/{kind}{number}");
            let line = if kind == "f" {
                bed.world.file(&path, "")?;
                format!("/s-f {path} none {options},x-snapd.kind=file 0 0")
            } else {
                bed.world.dir(&path)?;
                format!("/s {path} none {options} 0 0")
            };
            until_done(bed, &Action::Mount(&items(&line)[0]), may_change, "/t")?;
        }
    }
    Ok(())
}

fn file_systems(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/t/1")?.dir("/t/2")?;
    for line in ["tmpfs /t/1 tmpfs nosuid 0 0", "tmpfs /t/2 tmpfs private 0 0"] {
        until_done(bed, &Action::Mount(&items(line)[0]), false, "/t")?;
    }
    Ok(())
}

fn mimics(bed: &mut Bed) -> Result<()> {
    bed.world.file("/opt/w/d/in/f", "text")?.file("/opt/w/f", "text")?.link("/opt/w/l", "/a")?;
    let plan = planned(bed, "/opt/w");
    let before = tree("/tmp")?;
    until_done(bed, &Action::Mimic(plan.mimic(0).unwrap()), false, "/opt")?;
    assert_eq!(tree("/tmp")?, before);
    Ok(())
}

fn undoing(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/t/d/e")?.file("/t/f", "")?.link("/t/l", "/a")?.dir("/s")?.file("/s-f", "")?;
    assert_eq!(bed.mount("/s /t/d none bind 0 0"), Outcome::Done);
    assert_eq!(bed.mount("/s-f /t/f none bind,x-snapd.kind=file 0 0"), Outcome::Done);
    for action in [
        Action::Unmount { mount_point: b"/t/d" },
        Action::Unmount { mount_point: b"/t/f" },
        Action::RemoveMountPoint { path: b"/t/d/e", keep: usize::MAX },
        Action::RemoveMountPoint { path: b"/t/f", keep: usize::MAX },
        Action::RemoveSymlink { path: b"/t/l", target: b"/a", keep: usize::MAX },
    ] {
        until_done(bed, &action, false, "/t")?;
    }
    Ok(())
}
