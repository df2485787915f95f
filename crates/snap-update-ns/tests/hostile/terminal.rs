//! A terminal whose other side nobody reads: poll(2) says that it is ready as long as there is room
//! for one byte, and write(2) waits for room for the others. (Its room is in blocks of 256 bytes.)

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::check::GOOD;
use crate::machine::{CURRENT, DESIRED, FREEZER, mount, on_a_machine};

/// How long the kernel may take until nothing moves any more.
const SETTLES: Duration = Duration::from_millis(30);

/// The two sides of a new terminal. Neither waits.
fn terminal() -> (File, File) {
    let open = |path: &str| {
        let flags = libc::O_NOCTTY | libc::O_NONBLOCK;
        File::options().read(true).write(true).custom_flags(flags).open(path).unwrap()
    };
    let master = open("/dev/pts/ptmx");
    let (mut number, unlocked): (libc::c_int, libc::c_int) = (0, 0);
    // SAFETY: system calls with pointers to values that live long enough.
    unsafe {
        assert_eq!(libc::ioctl(master.as_raw_fd(), libc::TIOCSPTLCK, &unlocked), 0);
        assert_eq!(libc::ioctl(master.as_raw_fd(), libc::TIOCGPTN, &mut number), 0);
    }
    let slave = open(&format!("/dev/pts/{number}"));
    (master, slave)
}

/// Writes as much as there is room for, but not more than `most`; how much that was. The kernel
/// moves a part on to the other side, a moment later: there is room again, once.
fn fill(mut slave: &File, most: usize) -> usize {
    let (mut written, mut settled) = (0, false);
    while written < most {
        match slave.write(&vec![b'.'; (most - written).min(64)]) {
            Ok(len) => (written, settled) = (written + len, false),
            Err(error) if error.kind() == ErrorKind::WouldBlock && settled => break,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                settled = true;
                sleep(SETTLES);
            }
            Err(error) => panic!("{error}"),
        }
    }
    sleep(SETTLES);
    written
}

/// How much has to be written to a terminal so that the text `before` still goes in, and of `line`
/// a part.
fn nearly_full(before: &str, line: &str) -> usize {
    let capacity = fill(&terminal().1, usize::MAX);
    let fits = |most: &usize| {
        let (_master, mut slave) = terminal();
        let filled = fill(&slave, *most) == *most;
        let wrote = slave.write(before.as_bytes()).is_ok_and(|len| len == before.len());
        filled && wrote && slave.write(line.as_bytes()).is_ok_and(|len| len < line.len())
    };
    (0..capacity).rev().step_by(16).find(fits).expect("a terminal that is nearly full")
}

#[test]
fn that_nobody_reads() {
    on_a_machine("terminal::that_nobody_reads", |machine| {
        machine.world.dir("/dev/pts").unwrap();
        mount(Some("pts"), "/dev/pts", Some("devpts"), 0, Some("newinstance,ptmxmode=666"));
        let name = "long".repeat(50);
        let desired = GOOD[1].replace("/srv/good", &format!("/srv/{name}/{name}/{name}"));
        fs::write(DESIRED, &desired).unwrap();
        let log = machine.command().env("SNAPD_DEBUG", "1").output().unwrap().stderr;
        let log = String::from_utf8(log).unwrap().replace('\n', "\r\n");
        machine.undo();

        // Some is told before anything is frozen.
        let (before, rest) = log.split_at(log.find("DEBUG: create mount point").expect("a step"));
        let most = nearly_full(before, &rest[..600]);
        let (mut master, slave) = terminal();
        assert_eq!(fill(&slave, most), most);
        // SAFETY: one system call on an open descriptor.
        assert_eq!(unsafe { libc::fcntl(slave.as_raw_fd(), libc::F_SETFL, libc::O_RDWR) }, 0);
        fs::write(DESIRED, &desired).unwrap();
        let mut command = machine.command();
        let mut child = command.env("SNAPD_DEBUG", "1").stderr(slave).spawn().unwrap();
        drop(command);
        let since = Instant::now();
        while fs::read_to_string(FREEZER).unwrap() != "THAWED"
            || !fs::read_to_string(CURRENT).unwrap().contains(&desired)
        {
            if since.elapsed() > Duration::from_secs(20) {
                child.kill().unwrap();
                panic!("still frozen, or not saved");
            }
            sleep(Duration::from_millis(2));
        }
        assert_eq!(child.try_wait().unwrap(), None, "it was not the terminal that it waited for");
        // It goes on when somebody reads.
        let mut read = Vec::new();
        while child.try_wait().unwrap().is_none() {
            let mut bytes = [0; 4096];
            let len = master.read(&mut bytes).unwrap_or(0);
            read.extend_from_slice(&bytes[..len]);
            assert!(since.elapsed() < Duration::from_secs(40), "it does not end");
        }
        let mut bytes = [0; 4096];
        while let Ok(len @ 1..) = master.read(&mut bytes) {
            read.extend_from_slice(&bytes[..len]);
        }
        let told = read.strip_prefix(&vec![b'.'; most][..]).expect("what filled it");
        // What comes when the terminal is full is lost; nothing else is.
        let told = String::from_utf8_lossy(told).into_owned();
        assert!(told.starts_with(&[before, &rest[..600]].concat()), "{told}");
        machine.undo();
    });
}
