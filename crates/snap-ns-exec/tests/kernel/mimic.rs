//! Writable mimics.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, chown, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use anyhow::Result;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::mount::MountPropagationFlags;
use snap_ns_plan::{
    Action, Call, Fault, Observer, Outcome, Performer as _, Plan, Role, Step, Territory, Verdict,
    What,
};
use snap_ns_testbed::World;

use crate::bed::{Always, Bed, profile};
use crate::state::{count_at, mount_at, mounts, object, tree};

on_all!(
    shows_the_same what_the_host_changes below_shared a_child_that_vanished a_child_that_changed ;
    root owners access_control_list shows_devices_fifos_and_sockets
);

// With the classic calls one child comes after the other.
on_all!(@ fd_only FD all_at_once ; ; );
on_all!(@ fd_staged_only FD_STAGED all_at_once ; ; );

pub(crate) struct Nobody;

impl Observer for Nobody {
    fn left_out(&mut self, _: &Plan<'_>, _: u16, _: Fault) {}

    fn tried(&mut self, _: &Plan<'_>, _: Step, _: Outcome) {}
}

/// A plan with a mimic of the directory `dir`, which is in nobody's territory.
pub(crate) fn planned(bed: &mut Bed, dir: &str) -> Box<Plan<'static>> {
    let desired = profile(&format!("/srv {dir}/new none bind,x-snapd.origin=layout 0 0"));
    let territory = Territory::System { snap_instance: b"/snap/x", snap_name: b"/snap/x" };
    let mut plan = Box::new(Plan::new());
    let _ = plan.compare(profile(""), desired, territory).unwrap();
    plan.complete(&mut bed.kernel, &mut Nobody).unwrap();
    assert_eq!(plan.mimic(0).unwrap().dir, dir.as_bytes());
    plan
}

pub(crate) fn mimic(bed: &mut Bed, plan: &Plan<'_>) -> Outcome {
    bed.perform(&Action::Mimic(plan.mimic(0).unwrap()))
}

pub(crate) fn build(world: &World, dir: &str) -> Result<()> {
    world.file(&format!("{dir}/d/in/f"), "text")?.file(&format!("{dir}/f"), "of root")?;
    world.link(&format!("{dir}/l"), "/not there")?;
    for odd in [&b"a b"[..], b"\xff\xfe", b"c,d", b"-e\n"] {
        let path = Path::new(dir).join(OsStr::from_bytes(odd));
        fs::write(path.with_extension("f"), odd)?;
        symlink(OsStr::from_bytes(odd), path.with_extension("l"))?;
        fs::create_dir(path)?;
    }
    fs::set_permissions(format!("{dir}/f"), Permissions::from_mode(0o600))?;
    fs::set_permissions(dir, Permissions::from_mode(0o2711))?;
    Ok(())
}

fn shows_the_same(bed: &mut Bed) -> Result<()> {
    for (dir, access) in [("/opt/w", "rw"), ("/usr/r", "ro")] {
        build(&bed.world, dir)?;
        bed.world.dir(&format!("{dir}/d/mounted"))?;
        let line = format!("tmpfs {dir}/d/mounted tmpfs mode=0700 0 0");
        assert_eq!(bed.mount(&line), Outcome::Done);
        bed.world.file(&format!("{dir}/d/mounted/g"), "on top")?;
        if access == "ro" {
            // With what is mounted in it.
            rustix::mount::mount_bind_recursive(dir, dir).unwrap();
            let flags = rustix::mount::MountFlags::BIND | rustix::mount::MountFlags::RDONLY;
            rustix::mount::mount_remount(dir, flags, "").unwrap();
        }
        let before = tree(dir)?;
        let plan = planned(bed, dir);
        assert_eq!(mimic(bed, &plan), Outcome::Done);
        assert_eq!(tree(dir)?, before);
        assert!(!Path::new("/tmp/.snap").exists());
        assert!(mounts()?.iter().all(|line| !line.contains("/tmp/.snap")));
        fs::create_dir(format!("{dir}/new"))?;
        assert_eq!(mount_at(dir)?.as_deref(), Some("rw,relatime"));
        for child in ["d", "f"] {
            let options = mount_at(&format!("{dir}/{child}"))?;
            assert_eq!(options, Some(format!("{access},relatime")));
        }
        // What could be written before can be written still, and is the same.
        assert_eq!(fs::write(format!("{dir}/f"), "new").is_ok(), access == "rw");
        let undone = bed.perform(&Action::Unmount { mount_point: dir.as_bytes() });
        assert_eq!(undone, Outcome::Done);
        assert!(!Path::new(&format!("{dir}/new")).exists());
    }
    assert_eq!(fs::read("/opt/w/f")?, b"new");
    Ok(())
}

/// What is neither a directory nor a file nor a link is bound onto an empty file, and never opened:
/// nobody reads from the FIFO.
fn shows_devices_fifos_and_sockets(bed: &mut Bed) -> Result<()> {
    let dir = "/opt/w";
    build(&bed.world, dir)?;
    let daemon = UnixListener::bind("/opt/w/daemon.sock")?;
    mknodat(CWD, "/opt/w/fifo", FileType::Fifo, Mode::RUSR, 0).unwrap();
    let zero = rustix::fs::makedev(1, 5);
    for device in ["/opt/w/zero", "/srv/zero"] {
        mknodat(CWD, device, FileType::CharacterDevice, Mode::RUSR, zero).unwrap();
    }
    // One that was mounted over a file: the directory lists it as a file.
    rustix::mount::mount_bind("/srv/zero", "/opt/w/f").unwrap();
    let before = tree(dir)?;
    bed.renew();
    let plan = planned(bed, dir);
    assert_eq!(mimic(bed, &plan), Outcome::Done);
    assert_eq!(tree(dir)?, before);
    fs::create_dir("/opt/w/new")?;
    for device in ["/opt/w/f", "/opt/w/zero"] {
        assert!(fs::metadata(device)?.file_type().is_char_device(), "{device}");
    }
    UnixStream::connect("/opt/w/daemon.sock")?;
    daemon.accept()?;
    // A daemon that makes its socket anew makes another file: the mimic has the old one.
    drop(daemon);
    let refused = UnixStream::connect("/opt/w/daemon.sock").unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    let undone = bed.perform(&Action::Unmount { mount_point: dir.as_bytes() });
    assert_eq!(undone, Outcome::Done);
    fs::remove_file("/opt/w/daemon.sock")?;
    let daemon = UnixListener::bind("/opt/w/daemon.sock")?;
    UnixStream::connect("/opt/w/daemon.sock")?;
    daemon.accept()?;
    Ok(())
}

/// What the host writes to a file shows; what it puts in the place of one, adds or removes does not,
/// until the mimic is made again.
fn what_the_host_changes(bed: &mut Bed) -> Result<()> {
    bed.world.file("/opt/etc/passwd", "old")?.file("/opt/etc/hosts", "old")?.dir("/host")?;
    bed.world.file("/opt/etc/gone", "old")?;
    // The host sees the directory at another place.
    assert_eq!(bed.mount("/opt/etc /host none bind 0 0"), Outcome::Done);
    for round in ["first", "second"] {
        bed.renew();
        let plan = planned(bed, "/opt/etc");
        assert_eq!(mimic(bed, &plan), Outcome::Done);
        let before = fs::read("/opt/etc/passwd")?;
        fs::write("/host/passwd.new", round)?;
        fs::rename("/host/passwd.new", "/host/passwd")?;
        fs::write("/host/hosts", round)?;
        fs::write(format!("/host/{round}"), "")?;
        let _ = fs::remove_file("/host/gone");
        assert_eq!(fs::read("/opt/etc/passwd")?, before);
        assert_eq!(fs::read("/opt/etc/hosts")?, round.as_bytes());
        assert!(!Path::new(&format!("/opt/etc/{round}")).exists());
        assert_eq!(Path::new("/opt/etc/gone").exists(), round == "first");
        let _ = bed.perform(&Action::Unmount { mount_point: b"/opt/etc" });
        assert_eq!(fs::read("/opt/etc/passwd")?, round.as_bytes());
        assert!(Path::new(&format!("/opt/etc/{round}")).exists());
    }
    Ok(())
}

/// A mimic has no access control list: its mode grants nobody more than that did.
fn access_control_list(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/opt/w")?;
    fs::set_permissions("/opt/w", Permissions::from_mode(0o755))?;
    let list = |named: u8| -> Vec<u8> {
        let entries = [(1, 7, !0), (2, named, 7), (4, 5, !0), (16, 7, !0), (32, 5, !0_u32)];
        let mut list = vec![2, 0, 0, 0];
        for (tag, permissions, id) in entries {
            list.extend([tag, 0, permissions, 0]);
            list.extend(id.to_le_bytes());
        }
        list
    };
    for (named, mode) in [(7, 0o755), (1, 0o711)] {
        let name = "system.posix_acl_access";
        rustix::fs::setxattr("/opt/w", name, &list(named), rustix::fs::XattrFlags::empty())
            .unwrap();
        assert_eq!(fs::metadata("/opt/w")?.permissions().mode() & 0o7777, 0o775);
        bed.renew();
        let plan = planned(bed, "/opt/w");
        assert_eq!(mimic(bed, &plan), Outcome::Done);
        assert_eq!(fs::metadata("/opt/w")?.permissions().mode() & 0o7777, mode);
        let undone = bed.perform(&Action::Unmount { mount_point: b"/opt/w" });
        assert_eq!(undone, Outcome::Done);
    }
    Ok(())
}

/// In a mount that others see, too, they see the same.
fn below_shared(bed: &mut Bed) -> Result<()> {
    bed.world.dir("/p")?.dir("/q")?;
    for line in ["tmpfs /p tmpfs shared 0 0", "/p /q none bind 0 0"] {
        assert_eq!(bed.mount(line), Outcome::Done);
    }
    build(&bed.world, "/p/w")?;
    bed.world.dir("/p/w/d/mounted")?;
    assert_eq!(bed.mount("tmpfs /p/w/d/mounted tmpfs mode=0700 0 0"), Outcome::Done);
    bed.world.file("/p/w/d/mounted/g", "on top")?;
    let before = (tree("/p")?, tree("/q")?, mounts()?.len());
    for round in 0..2 {
        bed.renew();
        if round == 1 {
            // Everything is, /tmp as well.
            let all = MountPropagationFlags::SHARED | MountPropagationFlags::REC;
            rustix::mount::mount_change("/", all).unwrap();
        }
        let plan = planned(bed, "/p/w");
        assert_eq!(mimic(bed, &plan), Outcome::Done);
        assert_eq!((&tree("/p")?, &tree("/q")?), (&before.0, &before.1), "{round}");
        assert!(mounts()?.iter().all(|line| !line.contains("/tmp/.snap")));
        assert!(!Path::new("/tmp/.snap").exists());
        assert_eq!((count_at("/p/w")?, count_at("/q/w")?), (1, 1));
        fs::create_dir("/p/w/new")?;
        assert!(Path::new("/q/w/new").exists());
        // Nothing of what the mimic shows is undone with it.
        for path in ["/p/w", "/q/w"] {
            let _ = bed.perform(&Action::Unmount { mount_point: path.as_bytes() });
        }
        assert_eq!((tree("/p")?, tree("/q")?, mounts()?.len()), before, "{round}");
    }
    Ok(())
}

/// Somebody who lists the directory all the time finds all of it each time.
fn all_at_once(bed: &mut Bed) -> Result<()> {
    use std::sync::atomic::{AtomicBool, Ordering};
    build(&bed.world, "/opt/w")?;
    for number in 0..50 {
        bed.world.dir(&format!("/opt/w/d{number}"))?;
        bed.world.file(&format!("/opt/w/f{number}"), "text")?;
    }
    let before = tree("/opt/w")?;
    let over = AtomicBool::new(false);
    let plan = planned(bed, "/opt/w");
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut found = Vec::new();
            while !over.load(Ordering::Relaxed) {
                found.push(tree("/opt/w").map(|tree| tree == before).unwrap_or_default());
            }
            found
        });
        let outcome = mimic(bed, &plan);
        std::thread::sleep(std::time::Duration::from_millis(50));
        over.store(true, Ordering::Relaxed);
        let found = reader.join().unwrap();
        assert_eq!(outcome, Outcome::Done);
        assert!(found.len() > 2 && found.iter().all(|same| *same), "{found:?}");
    });
    assert!(!Path::new("/tmp/.snap").exists());
    Ok(())
}

fn owners(bed: &mut Bed) -> Result<()> {
    build(&bed.world, "/opt/w")?;
    for (path, uid) in [("/opt/w", 7), ("/opt/w/d", 8), ("/opt/w/f", 9)] {
        chown(path, Some(uid), Some(uid + 10))?;
    }
    std::os::unix::fs::lchown("/opt/w/l", Some(10), Some(20))?;
    let before = tree("/opt/w")?;
    let plan = planned(bed, "/opt/w");
    assert_eq!(mimic(bed, &plan), Outcome::Done);
    assert_eq!(tree("/opt/w")?, before);
    assert_eq!(object("/opt/w/l".as_ref())?, "120777 10:20 /opt/w/l /not there");
    Ok(())
}

/// Everything is as it was when a child of the plan is not there any more.
fn a_child_that_vanished(bed: &mut Bed) -> Result<()> {
    for (name, kind) in
        [("zd", 'd'), ("zf", 'f'), ("zl", 'l'), ("-d", 'd'), ("-f", 'f'), ("-l", 'l')]
    {
        let dir = format!("/opt/{kind}{name}");
        build(&bed.world, &dir)?;
        let child = format!("{dir}/{name}");
        match kind {
            'd' => bed.world.dir(&child)?,
            'f' => bed.world.file(&child, "text")?,
            _ => bed.world.link(&child, "target")?,
        };
        bed.renew();
        let plan = planned(bed, &dir);
        if kind == 'd' {
            fs::remove_dir(&child)?;
        } else {
            fs::remove_file(&child)?;
        }
        let before = (tree("/opt")?, tree("/tmp")?);
        let outcome = mimic(bed, &plan);
        let Outcome::DoneWithout {
            first: Fault { what: What::Failed(Call::Open | Call::Bind, 2), place },
            count: 1,
        } = outcome
        else {
            panic!("{child}: {outcome:?}");
        };
        let Role::Child(number) = place.role else { panic!("{place:?}") };
        assert_eq!(plan.child_name(number), name.as_bytes());
        // Nothing is in its place.
        assert_eq!(count_at(&dir)?, 1);
        assert_eq!((tree("/opt")?, tree("/tmp")?), before, "{child}");
    }
    Ok(())
}

/// A link in the place of a child leads nowhere.
fn a_child_that_changed(bed: &mut Bed) -> Result<()> {
    bed.world.file("/secret/f", "secret")?.dir("/opt/w/d")?.file("/opt/x/f", "text")?;
    for (dir, child, target) in
        [("/opt/w", "/opt/w/d", "/secret"), ("/opt/x", "/opt/x/f", "/secret/f")]
    {
        bed.renew();
        let plan = planned(bed, dir);
        if fs::remove_dir(child).is_err() {
            fs::remove_file(child)?;
        }
        bed.world.link(child, target)?;
        let before = mounts()?.len();
        // Where anybody but root may change the directory, nothing is named.
        let rule = Always { verdict: Verdict::Write, may_change: true };
        let action = Action::Mimic(plan.mimic(0).unwrap());
        let outcome = bed.kernel.perform(&action, &rule);
        assert!(matches!(outcome, Outcome::DoneWithout { count: 1, .. }), "{child}: {outcome:?}");
        // Nothing is in its place.
        assert!(!Path::new(child).is_symlink() && !Path::new(child).exists());
        assert_eq!((mounts()?.len(), count_at(dir)?), (before + 1, 1), "{child}");
        assert_eq!(count_at(target)?, 0);
    }
    Ok(())
}
