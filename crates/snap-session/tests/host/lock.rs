//! The lock of an instance.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::time::Duration;

use rustix::io::Errno;
use snap_session::{Instance, SessionError, Subject, Task, check_locked, lock};

use crate::{hello, in_a_world};

const FILE: &str = "/run/snapd/lock/hello.lock";

#[test]
fn makes_what_is_missing() {
    in_a_world("lock::makes_what_is_missing", |_| {
        fs::remove_dir("/run/snapd/lock")?;
        drop(lock(&hello()).unwrap());
        let mode = |path| fs::metadata(path).unwrap().mode() & 0o7777;
        assert_eq!((mode("/run/snapd/lock"), mode(FILE)), (0o700, 0o600));
        assert_eq!(fs::metadata(FILE)?.uid(), 0);
        Ok(())
    });
}

#[test]
fn is_held_until_it_is_dropped() {
    in_a_world("lock::is_held_until_it_is_dropped", |_| {
        assert_eq!(check_locked(&hello()), Err(SessionError::NotLocked));
        let held = lock(&hello()).unwrap();
        assert_eq!(check_locked(&hello()), Ok(()));
        // Another instance has another lock.
        let other = Instance::parse(b"hello_two").unwrap();
        assert_eq!(check_locked(&other), Err(SessionError::NotLocked));
        drop(held);
        assert_eq!(check_locked(&hello()), Err(SessionError::NotLocked));
        Ok(())
    });
}

#[test]
fn a_check_does_not_keep_the_lock() {
    in_a_world("lock::a_check_does_not_keep_the_lock", |_| {
        for _ in 0..3 {
            assert_eq!(check_locked(&hello()), Err(SessionError::NotLocked));
        }
        drop(lock(&hello()).unwrap());
        Ok(())
    });
}

#[test]
fn waits_for_the_lock() {
    in_a_world("lock::waits_for_the_lock", |_| {
        let held = lock(&hello()).unwrap();
        let (sender, receiver) = std::sync::mpsc::channel();
        let waiting = std::thread::spawn(move || {
            let second = lock(&hello());
            sender.send(()).unwrap();
            second.map(drop)
        });
        assert!(receiver.recv_timeout(Duration::from_millis(200)).is_err(), "it did not wait");
        drop(held);
        receiver.recv_timeout(Duration::from_secs(10))?;
        assert_eq!(waiting.join().unwrap(), Ok(()));
        Ok(())
    });
}

#[test]
fn never_through_a_link() {
    in_a_world("lock::never_through_a_link", |_| {
        symlink("/etc/precious", FILE)?;
        let loops = SessionError::Failed {
            task: Task::Open,
            subject: Subject::LockFile,
            errno: Errno::LOOP.raw_os_error(),
        };
        assert_eq!(lock(&hello()).map(drop), Err(loops));
        assert_eq!(check_locked(&hello()), Err(loops));
        assert!(!fs::exists("/etc/precious")?);
        Ok(())
    });
}
