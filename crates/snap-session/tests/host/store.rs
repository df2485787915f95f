//! Replacing the current profile.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

use rustix::io::Errno;
use snap_fstab::Sink;
use snap_ns_testbed::{mount_new, unmount};
use snap_session::{Draft, Reserved, SessionError, Subject, Task, remove_drafts, reserve};

use crate::{hello, in_a_world};

const NS: &str = "/run/snapd/ns";
const CURRENT: &str = "/run/snapd/ns/snap.hello.fstab";
const TEMPORARY: &str = "/run/snapd/ns/snap.hello.fstab.new";

fn failed(task: Task, errno: Errno) -> SessionError {
    SessionError::Failed { task, subject: Subject::CurrentProfile, errno: errno.raw_os_error() }
}

fn write(text: &[u8], room: usize) -> Result<(), SessionError> {
    commit(reserve(&hello(), Draft::Profile, room)?, text)
}

fn commit(mut reserved: Reserved, text: &[u8]) -> Result<(), SessionError> {
    reserved.write(|writer| writer.put(text)).and_then(|()| reserved.publish())
}

#[test]
fn mode_owner_and_text() {
    in_a_world("store::mode_owner_and_text", |_| {
        let texts = [0, 1, 8191, 8192, 8193, 100_000].map(|len| vec![b'x'; len]);
        // Whatever was reserved, what is written is all that is there.
        for text in &texts {
            for room in [0, 1, text.len(), text.len() + 5000] {
                write(text, room).unwrap();
                let data = fs::metadata(CURRENT)?;
                assert_eq!(data.mode(), 0o100_644);
                assert_eq!((data.uid(), data.gid()), (0, 0));
                assert!(fs::read(CURRENT)? == *text, "{} in {room}", text.len());
                assert!(!fs::exists(TEMPORARY)?);
            }
        }
        Ok(())
    });
}

#[test]
fn the_old_one_stays_until_the_new_one_is_whole() {
    in_a_world("store::the_old_one_stays_until_the_new_one_is_whole", |_| {
        fs::write(CURRENT, "old")?;
        let inode = fs::metadata(CURRENT)?.ino();
        let reserved = reserve(&hello(), Draft::Profile, 5000).unwrap();
        assert_eq!(fs::read_to_string(CURRENT)?, "old");
        drop(reserved);
        assert!(!fs::exists(TEMPORARY)?);
        let mut reserved = reserve(&hello(), Draft::Profile, 5000).unwrap();
        let result = reserved.write(|writer| {
            writer.put(&[b'x'; 10_000])?;
            Err(Errno::IO)
        });
        drop(reserved);
        assert_eq!(result, Err(failed(Task::Write, Errno::IO)));
        assert_eq!(
            (fs::read_to_string(CURRENT)?.as_str(), fs::metadata(CURRENT)?.ino()),
            ("old", inode)
        );
        assert!(!fs::exists(TEMPORARY)?);
        write(b"new", 3).unwrap();
        assert_eq!(fs::read_to_string(CURRENT)?, "new");
        assert_ne!(fs::metadata(CURRENT)?.ino(), inode, "it was replaced, not overwritten");
        Ok(())
    });
}

#[test]
fn leftovers_and_traps_are_replaced() {
    in_a_world("store::leftovers_and_traps_are_replaced", |_| {
        fs::write(TEMPORARY, "of a run that was killed")?;
        write(b"one", 3).unwrap();
        fs::write("/etc/precious", "precious")?;
        symlink("/etc/precious", TEMPORARY)?;
        write(b"two", 3).unwrap();
        fs::remove_file(CURRENT)?;
        symlink("/etc/precious", CURRENT)?;
        write(b"three", 5).unwrap();
        assert!(fs::symlink_metadata(CURRENT)?.is_file());
        assert_eq!(fs::read_to_string(CURRENT)?, "three");
        assert_eq!(fs::read_to_string("/etc/precious")?, "precious");
        fs::create_dir(TEMPORARY)?;
        assert_eq!(write(b"four", 4), Err(failed(Task::Create, Errno::ISDIR)));
        assert_eq!(fs::read_to_string(CURRENT)?, "three");
        Ok(())
    });
}

#[test]
fn a_full_file_system_is_found_out_first() {
    in_a_world("store::a_full_file_system_is_found_out_first", |_| {
        mount_new("tmpfs", NS, "size=64k")?;
        fs::write(CURRENT, "old")?;
        let no_room = failed(Task::Reserve, Errno::NOSPC);
        assert_eq!(reserve(&hello(), Draft::Profile, 64 << 10).map(drop), Err(no_room));
        assert!(!fs::exists(TEMPORARY)?);
        // Growing fails without harm, and what was reserved can still be written.
        let mut reserved = reserve(&hello(), Draft::Profile, 8 << 10).unwrap();
        assert_eq!(reserved.reserve(16 << 10), Ok(()));
        assert_eq!(reserved.reserve(64 << 10), Err(no_room));
        assert_eq!(reserved.reserve(usize::MAX).map_err(drop), Err(()));
        fs::write("/run/snapd/ns/filler", [0; 32 << 10])?;
        assert!(fs::write("/run/snapd/ns/more", vec![0; 32 << 10]).is_err());
        let text = vec![b'x'; 16 << 10];
        assert_eq!(commit(reserved, &text), Ok(()));
        assert!(fs::read(CURRENT)? == text);
        // More than was reserved does not fit, and the old profile stays.
        let reserved = reserve(&hello(), Draft::Profile, 0).unwrap();
        let more = vec![b'y'; 48 << 10];
        let result = commit(reserved, &more);
        assert_eq!(result, Err(failed(Task::Reserve, Errno::NOSPC)));
        assert!(fs::read(CURRENT)? == text && !fs::exists(TEMPORARY)?);
        unmount(NS)?;
        mount_new("tmpfs", NS, "nr_inodes=2")?;
        fs::write(CURRENT, "old")?;
        assert_eq!(write(b"new", 3), Err(failed(Task::Create, Errno::NOSPC)));
        assert_eq!(fs::read_to_string(CURRENT)?, "old");
        Ok(())
    });
}

#[test]
fn a_read_only_file_system_is_found_out_first() {
    in_a_world("store::a_read_only_file_system_is_found_out_first", |world| {
        fs::write(CURRENT, "old")?;
        fs::write(TEMPORARY, "left over")?;
        world.read_only(NS)?;
        assert_eq!(write(b"new", 3), Err(failed(Task::Create, Errno::ROFS)));
        unmount(NS)?;
        fs::remove_file(TEMPORARY)?;
        world.read_only(NS)?;
        assert_eq!(write(b"new", 3), Err(failed(Task::Create, Errno::ROFS)));
        assert_eq!(fs::read_to_string(CURRENT)?, "old");
        Ok(())
    });
}

#[test]
fn a_journal_is_written_over_and_leaves_nothing_behind() {
    in_a_world("store::a_journal_is_written_over_and_leaves_nothing_behind", |_| {
        fs::write(CURRENT, "old")?;
        let mut journal = reserve(&hello(), Draft::Journal, 9).unwrap();
        let mut next = reserve(&hello(), Draft::Profile, 9).unwrap();
        journal.write(|writer| writer.put(b"undo: all")).unwrap();
        assert_eq!(fs::read_to_string(CURRENT)?, "old");
        journal.publish().unwrap();
        journal.overwrite(6, |writer| writer.put(b"one")).unwrap();
        journal.overwrite(0, |writer| writer.put(b"make")).unwrap();
        assert_eq!(fs::read_to_string(CURRENT)?, "make: one");
        next.write(|writer| writer.put(b"new")).unwrap();
        next.publish().unwrap();
        drop(journal);
        assert_eq!(fs::read_to_string(CURRENT)?, "new");
        for draft in ["new", "journal"] {
            fs::write(format!("{CURRENT}.{draft}"), "of a run that was killed")?;
        }
        remove_drafts(&hello());
        let left: Vec<_> = fs::read_dir(NS)?.map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["snap.hello.fstab"]);
        Ok(())
    });
}

#[test]
fn a_journal_that_another_one_replaces_keeps_its_room() {
    in_a_world("store::a_journal_that_another_one_replaces_keeps_its_room", |_| {
        mount_new("tmpfs", NS, "size=64k")?;
        fs::write(CURRENT, "old")?;
        let mut forth = reserve(&hello(), Draft::Journal, 16 << 10).unwrap();
        let mut back = reserve(&hello(), Draft::Profile, 16 << 10).unwrap();
        forth.write(|writer| writer.put(b"forth")).unwrap();
        forth.publish().unwrap();
        back.write(|writer| writer.put(b"back")).unwrap();
        let _ = fs::write("/run/snapd/ns/filler", [0; 64 << 10]);
        assert!(back.change_places_with(&mut forth));
        assert_eq!(fs::read_to_string(CURRENT)?, "back");
        assert_eq!(fs::read_to_string(TEMPORARY)?, "forth");
        let text = vec![b'x'; 16 << 10];
        assert_eq!(commit(forth, &text), Ok(()));
        drop(back);
        assert!(fs::read(CURRENT)? == text && !fs::exists(TEMPORARY)?);
        // What is not beside the profile cannot change places with it.
        let mut one = reserve(&hello(), Draft::Profile, 0).unwrap();
        one.publish().unwrap();
        let mut other = reserve(&hello(), Draft::Profile, 0).unwrap();
        assert!(!one.change_places_with(&mut other));
        drop(other);
        assert!(fs::exists(CURRENT)? && !fs::exists(TEMPORARY)?);
        Ok(())
    });
}
