//! The log that an administrator can ask for.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::mpsc::channel;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use snap_session::open_log;

use crate::{hello, in_a_world};

const SYSTEM: &str = "/run/snapd/ns/snap.hello.log";
const USER: &str = "/run/snapd/ns/snap.hello.user.1000.log";

#[test]
fn is_never_created() {
    in_a_world("log::is_never_created", |_| {
        for user in [None, Some(0), Some(1000), Some(u32::MAX)] {
            assert!(open_log(&hello(), user).is_none());
        }
        assert_eq!(fs::read_dir("/run/snapd/ns")?.count(), 0);
        fs::remove_dir("/run/snapd/ns")?;
        assert!(open_log(&hello(), None).is_none());
        assert!(!fs::exists("/run/snapd/ns")?);
        Ok(())
    });
}

#[test]
fn is_written_behind_what_is_there() {
    in_a_world("log::is_written_behind_what_is_there", |_| {
        for (user, path) in [(None, SYSTEM), (Some(1000), USER)] {
            fs::write(path, "old\n")?;
            let log = open_log(&hello(), user).expect("there");
            assert_eq!(rustix::io::write(&log, b"new\n"), Ok(4));
            assert_eq!(fs::read_to_string(path)?, "old\nnew\n");
            assert!(open_log(&hello(), Some(7)).is_none());
        }
        Ok(())
    });
}

#[test]
fn what_is_no_log_is_no_reason_not_to_run() {
    in_a_world("log::what_is_no_log_is_no_reason_not_to_run", |_| {
        fs::write("/etc/precious", "precious")?;
        symlink("/etc/precious", SYSTEM)?;
        assert!(open_log(&hello(), None).is_none());
        fs::remove_file(SYSTEM)?;
        fs::create_dir(SYSTEM)?;
        assert!(open_log(&hello(), None).is_none());
        fs::remove_dir(SYSTEM)?;
        mknodat(CWD, SYSTEM, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let (sender, receiver) = channel();
        std::thread::spawn(move || sender.send(open_log(&hello(), None).is_none()));
        let answer = receiver.recv_timeout(Duration::from_secs(5));
        assert_eq!(answer, Ok(true), "waited for a reader of the log");
        assert_eq!(fs::read_to_string("/etc/precious")?, "precious");
        Ok(())
    });
}
