//! What is created in a directory that others may write to, when one of them puts something else in its
//! place before it is given to root.
//!
//! The program is stopped at every system call (ptrace(2)), so that the attack comes at the very moment.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, lchown, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::{io, mem, ptr};

use crate::check::one_line;
use crate::machine::{DESIRED, Machine, chmod, on_a_machine};
use crate::same_user::{USER, command};
use crate::state::State;
use crate::truth::check_truth;

const OPEN: &str = "/var/snap/hello/common/open";
const NEW: &str = "/var/snap/hello/common/open/new";
const BAIT: &str = "/var/snap/hello/common/open/bait";

const DIRECTORY: &str =
    "/snap/hello/1/lib /var/snap/hello/common/open/new none rbind,x-snapd.origin=layout 0 0\n";
const ON_THE_WAY: &str =
    "/snap/hello/1/lib /var/snap/hello/common/open/new/sub none rbind,x-snapd.origin=layout 0 0\n";
const FILE: &str = "/snap/hello/1/file /var/snap/hello/common/open/new none bind,x-snapd.kind=file,x-snapd.uid=0,x-snapd.gid=7,x-snapd.origin=layout 0 0\n";
const LINK: &str = "none /var/snap/hello/common/open/new none x-snapd.kind=symlink,x-snapd.symlink=/a,x-snapd.origin=layout 0 0\n";

/// Runs `command`, and calls `attack` whenever it is stopped before or after a system call, with the number of a
/// call that is about to be made.
#[allow(clippy::zombie_processes, reason = "it is waited for by waitpid(2)")]
fn traced(command: &mut Command, mut attack: impl FnMut(Option<u64>)) -> Output {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    // SAFETY: makes one system call.
    unsafe {
        command.pre_exec(|| match libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        });
    }
    let child = command.spawn().unwrap();
    let pid = i32::try_from(child.id()).unwrap();
    let (mut status, mut first) = (0, true);
    loop {
        // SAFETY: waits for the own child and writes the status.
        assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
        if !libc::WIFSTOPPED(status) {
            break;
        }
        if mem::take(&mut first) {
            let option = libc::PTRACE_O_TRACESYSGOOD;
            // SAFETY: a request without memory.
            unsafe { libc::ptrace(libc::PTRACE_SETOPTIONS, pid, ptr::null_mut::<u8>(), option) };
        }
        // SAFETY: the structure is of integers, and the kernel writes no more than its size.
        let info = unsafe {
            let mut info: libc::ptrace_syscall_info = mem::zeroed();
            let size = mem::size_of_val(&info);
            libc::ptrace(libc::PTRACE_GET_SYSCALL_INFO, pid, size, &raw mut info);
            (info.op == libc::PTRACE_SYSCALL_INFO_ENTRY).then_some(info.u.entry.nr)
        };
        attack(info);
        // SAFETY: a request without memory.
        let resumed = unsafe { libc::ptrace(libc::PTRACE_SYSCALL, pid, ptr::null_mut::<u8>(), 0) };
        assert_eq!(resumed, 0, "{}", io::Error::last_os_error());
    }
    use std::io::Read as _;
    use std::os::unix::process::ExitStatusExt as _;
    let mut output = Output {
        status: std::process::ExitStatus::from_raw(status),
        stdout: Vec::new(),
        stderr: Vec::new(),
    };
    child.stdout.unwrap().read_to_end(&mut output.stdout).unwrap();
    child.stderr.unwrap().read_to_end(&mut output.stderr).unwrap();
    output
}

/// Owner, mode, and what is in it.
type Seen = (u32, u32, Vec<String>, Option<String>);

fn seen(path: &str) -> Seen {
    let data = fs::symlink_metadata(path).unwrap();
    let mut inside = Vec::new();
    if data.is_dir() {
        inside.extend(
            fs::read_dir(path).unwrap().map(|entry| format!("{:?}", entry.unwrap().file_name())),
        );
    }
    let target = fs::read_link(path).ok().map(|target| target.display().to_string());
    (data.uid(), data.mode(), inside, target)
}

/// Puts what `bait` makes in the place of what is created, as soon as it is; the run has to refuse, and to leave it
/// as it was.
#[track_caller]
fn refused(machine: &Machine, mut command: Command, desired: &str, bait: &dyn Fn(), what: &str) {
    let what = format!("{what}: {desired}");
    fs::create_dir(OPEN).unwrap();
    chmod(OPEN, 0o777);
    bait();
    let before = State::now();
    let of_bait = seen(BAIT);
    fs::write(DESIRED, desired).unwrap();
    let mut swapped = false;
    let output = traced(&mut command, |_| {
        if !swapped && fs::symlink_metadata(NEW).is_ok() {
            fs::rename(NEW, format!("{OPEN}/was")).unwrap();
            fs::rename(BAIT, NEW).unwrap();
            swapped = true;
        }
    });
    assert!(swapped, "{what}: nothing was created");
    assert_eq!(seen(NEW), of_bait, "{what}: it is as it was: {output:?}");
    one_line(
        &output,
        &["layout ", "something else took the place of /var/snap/hello/common/open"],
        &what,
    );
    check_truth(&before, &what);
    fs::remove_dir_all(OPEN).unwrap();
    let _ = machine;
}

fn directory(owner: u32, mode: u32, file: Option<&str>) {
    fs::create_dir(BAIT).unwrap();
    if let Some(name) = file {
        fs::write(format!("{BAIT}/{name}"), "theirs").unwrap();
    }
    lchown(BAIT, Some(owner), Some(owner)).unwrap();
    chmod(BAIT, mode);
}

fn link(owner: u32, target: &str) {
    symlink(target, BAIT).unwrap();
    lchown(BAIT, Some(owner), Some(owner)).unwrap();
}

#[test]
fn before_it_is_given() {
    let name = "swapped::before_it_is_given";
    if !snap_ns_testbed::is_root_or_skips(name) {
        return;
    }
    on_a_machine(name, |machine| {
        let baits: [(&str, &dyn Fn()); 4] = [
            ("full, set-group-ID", &|| directory(USER, 0o2755, Some("file"))),
            ("full", &|| directory(USER, 0o755, Some("file"))),
            ("empty, for all", &|| directory(USER, 0o777, None)),
            ("of another user", &|| directory(1001, 0o755, None)),
        ];
        for (what, bait) in baits {
            for desired in [DIRECTORY, ON_THE_WAY] {
                refused(machine, machine.command(), desired, bait, &format!("root, {what}"));
                refused(machine, command(machine), desired, bait, &format!("a user, {what}"));
            }
        }
        let baits: [(&str, &dyn Fn()); 3] = [
            ("elsewhere", &|| link(USER, "/etc")),
            ("of another user", &|| link(1001, "/a")),
            ("no link", &|| directory(USER, 0o755, None)),
        ];
        for (what, bait) in baits {
            refused(machine, command(machine), LINK, bait, &format!("a user, {what}"));
            if what != "of another user" {
                refused(machine, machine.command(), LINK, bait, &format!("root, {what}"));
            }
        }
    });
}

/// The other processes of the user who starts the snap can change what is still that user's.
#[test]
fn changed_by_its_owner() {
    let name = "swapped::changed_by_its_owner";
    if !snap_ns_testbed::is_root_or_skips(name) {
        return;
    }
    on_a_machine(name, |machine| {
        let changes: [(&str, &str, fn()); 4] = [
            ("mode", DIRECTORY, || chmod(NEW, 0o2777)),
            ("contents", DIRECTORY, || fs::write(format!("{NEW}/file"), "theirs").unwrap()),
            ("mode of a file", FILE, || chmod(NEW, 0o777)),
            ("contents of a file", FILE, || fs::write(NEW, "theirs").unwrap()),
        ];
        for (what, desired, change) in changes {
            fs::create_dir(OPEN).unwrap();
            chmod(OPEN, 0o777);
            fs::write(DESIRED, desired).unwrap();
            let before = State::now();
            let mut changed = false;
            // Just before it is given to root.
            let output = traced(&mut command(machine), |call| {
                let gives = call == Some(u64::try_from(libc::SYS_fchownat).unwrap());
                if gives && !changed && Path::new(NEW).exists() {
                    change();
                    changed = true;
                }
            });
            assert!(changed, "{what}: nothing was given");
            one_line(&output, &["layout ", "something else took the place of"], what);
            assert_eq!(fs::symlink_metadata(NEW).unwrap().uid(), USER, "{what}: it is not root's");
            check_truth(&before, what);
            fs::remove_dir_all(OPEN).unwrap();
        }
    });
}
