//! Mounting entries: what, with which flags and propagation.

use std::fs;

use anyhow::Result;
use snap_ns_plan::{Action, Call, Fault, NodeKind, Outcome, Role, Skip, What};

use crate::bed::Bed;
use crate::state::{count_at, mount_at, mounts, object, tree};

both!(trees flags file_systems propagation what_is_missing replaced_in_between ; root owners);

fn trees(bed: &mut Bed) -> Result<()> {
    bed.world.file("/s/f", "text")?.file("/s/in/g", "inner")?.dir("/s/sub")?;
    bed.world.dir("/t/1")?.dir("/t/2")?.file("/t/f", "")?.dir("/t/m")?;
    assert_eq!(bed.mount("tmpfs /s/sub tmpfs defaults 0 0"), Outcome::Done);
    bed.world.file("/s/sub/h", "on top")?;
    for line in [
        "/s /t/1 none bind 0 0",
        "/s /t/2 none rbind 0 0",
        "/s/f /t/f none bind,x-snapd.kind=file 0 0",
    ] {
        assert_eq!(bed.mount(line), Outcome::Done, "{line}");
    }
    assert_eq!(fs::read_to_string("/t/1/in/g")?, "inner");
    assert_eq!(fs::read_to_string("/t/2/sub/h")?, "on top");
    assert!(!fs::exists("/t/1/sub/h")?, "a plain bind takes no mounts along");
    assert_eq!(fs::read_to_string("/t/f")?, "text");
    assert_eq!(bed.mount("/s/sub /t/m none move 0 0"), Outcome::Done);
    assert!(fs::exists("/t/m/h")? && !fs::exists("/s/sub/h")?);
    Ok(())
}

fn flags(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/s")?.file("/s/f", "text")?;
    assert_eq!(bed.mount("tmpfs /s tmpfs nosuid,nodev 0 0"), Outcome::Done);
    bed.world.file("/s/f", "text")?;
    for (number, (options, want)) in [
        ("bind", "rw,nosuid,nodev,relatime"),
        ("bind,ro", "ro,nosuid,nodev,relatime"),
        ("bind,noexec", "rw,nosuid,nodev,noexec,relatime"),
        ("rbind,noexec,nosuid", "rw,nosuid,nodev,noexec,relatime"),
        ("bind,noatime", "rw,nosuid,nodev,noatime"),
        ("bind,ro,nodiratime", "ro,nosuid,nodev,nodiratime,relatime"),
        ("bind,strictatime", "rw,nosuid,nodev"),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("/t/{number}");
        bed.world.dir(&path)?.file(&format!("{path}f"), "")?;
        assert_eq!(bed.mount(&format!("/s {path} none {options} 0 0")), Outcome::Done, "{options}");
        assert_eq!(mount_at(&path)?.as_deref(), Some(want), "{options}");
        let file = format!("/s/f {path}f none {options},x-snapd.kind=file 0 0");
        assert_eq!(bed.mount(&file), Outcome::Done, "{options}");
        assert_eq!(mount_at(&format!("{path}f"))?.as_deref(), Some(want), "{options}");
    }
    assert_eq!(mount_at("/s")?.as_deref(), Some("rw,nosuid,nodev,relatime"));
    Ok(())
}

fn file_systems(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/t/1")?.dir("/t/2")?.dir("/t/3")?;
    for (line, want) in [
        ("tmpfs /t/1 tmpfs defaults 0 0", "41777 0:0 /t/1 "),
        ("tmpfs /t/2 tmpfs x-snapd.mode=0750 0 0", "40750 0:0 /t/2 "),
        ("tmpfs /t/3 tmpfs mode=0700,size=4k,ro 0 0", "40700 0:0 /t/3 "),
    ] {
        assert_eq!(bed.mount(line), Outcome::Done, "{line}");
        let path = line.split(' ').nth(1).unwrap();
        assert_eq!(object(path.as_ref())?, want, "{line}");
    }
    assert_eq!(mount_at("/t/3")?.as_deref(), Some("ro,relatime"));
    let remount = "none /t/3 none remount,rw,nosuid 0 0";
    assert_eq!(bed.mount(remount), Outcome::Done);
    assert_eq!(mount_at("/t/3")?.as_deref(), Some("rw,nosuid,relatime"));
    let unknown = bed.mount("none /t/1 nosuchfs defaults 0 0");
    let no_device = Fault::new(What::Failed(Call::Mount, 19), Role::MountPoint);
    assert_eq!(unknown, Outcome::Failed(no_device));
    Ok(())
}

fn propagation(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/s")?;
    assert_eq!(bed.mount("tmpfs /s tmpfs shared 0 0"), Outcome::Done);
    for (number, (options, want)) in [
        ("bind", Some("shared:")),
        ("bind,private", None),
        ("bind,rslave", Some("master:")),
        ("rbind,unbindable", Some("unbindable")),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("/t/{number}");
        bed.world.dir(&path)?;
        let done = bed.mount(&format!("/s {path} none {options} 0 0"));
        assert_eq!(done, Outcome::Done, "{options}");
        let line = mount_at(&path)?.unwrap();
        let tags = line.split_once(' ').map(|(_, tags)| tags);
        match want {
            None => assert_eq!(tags, None, "{options}"),
            Some(want) => assert!(tags.is_some_and(|t| t.starts_with(want)), "{options}: {line}"),
        }
    }
    Ok(())
}

fn what_is_missing(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/s/d")?.file("/s/f", "")?.link("/s/l", "d")?.dir("/t")?;
    let before = (mounts()?, tree("/s")?, tree("/t")?);
    let fault = |what, role| Outcome::Failed(Fault::new(what, role));
    let (source, target) = (Role::Source, Role::MountPoint);
    for (line, want) in [
        ("/s/x /t none bind 0 0", fault(What::Missing, source)),
        ("/s/d /t/x none bind 0 0", fault(What::Missing, target)),
        ("/s/d /t/x/y none bind 0 0", fault(What::Missing, target)),
        ("/s/f /t none bind 0 0", fault(What::Found(NodeKind::File), source)),
        ("/s/l /t none bind 0 0", fault(What::Found(NodeKind::Symlink), source)),
        ("/s/d /s/l none bind 0 0", fault(What::Found(NodeKind::Symlink), target)),
        (
            "/s/d /s/f none bind,x-snapd.kind=file 0 0",
            fault(What::Found(NodeKind::Directory), source),
        ),
        (
            "/s/f /t none bind,x-snapd.kind=file 0 0",
            fault(What::Found(NodeKind::Directory), target),
        ),
        (
            "/s/l/x /t none bind 0 0",
            Outcome::Failed(Fault::at(What::Found(NodeKind::Symlink), source, 4)),
        ),
        ("tmpfs /t/x tmpfs defaults 0 0", fault(What::Missing, target)),
        ("tmpfs /s/l tmpfs defaults 0 0", fault(What::Found(NodeKind::Symlink), target)),
        ("/s/x /t none bind,x-snapd.ignore-missing 0 0", Outcome::Skipped(Skip::IgnoredMissing)),
        ("/s/d /t/x none bind,x-snapd.ignore-missing 0 0", Outcome::Skipped(Skip::IgnoredMissing)),
        (
            "/s/x /t none bind,x-snapd.ignore-missing,x-snapd.origin=layout 0 0",
            fault(What::Missing, source),
        ),
    ] {
        assert_eq!(bed.mount(line), want, "{line}");
    }
    assert_eq!((mounts()?, tree("/s")?, tree("/t")?), before);
    Ok(())
}

/// What was looked at is looked at again.
fn replaced_in_between(bed: &mut Bed) -> Result<()> {
    use snap_ns_plan::{FsView as _, Look};
    bed.world.dir("/s/d")?.dir("/secret")?.dir("/t/d")?;
    let found = Ok(Look::Found(NodeKind::Directory));
    for (path, line, role) in [
        ("/s/d", "/s/d /t none bind 0 0", Role::Source),
        ("/t/d", "/secret /t/d none bind 0 0", Role::MountPoint),
        ("/t/d", "tmpfs /t/d tmpfs defaults 0 0", Role::MountPoint),
    ] {
        bed.renew();
        assert_eq!(bed.kernel.look(path.as_bytes(), role), found);
        fs::remove_dir(path)?;
        bed.world.link(path, "/secret")?;
        let before = mounts()?;
        let want = Outcome::Failed(Fault::new(What::Found(NodeKind::Symlink), role));
        assert_eq!(bed.mount(line), want, "{line}");
        assert_eq!(mounts()?, before, "{line}");
        fs::remove_file(path)?;
        bed.world.dir(path)?;
    }
    // The parent of both ends, likewise.
    bed.renew();
    assert_eq!(bed.kernel.look(b"/t/d", Role::MountPoint), found);
    fs::rename("/t", "/was")?;
    bed.world.dir("/secret/d")?.link("/t", "/secret")?;
    let want = Outcome::Failed(Fault::at(What::Found(NodeKind::Symlink), Role::MountPoint, 2));
    assert_eq!(bed.mount("/s /t/d none bind 0 0"), want);
    let nothing = Action::Unmount { mount_point: b"/t/d" };
    assert_eq!(bed.perform(&nothing), Outcome::Skipped(Skip::NotThere));
    assert_eq!(count_at("/secret/d")?, 0);
    Ok(())
}

fn owners(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/t/1")?.dir("/t/2")?;
    let model = "tmpfs /t/1 tmpfs x-snapd.uid=7,x-snapd.gid=8,x-snapd.mode=01770 0 0";
    assert_eq!(bed.mount(model), Outcome::Done);
    assert_eq!(object("/t/1".as_ref())?, "41770 7:8 /t/1 ");
    assert_eq!(bed.mount("tmpfs /t/2 tmpfs uid=7,mode=0711 0 0"), Outcome::Done);
    assert_eq!(object("/t/2".as_ref())?, "40711 7:0 /t/2 ");
    Ok(())
}
