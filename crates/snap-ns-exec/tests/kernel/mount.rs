//! Mounting entries: what, with which flags and propagation.

use std::fs;

use anyhow::Result;
use snap_ns_plan::{Action, Call, Fault, NodeKind, Outcome, Role, Skip, What};

use crate::bed::Bed;
use crate::state::{count_at, mount_at, mounts, object, tree};

on_all!(trees flags flags_of_trees file_systems tmpfs_as_by_mount propagation
    propagation_below_shared what_is_missing replaced_in_between ; root owners);

// With the classic calls there is an instant.
on_all!(@ fd_only FD never_writable ; ; );

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

/// The flags of a recursive bind are those of all its mounts.
fn flags_of_trees(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/s/in")?.dir("/t/1")?.dir("/t/2")?.dir("/t/3")?;
    assert_eq!(bed.mount("tmpfs /s/in tmpfs nodev 0 0"), Outcome::Done);
    for (line, top, inner) in [
        ("/s /t/1 none rbind,ro 0 0", "ro,relatime", "ro,nodev,relatime"),
        ("/s /t/2 none rbind,nosuid,noatime 0 0", "rw,nosuid,noatime", "rw,nosuid,nodev,noatime"),
        (
            "/s /t/3 none rbind,noexec,rprivate 0 0",
            "rw,noexec,relatime",
            "rw,nodev,noexec,relatime",
        ),
    ] {
        assert_eq!(bed.mount(line), Outcome::Done, "{line}");
        let path = line.split(' ').nth(1).unwrap();
        assert_eq!(mount_at(path)?.as_deref(), Some(top), "{line}");
        assert_eq!(mount_at(&format!("{path}/in"))?.as_deref(), Some(inner), "{line}");
    }
    assert_eq!(mount_at("/s/in")?.as_deref(), Some("rw,nodev,relatime"));
    Ok(())
}

/// Somebody who tries all the time to write to the source through a read-only bind never can.
fn never_writable(bed: &mut Bed) -> Result<()> {
    use std::sync::atomic::{AtomicBool, Ordering};
    bed.world.dir("/s/in")?.dir("/t/m/in")?;
    assert_eq!(bed.mount("tmpfs /s/in tmpfs defaults 0 0"), Outcome::Done);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut tries = 0;
            while !over.load(Ordering::Relaxed) {
                for probe in ["/t/m/probe", "/t/m/in/probe"] {
                    let _ = fs::write(probe, "");
                }
                tries += 1;
            }
            tries
        });
        let outcomes: Vec<Outcome> = (0..100)
            .flat_map(|_| {
                let done = bed.mount("/s /t/m none rbind,ro 0 0");
                [done, bed.perform(&Action::Unmount { mount_point: b"/t/m" })]
            })
            .collect();
        over.store(true, Ordering::Relaxed);
        assert!(writer.join().unwrap() > 0);
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "{outcomes:?}");
    });
    assert!(!fs::exists("/s/probe")? && !fs::exists("/s/in/probe")?);
    Ok(())
}

/// A tmpfs is what mount(2) would have made of the same options, errors included.
fn tmpfs_as_by_mount(bed: &mut Bed) -> Result<()> {
    use rustix::mount::MountFlags;
    for (number, (flags, data)) in [
        ("", ""),
        ("", "mode=0755,uid=0,gid=0"),
        ("ro", "mode=0700,size=4k"),
        ("nosuid,nodev,noexec", "size=50%,nr_inodes=100"),
        ("noatime,nodiratime", "nr_blocks=7"),
        ("strictatime", "mode=01777"),
        ("sync,dirsync", "mode=0711"),
        ("", "size=junk"),
        ("", "uid=-1"),
        ("", "mode=9"),
        ("", "unknown=1"),
        ("", "unknown"),
        ("", "size"),
        ("", "huge=never"),
        ("", "mpol=bind:0,0"),
    ]
    .into_iter()
    .enumerate()
    {
        let (ours, theirs) = (format!("/t/{number}"), format!("/u/{number}"));
        bed.world.dir(&ours)?.dir(&theirs)?;
        let words: Vec<&str> = [flags, data].into_iter().filter(|text| !text.is_empty()).collect();
        let words = if words.is_empty() { "defaults".to_owned() } else { words.join(",") };
        let outcome = bed.mount(&format!("some\\040thing {ours} tmpfs {words} 0 0"));
        let numbers = flags.split(',').fold(MountFlags::empty(), |all, flag| {
            all | match flag {
                "ro" => MountFlags::RDONLY,
                "nosuid" => MountFlags::NOSUID,
                "nodev" => MountFlags::NODEV,
                "noexec" => MountFlags::NOEXEC,
                "noatime" => MountFlags::NOATIME,
                "nodiratime" => MountFlags::NODIRATIME,
                "strictatime" => MountFlags::STRICTATIME,
                "sync" => MountFlags::SYNCHRONOUS,
                "dirsync" => MountFlags::DIRSYNC,
                _ => MountFlags::empty(),
            }
        });
        let data = std::ffi::CString::new(format!(
            "{data}{}",
            ["", ",uid=0,gid=0"][usize::from(!data.contains("uid"))]
        ))?;
        let done = rustix::mount::mount("some thing", &*theirs, "tmpfs", numbers, data.as_c_str());
        let want = match done {
            Ok(()) => Outcome::Done,
            Err(errno) => Outcome::Failed(Fault::new(
                What::Failed(Call::Mount, errno.raw_os_error()),
                Role::MountPoint,
            )),
        };
        assert_eq!(outcome, want, "{words}");
        // Flags, propagation, type, source, options of the file system.
        let line = |path: &str| -> Result<Option<String>> {
            let line = mounts()?.into_iter().find(|line| line.split(' ').nth(4) == Some(path));
            Ok(line.map(|line| line.split(' ').skip(5).collect::<Vec<_>>().join(" ")))
        };
        assert_eq!(line(&ours)?, line(&theirs)?, "{words}");
    }
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

/// What is mounted below a shared parent is shared, unless the entry says otherwise.
fn propagation_below_shared(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/s")?.dir("/p")?;
    assert_eq!(bed.mount("tmpfs /p tmpfs shared 0 0"), Outcome::Done);
    for (number, (line, want)) in [
        ("/s PATH none bind 0 0", Some("shared:")),
        ("/s PATH none bind,nosuid 0 0", Some("shared:")),
        ("/s PATH none bind,private 0 0", None),
        ("/s PATH none rbind,ro,rprivate 0 0", None),
        ("/s PATH none bind,unbindable 0 0", Some("unbindable")),
        ("tmpfs PATH tmpfs private,size=4k 0 0", None),
        ("tmpfs PATH tmpfs defaults 0 0", Some("shared:")),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("/p/{number}");
        bed.world.dir(&path)?;
        assert_eq!(bed.mount(&line.replace("PATH", &path)), Outcome::Done, "{line}");
        let found = mount_at(&path)?.unwrap();
        let tags = found.split_once(' ').map_or("", |(_, tags)| tags);
        assert!(tags.starts_with(want.unwrap_or_default()), "{line}: {found}");
        assert_eq!(tags.is_empty(), want.is_none(), "{line}: {found}");
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
