//! snap-confine with file capabilities calls as the calling user, who has other processes: what these
//! can do to the program while it runs.

use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::check::{GOOD, one_line};
use crate::machine::{CURRENT, DESIRED, FREEZER, Machine, PROGRAM, mount, on_a_machine, unmount};
use crate::truth::seen;

pub(crate) const USER: libc::uid_t = 1000;

const DENIED: Result<(), io::ErrorKind> = Err(io::ErrorKind::PermissionDenied);

/// `CAP_CHOWN`, `CAP_DAC_OVERRIDE`, `CAP_SYS_ADMIN` (capabilities(7)).
pub(crate) const THREE: [libc::c_ulong; 3] = [0, 1, 21];

/// The result of a system call.
fn done(result: impl Into<i64>) -> io::Result<()> {
    if result.into() < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn become_user() -> io::Result<()> {
    // SAFETY: system calls with numbers and a null pointer to no groups.
    unsafe {
        done(libc::setgroups(0, std::ptr::null()))?;
        done(libc::setresgid(USER, USER, USER))?;
        done(libc::setresuid(USER, USER, USER))
    }
}

/// The same with the three capabilities in each set but the bounding one.
fn become_user_with_capabilities() -> io::Result<()> {
    // SAFETY: one system call with numbers.
    done(unsafe { libc::prctl(libc::PR_SET_KEEPCAPS, 1, 0, 0, 0) })?;
    become_user()?;
    keep_capabilities(&THREE)
}

/// Goes on with these capabilities in each set.
fn keep_capabilities(kept: &[libc::c_ulong]) -> io::Result<()> {
    let set = kept.iter().fold(0_u32, |set, number| set | 1 << number);
    // struct __user_cap_header_struct (version 3, this thread), and two of __user_cap_data_struct:
    // effective, permitted, inheritable.
    let (header, data) = ([0x2008_0522_u32, 0], [set, set, set, 0, 0, 0]);
    // SAFETY: system calls with numbers, and with arrays in the kernel's layout that live long enough.
    unsafe {
        // What is not in the bounding set is not given to root's programs either.
        for capability in (0..64).filter(|number| !kept.contains(number)) {
            libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0);
        }
        done(libc::syscall(libc::SYS_capset, header.as_ptr(), data.as_ptr()))?;
        for capability in kept.iter().copied() {
            let raise = libc::PR_CAP_AMBIENT_RAISE;
            done(libc::prctl(libc::PR_CAP_AMBIENT, raise, capability, 0, 0))?;
        }
    }
    Ok(())
}

/// The call of root who may do just this: as the stock policy lets it, or without one of the three.
pub(crate) fn as_root_with(machine: &Machine, kept: &'static [libc::c_ulong]) -> Command {
    let mut command = machine.command();
    // SAFETY: makes system calls only.
    unsafe { command.pre_exec(move || keep_capabilities(kept)) };
    command
}

/// snap-confine's call as it comes from 2.77.
pub(crate) fn command(machine: &Machine) -> Command {
    let mut command = machine.command();
    // SAFETY: makes system calls only.
    unsafe { command.pre_exec(become_user_with_capabilities) };
    command
}

/// What an ordinary process of the user gets when it does this.
fn as_user(attempt: impl Fn() -> io::Result<()> + Send + Sync + 'static) -> io::Result<()> {
    let mut command = Command::new(PROGRAM);
    command.stdout(Stdio::null());
    // SAFETY: makes system calls, and small allocations in a process with one thread.
    unsafe { command.pre_exec(move || become_user().and_then(|()| attempt())) };
    command.status().map(drop)
}

#[test]
fn looks_and_meddles() {
    let name = "same_user::looks_and_meddles";
    if !snap_ns_testbed::is_root_or_skips(name) {
        return;
    }
    on_a_machine(name, |machine| {
        // A freezer that never says that it is frozen: the program waits for it, for 3 seconds.
        fs::write(DESIRED, GOOD.concat()).unwrap();
        mount(Some("/dev/null"), FREEZER, None, libc::MS_BIND, None);
        let before = seen();
        let mut command = command(machine);
        let program = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        sleep(Duration::from_millis(500));
        let pid = i32::try_from(program.id()).unwrap();
        for file in ["mem", "environ", "maps", "auxv"] {
            let path = format!("/proc/{pid}/{file}");
            let opened = as_user(move || fs::File::open(&path).map(drop));
            assert_eq!(opened.map_err(|e| e.kind()), DENIED, "{file}");
        }
        for link in ["cwd", "root", "exe", "fd/0"] {
            let path = format!("/proc/{pid}/{link}");
            let opened = as_user(move || fs::read_link(&path).map(drop));
            assert_eq!(opened.map_err(|e| e.kind()), DENIED, "{link}");
        }
        let null = std::ptr::null_mut::<libc::c_void>;
        // SAFETY: one system call with numbers and null pointers.
        let traced =
            as_user(move || done(unsafe { libc::ptrace(libc::PTRACE_SEIZE, pid, null(), null()) }));
        assert_eq!(traced.map_err(|e| e.kind()), DENIED);
        // These the kernel lets the user do. A signal is held; a limit is a call that fails.
        as_user(move || {
            let limit = libc::rlimit { rlim_cur: 3, rlim_max: 3 };
            // SAFETY: system calls with numbers, and a structure that lives long enough.
            unsafe {
                done(libc::kill(pid, libc::SIGTERM))?;
                done(libc::prlimit(
                    pid,
                    libc::RLIMIT_NOFILE,
                    &raw const limit,
                    std::ptr::null_mut(),
                ))
            }
        })
        .unwrap();
        let output = program.wait_with_output().unwrap();
        one_line(&output, &["cannot freeze the processes of the snap"], "a user who meddles");
        assert!(before == seen(), "nothing was changed");
        unmount(FREEZER);
        // Left alone it does what it is for, and what it saves is root's.
        let output = self::command(machine).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let saved = fs::read_to_string(CURRENT).unwrap();
        assert!(GOOD.iter().all(|line| saved.contains(line)), "{saved}");
        let written = as_user(|| fs::File::options().write(true).open(CURRENT).map(drop));
        assert_eq!(written.map_err(|e| e.kind()), DENIED);
        machine.undo();
    });
}
