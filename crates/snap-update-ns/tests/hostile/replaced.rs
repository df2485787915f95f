//! A namespace that is replaced while the lock is waited for.

use std::fs;
use std::path::Path;
use std::process::Child;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use crate::check::GOOD;
use crate::machine::{DESIRED, mount, on_a_machine, unmount};

const MNT: &str = "/run/snapd/ns/hello.mnt";

/// A mount namespace, a copy of this one, with a thread in it.
struct Namespace {
    /// The path of `/proc` that stands for it.
    path: String,
    ask: Sender<&'static str>,
    answer: Receiver<bool>,
}

impl Namespace {
    /// One that can be preserved: the kernel refuses one with a lower number than that which this
    /// process is in, and gives out numbers for each processor apart.
    fn start() -> Self {
        let fits = |namespace: &Self| {
            let bound = snap_ns_testbed::mount_bind(&namespace.path, MNT);
            bound.is_ok().then(|| unmount(MNT)).is_some()
        };
        (0..64).map(Self::on_processor).find(fits).expect("a namespace that can be preserved")
    }

    fn on_processor(number: usize) -> Self {
        let ((ask, asked), (answers, answer)) = (channel::<&str>(), channel());
        let (tell, path) = channel();
        thread::spawn(move || {
            // SAFETY: system calls with plain data that lives long enough.
            let thread = unsafe {
                let mut set: libc::cpu_set_t = std::mem::zeroed();
                libc::CPU_SET(
                    number % libc::sysconf(libc::_SC_NPROCESSORS_ONLN) as usize,
                    &mut set,
                );
                let _ = libc::sched_setaffinity(0, size_of_val(&set), &set);
                assert_eq!(libc::unshare(libc::CLONE_FS | libc::CLONE_NEWNS), 0);
                libc::gettid()
            };
            tell.send(format!("/proc/self/task/{thread}/ns/mnt")).unwrap();
            for path in asked {
                answers.send(Path::new(path).exists()).unwrap();
            }
        });
        Self { path: path.recv().unwrap(), ask, answer }
    }

    /// As snap-confine does it.
    fn preserve(&self) {
        mount(Some(&self.path), MNT, None, libc::MS_BIND, None);
    }

    fn has(&self, path: &'static str) -> bool {
        self.ask.send(path).unwrap();
        self.answer.recv().unwrap()
    }
}

/// Until `child` waits for a lock.
fn wait_for_flock(child: &mut Child) {
    let since = Instant::now();
    loop {
        let call = fs::read_to_string(format!("/proc/{}/syscall", child.id())).unwrap_or_default();
        if call.split(' ').next() == Some(&libc::SYS_flock.to_string()) {
            return;
        }
        assert_eq!(child.try_wait().unwrap(), None, "it did not wait for the lock");
        assert!(since.elapsed() < Duration::from_secs(30), "it does not wait for the lock: {call}");
        sleep(Duration::from_millis(2));
    }
}

#[test]
fn while_the_lock_is_waited_for() {
    on_a_machine("replaced::while_the_lock_is_waited_for", |machine| {
        fs::write(MNT, "").unwrap();
        fs::write(DESIRED, GOOD[1]).unwrap();
        let (old, new) = (Namespace::start(), Namespace::start());
        old.preserve();
        let mut child = machine.with_arguments(&[b"hello"]).spawn().unwrap();
        wait_for_flock(&mut child);
        unmount(MNT);
        new.preserve();
        machine.unlock();
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert_eq!((old.has("/srv/good/sub"), new.has("/srv/good/sub")), (false, true));
        unmount(MNT);
    });
}

/// Nobody has to wait, and nothing is made, where there is nothing to update.
#[test]
fn by_nothing() {
    on_a_machine("replaced::by_nothing", |machine| {
        fs::write(DESIRED, GOOD[1]).unwrap();
        fs::write(MNT, "").unwrap();
        let namespace = Namespace::start();
        namespace.preserve();
        let mut child = machine.with_arguments(&[b"hello"]).spawn().unwrap();
        wait_for_flock(&mut child);
        unmount(MNT);
        fs::remove_file(MNT).unwrap();
        machine.unlock();
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert!(!namespace.has("/srv/good/sub"));
        let lock = "/run/snapd/lock/hello.lock";
        fs::remove_file(lock).unwrap();
        let status = machine.with_arguments(&[b"hello"]).status().unwrap();
        assert_eq!((status.code(), Path::new(lock).exists()), (Some(0), false));
    });
}
