//! One mount in the place of another, while somebody uses it.

use std::fs::{self, File};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use snap_ns_plan::{Action, Call, Fault, Outcome, Role, Skip, What};

use crate::bed::{Bed, items};
use crate::state::{count_at, mount_at, mounts, tree};

on_all!(results shared_with_itself what_fails);

// With the classic calls there is an instant without a mount.
on_all!(@ fd_only FD no_instant_without ; ; );

/// As a plan does it.
fn replace(bed: &mut Bed, line: &str) -> Outcome {
    let items = items(line);
    let beneath = bed.perform(&Action::PutBeneath(&items[0]));
    if matches!(beneath, Outcome::Failed(_)) {
        return beneath;
    }
    let outcome = unmount(bed, items[0].entry.mount_point);
    if !matches!(outcome, Outcome::Done | Outcome::Skipped(Skip::NotThere)) {
        return outcome;
    }
    if beneath == Outcome::Done { beneath } else { bed.mount(line) }
}

fn unmount(bed: &mut Bed, path: impl AsRef<[u8]>) -> Outcome {
    bed.perform(&Action::Unmount { mount_point: path.as_ref() })
}

/// `/p`, which is also seen at `/q` if it is shared, with a directory and a file to mount on, and two
/// sources.
fn prepare(bed: &mut Bed, propagation: &str) -> Result<()> {
    bed.world.dir("/p")?.dir("/q")?;
    for source in ["/a", "/b"] {
        bed.world.file(&format!("{source}/f"), source)?.dir(&format!("{source}/in"))?;
    }
    let line = format!("tmpfs /p tmpfs {propagation} 0 0");
    assert_eq!(bed.mount(&line), Outcome::Done);
    assert_eq!(bed.mount("/p /q none bind 0 0"), Outcome::Done);
    bed.world.dir("/p/d")?.file("/p/f", "")?;
    Ok(())
}

/// What stands afterwards is what an undo and a mount would have left, in peers as well.
fn results(bed: &mut Bed) -> Result<()> {
    for propagation in ["private", "shared"] {
        prepare(bed, propagation)?;
        let nothing = (mounts()?, tree("/p")?);
        for (old, new) in [
            ("/a /p/d none bind 0 0", "/b /p/d none bind 0 0"),
            ("/a /p/d none rbind 0 0", "/b /p/d none rbind,ro,nosuid 0 0"),
            ("/a /p/d none bind 0 0", "/b /p/d none bind,private 0 0"),
            ("/a /p/d none bind 0 0", "tmpfs /p/d tmpfs mode=0700,size=4k 0 0"),
            ("tmpfs /p/d tmpfs mode=0711 0 0", "/b /p/d none bind 0 0"),
            (
                "/a/f /p/f none bind,x-snapd.kind=file 0 0",
                "/b/f /p/f none bind,ro,x-snapd.kind=file 0 0",
            ),
        ] {
            let path = new.split(' ').nth(1).unwrap();
            let peer = path.replace("/p", "/q");
            bed.renew();
            assert_eq!(bed.mount(new), Outcome::Done, "{new}");
            let strip = |options: Option<String>| {
                options.map(|text| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>())
            };
            let want = (tree(path)?, tree(&peer)?, strip(mount_at(path)?), count_at(&peer)?);
            assert_eq!(unmount(bed, path), Outcome::Done);
            assert_eq!((mounts()?, tree("/p")?), nothing, "{new}");
            for in_use in [false, true] {
                assert_eq!(bed.mount(old), Outcome::Done, "{old}");
                let user = in_use.then(|| File::open(path)).transpose()?;
                assert_eq!(replace(bed, new), Outcome::Done, "{old} -> {new}");
                let found = (tree(path)?, tree(&peer)?, strip(mount_at(path)?), count_at(&peer)?);
                assert_eq!(found, want, "{propagation}, in use {in_use}: {old} -> {new}");
                drop(user);
                assert_eq!(unmount(bed, path), Outcome::Done);
                assert_eq!((mounts()?, tree("/p")?), nothing, "{old} -> {new}");
            }
        }
        // What is mounted below the old one goes with it; and there need not be an old one.
        assert_eq!(bed.mount("/a /p/d none bind 0 0"), Outcome::Done);
        assert_eq!(bed.mount("tmpfs /p/d/in tmpfs private 0 0"), Outcome::Done);
        for _ in 0..2 {
            assert_eq!(replace(bed, "/b /p/d none bind 0 0"), Outcome::Done);
            assert_eq!((count_at("/p/d")?, count_at("/p/d/in")?), (1, 0));
            assert_eq!(fs::read_to_string("/p/d/f")?, "/b");
            assert_eq!(unmount(bed, "/p/d"), Outcome::Done);
        }
        for path in ["/q", "/p"] {
            assert_eq!(unmount(bed, path), Outcome::Done);
        }
    }
    Ok(())
}

/// A mount of its own mount point in a shared mount would be hidden by a copy of the new one.
fn shared_with_itself(bed: &mut Bed) -> Result<()> {
    prepare(bed, "shared")?;
    assert_eq!(bed.mount("/p/d /p/d none bind 0 0"), Outcome::Done);
    assert_eq!(replace(bed, "/b /p/d none bind 0 0"), Outcome::Done);
    assert_eq!(fs::read_to_string("/p/d/f")?, "/b");
    while unmount(bed, "/p/d") == Outcome::Done {}
    assert_eq!((count_at("/p/d")?, count_at("/q/d")?), (0, 0));
    Ok(())
}

/// What cannot be mounted leaves the old mount where it is.
fn what_fails(bed: &mut Bed) -> Result<()> {
    prepare(bed, "private")?;
    assert_eq!(bed.mount("/a /p/d none bind 0 0"), Outcome::Done);
    if bed.means.backend == snap_ns_exec::Backend::Fd {
        let before = mounts()?;
        let missing = Outcome::Failed(Fault::new(What::Missing, Role::Source));
        assert_eq!(replace(bed, "/c /p/d none bind 0 0"), missing);
        let invalid = Fault::new(What::Failed(Call::Mount, 22), Role::MountPoint);
        assert_eq!(replace(bed, "tmpfs /p/d tmpfs size=junk 0 0"), Outcome::Failed(invalid));
        assert_eq!(mounts()?, before);
    }
    // Another type of file system takes its place all the same, or nothing does.
    let no_device = Fault::new(What::Failed(Call::Mount, 19), Role::MountPoint);
    assert_eq!(replace(bed, "none /p/d nosuchfs defaults 0 0"), Outcome::Failed(no_device));
    assert_eq!(count_at("/p/d")?, 0);
    Ok(())
}

/// Two who open a file in it all the time find it each time.
fn no_instant_without(bed: &mut Bed) -> Result<()> {
    for propagation in ["private", "shared"] {
        prepare(bed, propagation)?;
        for (path, file, kind) in [("/p/d", "/p/d/f", ""), ("/p/f", "/p/f", ",x-snapd.kind=file")] {
            let line = |source: &str| {
                let source =
                    if kind.is_empty() { source.to_owned() } else { format!("{source}/f") };
                format!("{source} {path} none bind{kind} 0 0")
            };
            bed.renew();
            assert_eq!(bed.mount(&line("/a")), Outcome::Done);
            let over = AtomicBool::new(false);
            std::thread::scope(|scope| {
                let readers: Vec<_> = (0..2)
                    .map(|_| {
                        scope.spawn(|| {
                            let (mut opened, mut missed) = (0, 0);
                            while !over.load(Ordering::Relaxed) {
                                match fs::read_to_string(file) {
                                    Ok(text) if !text.is_empty() => opened += 1,
                                    Ok(_) | Err(_) => missed += 1,
                                }
                            }
                            (opened, missed)
                        })
                    })
                    .collect();
                let outcomes: Vec<Outcome> =
                    ["/b", "/a"].repeat(50).into_iter().map(|s| replace(bed, &line(s))).collect();
                over.store(true, Ordering::Relaxed);
                for reader in readers {
                    let (opened, missed) = reader.join().unwrap();
                    assert!(opened > 0 && missed == 0, "{path}: {opened} opened, {missed} missed");
                }
                assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "{outcomes:?}");
            });
            assert_eq!(unmount(bed, path), Outcome::Done);
        }
        for path in ["/q", "/p"] {
            assert_eq!(unmount(bed, path), Outcome::Done);
        }
    }
    Ok(())
}
