//! Reading profiles.

use std::fs;
use std::os::unix::fs::symlink;

use rustix::io::Errno;
use snap_session::{ProfileFile, SessionError, Subject, Task, read_profile};

use crate::{hello, in_a_world};

const FILES: [(ProfileFile, &str, Subject); 3] = [
    (ProfileFile::Desired, "/var/lib/snapd/mount/snap.hello.fstab", Subject::DesiredProfile),
    (ProfileFile::User, "/var/lib/snapd/mount/snap.hello.user-fstab", Subject::UserProfile),
    (ProfileFile::Current, "/run/snapd/ns/snap.hello.fstab", Subject::CurrentProfile),
];

fn read(which: ProfileFile, room: usize) -> Result<Vec<u8>, SessionError> {
    let mut buffer = vec![b'?'; room];
    read_profile(which, &hello(), &mut buffer).map(|text| text.to_vec())
}

#[test]
fn missing_is_empty() {
    in_a_world("read::missing_is_empty", |_| {
        for (which, path, _) in FILES {
            assert_eq!(read(which, 100), Ok(vec![]));
            assert!(!fs::exists(path)?);
        }
        Ok(())
    });
}

#[test]
fn up_to_the_last_byte_of_the_buffer() {
    in_a_world("read::up_to_the_last_byte_of_the_buffer", |_| {
        for (which, path, subject) in FILES {
            let text: Vec<u8> = (0..=255).cycle().take(10_000).collect();
            fs::write(path, &text)?;
            assert_eq!(read(which, 20_000), Ok(text.clone()));
            assert_eq!(read(which, 10_001), Ok(text.clone()));
            assert_eq!(read(which, 10_000), Ok(text));
            assert_eq!(read(which, 9_999), Err(SessionError::ProfileTooLarge(subject)));
            assert_eq!(read(which, 1), Err(SessionError::ProfileTooLarge(subject)));
            assert_eq!(read(which, 0), Err(SessionError::ProfileTooLarge(subject)));
            fs::write(path, "")?;
            assert_eq!(read(which, 0), Ok(vec![]));
        }
        Ok(())
    });
}

#[test]
fn no_link_and_no_directory() {
    in_a_world("read::no_link_and_no_directory", |_| {
        fs::write("/etc/precious", "precious")?;
        for (which, path, subject) in FILES {
            let failed = |task, errno: Errno| {
                Err(SessionError::Failed { task, subject, errno: errno.raw_os_error() })
            };
            symlink("/etc/precious", path)?;
            assert_eq!(read(which, 100), failed(Task::Open, Errno::LOOP));
            fs::remove_file(path)?;
            fs::create_dir(path)?;
            assert_eq!(read(which, 100), failed(Task::Read, Errno::ISDIR));
            fs::remove_dir(path)?;
        }
        Ok(())
    });
}
