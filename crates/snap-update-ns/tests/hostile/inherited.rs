//! What a process inherits from whoever starts it, besides arguments, environment and standard
//! streams: each job is done as a whole, or not at all.

use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;

use crate::check::{GOOD, one_line};
use crate::machine::{DESIRED, FREEZER, mount, on_a_machine};
use crate::state::State;
use crate::whole::{Ends, on_a_machine_with_jobs};

/// The result of a system call.
fn done(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// setrlimit(2), soft and hard: nobody can raise it again without a privilege.
fn limit(resource: libc::__rlimit_resource_t, value: u64) -> io::Result<()> {
    let limit = libc::rlimit { rlim_cur: value, rlim_max: value };
    // SAFETY: one system call with a structure that lives long enough.
    done(unsafe { libc::setrlimit(resource, &raw const limit) })
}

#[test]
fn few_descriptors() {
    on_a_machine_with_jobs("inherited::few_descriptors", |jobs| {
        let mut sum = Ends::default();
        for number in 3..=32 {
            let ends = jobs
                .each(&format!("{number} descriptors"), move || limit(libc::RLIMIT_NOFILE, number));
            assert!(ends.died == 0 || !cfg!(freestanding), "{number}: {ends:?}");
            if number == 32 {
                assert_eq!(ends.refused, 0, "{ends:?}");
            }
            sum.refused += ends.refused;
            sum.done += ends.done;
        }
        // Some were too few.
        assert!(sum.refused > 0 && sum.done > 0, "{sum:?}");
    });
}

#[test]
fn open_descriptors() {
    on_a_machine_with_jobs("inherited::open_descriptors", |jobs| {
        // A directory of another tree, to which no path leads from here.
        mount(Some("host"), "/home/user", Some("tmpfs"), 0, Some("mode=777"));
        fs::write("/home/user/precious", "precious").unwrap();
        let elsewhere = fs::File::open("/home/user").unwrap();
        let number = elsewhere.as_raw_fd();
        // SAFETY: one system call with a constant string.
        done(unsafe { libc::umount2(c"/home/user".as_ptr(), libc::MNT_DETACH) }).unwrap();
        jobs.all_done("descriptors of directories", move || {
            for name in [c"/", c"/home", c"/usr/share", c"/run/snapd/ns"] {
                for flags in [libc::O_RDONLY, libc::O_PATH] {
                    for _ in 0..20 {
                        // SAFETY: system calls with a constant string, and with a number.
                        unsafe {
                            done(libc::open(name.as_ptr(), flags | libc::O_DIRECTORY))?;
                            done(libc::dup(number))?;
                        }
                    }
                }
            }
            Ok(())
        });
        jobs.all_done("descriptors of the profile and the lock", || {
            for name in [c"/run/snapd/ns/snap.hello.fstab", c"/run/snapd/lock/hello.lock"] {
                // SAFETY: one system call with a constant string.
                done(unsafe { libc::open(name.as_ptr(), libc::O_RDWR | libc::O_APPEND) })?;
            }
            Ok(())
        });
        let there = format!("/proc/self/fd/{number}");
        let names: Vec<_> =
            fs::read_dir(&there).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!(names, ["precious"]);
        assert_eq!(fs::read_to_string(format!("{there}/precious")).unwrap(), "precious");
    });
}

#[test]
fn working_directories() {
    on_a_machine_with_jobs("inherited::working_directories", |jobs| {
        let at = |name: &'static std::ffi::CStr| {
            // SAFETY: one system call with a constant string.
            move || done(unsafe { libc::chdir(name.as_ptr()) })
        };
        jobs.all_done("in what gets covered", at(c"/usr/share"));
        jobs.all_done("in the snap's data", at(c"/var/snap/hello/common/data/sub"));
        jobs.all_done("in /proc/self", at(c"/proc/self/fd"));
        jobs.all_done("in a deleted directory", || {
            let name = c"/home/user/gone".as_ptr();
            // SAFETY: system calls with a constant string.
            unsafe {
                done(libc::mkdir(name, 0))?;
                done(libc::chdir(name))?;
                done(libc::rmdir(name))
            }
        });
        jobs.all_done("outside of the root", || {
            let (fs_type, dir) = (c"tmpfs".as_ptr(), c"/home/user".as_ptr());
            // SAFETY: system calls with constant strings.
            unsafe {
                done(libc::mount(fs_type, dir, fs_type, 0, std::ptr::null()))?;
                done(libc::chdir(dir))?;
                done(libc::umount2(dir, libc::MNT_DETACH))
            }
        });
    });
}

#[test]
fn umasks() {
    on_a_machine_with_jobs("inherited::umasks", |jobs| {
        for mask in [0o777, 0o077, 0o022, 0] {
            jobs.all_done(&format!("umask {mask:o}"), move || {
                // SAFETY: one system call.
                unsafe { libc::umask(mask) };
                Ok(())
            });
        }
    });
}

#[test]
fn short_files() {
    on_a_machine_with_jobs("inherited::short_files", |jobs| {
        let mut sum = Ends::default();
        for bytes in [0, 1, 10, 100, 1000, 2000, 4095, 4096, 1 << 20] {
            let ends = jobs.each(&format!("files of {bytes} bytes"), move || {
                // SAFETY: one system call with numbers.
                unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_DFL) };
                limit(libc::RLIMIT_FSIZE, bytes)
            });
            assert_eq!(ends.died, 0, "{bytes}: {ends:?}");
            assert!(bytes > 0 || ends.done == 0, "without a byte nothing is saved: {ends:?}");
            sum.refused += ends.refused;
            sum.done += ends.done;
        }
        assert!(sum.refused > 0 && sum.done > 0, "{sum:?}");
    });
}

/// The line of an error, notices and the log would be longer than a file may be: they are lost, the exit
/// status is not.
#[test]
fn streams_that_are_short_files() {
    on_a_machine("inherited::streams_that_are_short_files", |machine| {
        // The profile that is saved is shorter than the longer limit; the log is not.
        for (desired, code, bytes) in [("bad line\n", 1, 0), (&*GOOD.concat(), 0, 4096)] {
            fs::write(DESIRED, desired).unwrap();
            fs::File::create("/srv/stream").unwrap().set_len(bytes).unwrap();
            let before = State::now();
            let stream = || fs::File::options().append(true).open("/srv/stream").unwrap();
            let mut command = machine.command();
            command.env("SNAPD_DEBUG", "1").stdout(stream()).stderr(stream());
            let limit = move || {
                // SAFETY: one system call with numbers.
                unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_DFL) };
                limit(libc::RLIMIT_FSIZE, bytes)
            };
            // SAFETY: makes system calls only.
            unsafe { command.pre_exec(limit) };
            assert_eq!(command.status().unwrap().code(), Some(code), "{desired}");
            assert_eq!(fs::metadata("/srv/stream").unwrap().len(), bytes, "{desired}");
            if code == 1 {
                before.check_unchanged("a line that is lost");
            }
        }
        machine.undo();
    });
}

#[test]
fn little_stack() {
    on_a_machine_with_jobs("inherited::little_stack", |jobs| {
        // The kernel does not even start a process with the least.
        for kib in [0, 4, 8, 16, 32, 64, 128, 192, 256, 384, 508] {
            let limit = move || limit(libc::RLIMIT_STACK, kib << 10);
            let ends = jobs.each(&format!("a stack of {kib} KiB"), limit);
            assert_eq!(ends.done, 0, "{kib}: {ends:?}");
            assert!(kib < 192 || ends.refused == 3, "{kib}: {ends:?}");
        }
        let limit = || limit(libc::RLIMIT_STACK, 512 << 10);
        jobs.all_done("a stack of 512 KiB", limit);
        // With as much in it as the kernel lets the caller put there.
        let ends = jobs.each_by("a stack of 512 KiB with a full environment", |command| {
            // SAFETY: makes one system call.
            unsafe { command.pre_exec(limit) };
            command.env("FILLER", "x".repeat(126 << 10)).output()
        });
        assert_eq!(ends, Ends { done: 3, ..Ends::default() });
    });
}

/// Around the limit at which the kernel does not start the program any more, because its buffers do
/// not fit: it works or does not start, and takes no more memory later.
#[test]
fn little_memory() {
    on_a_machine_with_jobs("inherited::little_memory", |jobs| {
        for (name, resource) in [("address space", libc::RLIMIT_AS), ("data", libc::RLIMIT_DATA)] {
            let with = |kib: u64| {
                let limit = move || limit(resource, kib << 10);
                let ends = jobs.each(&format!("{kib} KiB of {name}"), limit);
                assert_eq!(ends.refused, 0, "{kib} KiB of {name}: {ends:?}");
                ends.died
            };
            let (mut too_little, mut enough) = (0, 1 << 20);
            assert_eq!((with(too_little), with(enough)), (3, 0), "{name}");
            while enough - too_little > 4 {
                let middle = ((too_little + enough) / 2) & !3;
                *(if with(middle) == 0 { &mut enough } else { &mut too_little }) = middle;
            }
            for kib in (too_little - 64..=enough + 256).step_by(4) {
                with(kib);
            }
        }
    });
}

#[test]
fn other_limits() {
    on_a_machine_with_jobs("inherited::other_limits", |jobs| {
        for (name, resource) in [
            ("core files", libc::RLIMIT_CORE),
            ("locked memory", libc::RLIMIT_MEMLOCK),
            ("processes", libc::RLIMIT_NPROC),
            ("pending signals", libc::RLIMIT_SIGPENDING),
            ("locks", libc::RLIMIT_LOCKS),
            ("resident memory", libc::RLIMIT_RSS),
            ("niceness", libc::RLIMIT_NICE),
            ("message queues", libc::RLIMIT_MSGQUEUE),
        ] {
            jobs.all_done(&format!("no {name}"), move || limit(resource, 0));
        }
        // The kernel takes 0 for one second.
        jobs.all_done("a second of processor time", || limit(libc::RLIMIT_CPU, 1));
    });
}

#[test]
fn signals_that_are_blocked_or_ignored() {
    on_a_machine_with_jobs("inherited::signals_that_are_blocked_or_ignored", |jobs| {
        jobs.all_done("all blocked, some pending", || {
            // SAFETY: system calls with a structure that is filled before it is used.
            unsafe {
                let mut all = std::mem::zeroed();
                done(libc::sigfillset(&raw mut all))?;
                done(libc::sigprocmask(libc::SIG_BLOCK, &raw const all, std::ptr::null_mut()))?;
                for signal in [libc::SIGALRM, libc::SIGTERM, libc::SIGXCPU, libc::SIGRTMIN()] {
                    done(libc::kill(libc::getpid(), signal))?;
                }
            }
            Ok(())
        });
        jobs.all_done("all ignored", || {
            for signal in 1..=64 {
                // Some cannot be.
                // SAFETY: one system call.
                unsafe { libc::signal(signal, libc::SIG_IGN) };
            }
            Ok(())
        });
    });
}

/// A timer goes on behind execve(2), and its signal ends a process that does not know of it. It may do
/// so until something is done, not afterwards (`signals.rs` sends signals just then).
#[test]
fn timers() {
    on_a_machine_with_jobs("inherited::timers", |jobs| {
        for (name, timer) in [("real", libc::ITIMER_REAL), ("used", libc::ITIMER_PROF)] {
            for micros in (1..=40).map(|step| step * 250) {
                let ends = jobs.each(&format!("{micros} us of {name} time"), move || {
                    // SAFETY: system calls with numbers.
                    unsafe {
                        libc::signal(libc::SIGALRM, libc::SIG_DFL);
                        libc::signal(libc::SIGPROF, libc::SIG_DFL);
                    }
                    let once = libc::timeval { tv_sec: 0, tv_usec: 0 };
                    let first = libc::timeval { tv_sec: 0, tv_usec: micros };
                    let value = libc::itimerval { it_interval: once, it_value: first };
                    // SAFETY: one system call with a structure that lives long enough.
                    done(unsafe { libc::setitimer(timer, &raw const value, std::ptr::null_mut()) })
                });
                assert_eq!(ends.refused, 0, "{ends:?}");
            }
        }
    });
}

#[test]
fn no_new_privileges_and_low_priority() {
    on_a_machine_with_jobs("inherited::no_new_privileges_and_low_priority", |jobs| {
        jobs.all_done("no new privileges", || {
            // SAFETY: one system call with numbers.
            done(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })
        });
        jobs.all_done("not dumpable", || {
            // SAFETY: one system call with numbers.
            done(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) })
        });
        jobs.all_done("the least priority", || {
            let none = libc::sched_param { sched_priority: 0 };
            // SAFETY: system calls with numbers, and a structure that lives long enough.
            unsafe {
                done(libc::setpriority(libc::PRIO_PROCESS, 0, 19))?;
                done(libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const none))
            }
        });
        jobs.all_done("a new session", || {
            // SAFETY: one system call.
            done(unsafe { libc::setsid() })
        });
    });
}

#[test]
fn wrong_time() {
    on_a_machine_with_jobs("inherited::wrong_time", |jobs| {
        for (what, seconds) in [("long ago", 0), ("the far future", 1_i64 << 33)] {
            jobs.all_done(&format!("files of {what}"), move || {
                let time = libc::timespec { tv_sec: seconds, tv_nsec: 0 };
                for name in [
                    c"/var/lib/snapd/mount/snap.hello.fstab",
                    c"/run/snapd/ns/snap.hello.fstab",
                    c"/run/snapd/lock/hello.lock",
                ] {
                    let times = [time, time];
                    // SAFETY: one system call with a string and an array that live long enough.
                    done(unsafe { libc::utimensat(0, name.as_ptr(), times.as_ptr(), 0) })?;
                }
                Ok(())
            });
        }
    });
}

/// A namespace of time, in which the monotonic clock is somewhere else.
fn shift_clock(seconds: &str) -> io::Result<()> {
    // SAFETY: one system call with a number.
    done(unsafe { libc::unshare(libc::CLONE_NEWTIME) })?;
    fs::write("/proc/self/timens_offsets", format!("monotonic {seconds} 0"))
}

#[test]
fn another_monotonic_clock() {
    on_a_machine_with_jobs("inherited::another_monotonic_clock", |jobs| {
        jobs.all_done("a century later", || shift_clock("3155760000"));
    });
}

#[test]
fn waiting_by_another_monotonic_clock() {
    on_a_machine("inherited::waiting_by_another_monotonic_clock", |machine| {
        mount(Some("/dev/null"), FREEZER, None, libc::MS_BIND, None);
        fs::write(DESIRED, GOOD.concat()).unwrap();
        let mut command = machine.command();
        // SAFETY: system calls and small allocations in a process with one thread.
        unsafe { command.pre_exec(|| shift_clock("3155760000")) };
        one_line(&command.output().unwrap(), &["within 3 seconds"], "a century later");
    });
}
