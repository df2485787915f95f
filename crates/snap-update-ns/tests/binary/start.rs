//! How the binary starts, whatever it is started with. Without arguments it ends with one line and
//! status 1 before it touches anything, so every test here is harmless anywhere.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};

use crate::image::{Elf, GNU_RELRO};
use crate::traced::Traced;

fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_snap-update-ns"))
}

/// Status 1, nothing on standard error, and exactly one line on standard output.
#[track_caller]
fn check_refused(output: &Output) {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.strip_suffix('\n').unwrap_or_default();
    assert_eq!(output.status.code(), Some(1), "{:?} {text}", output.status);
    assert!(line.starts_with("cannot update snap namespace: "), "{text:?}");
    assert!(!line.contains('\n') && !line.contains("internal error"), "{text:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// Closes the standard streams in `closed` before execve(2).
fn close(command: &mut Command, closed: &'static [i32]) {
    // SAFETY: runs in the forked child and only makes system calls.
    unsafe {
        command.pre_exec(move || {
            for stream in closed {
                if libc::close(*stream) != 0 {
                    return Err(io::Error::last_os_error());
                }
            }
            Ok(())
        });
    }
}

#[test]
fn no_arguments_is_one_line() {
    check_refused(&binary().output().expect("run"));
}

#[test]
fn closed_streams_become_dev_null() {
    let sets: [&[i32]; 7] = [&[0], &[1], &[2], &[0, 1], &[0, 2], &[1, 2], &[0, 1, 2]];
    for closed in sets {
        let mut command = binary();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        close(&mut command, closed);
        let traced = Traced::start(&mut command);
        let before = traced.state().streams;
        traced.run();
        let after = traced.state().streams;
        assert_eq!(traced.end(), Some(1), "closed: {closed:?}");
        for (number, (before, after)) in (0..).zip(before.iter().zip(&after)) {
            if closed.contains(&number) {
                assert_eq!((before.as_str(), after.as_str()), ("", "/dev/null"), "{number}");
            } else {
                assert!(before.starts_with("pipe:"), "{number}: {before}");
                assert_eq!(before, after, "{number}");
            }
        }
    }
}

/// Runs where `/dev` is empty.
fn without_dev_null(closed: &'static [i32]) -> Output {
    let mut command = binary();
    snap_ns_testbed::isolate(&mut command);
    // SAFETY: runs in the forked child and makes one system call, with constant strings.
    unsafe {
        command.pre_exec(|| {
            let (name, dev, data) = (c"none".as_ptr(), c"/dev".as_ptr(), std::ptr::null());
            match libc::mount(name, dev, c"tmpfs".as_ptr(), 0, data) {
                0 => Ok(()),
                _ => Err(io::Error::last_os_error()),
            }
        });
    }
    close(&mut command, closed);
    command.output().expect("run in a mount namespace")
}

#[test]
fn without_dev_null_only_open_streams_will_do() {
    check_refused(&without_dev_null(&[]));
    let output = without_dev_null(&[0]);
    // std aborts, the start code exits; neither goes on.
    let expected = if cfg!(freestanding) { Some(1) } else { None };
    assert_eq!(output.status.code(), expected, "{:?}", output.status);
    assert_eq!(output.stdout, b"");
}

#[test]
fn sigpipe_is_ignored_and_the_umask_is_0() {
    let mut command = binary();
    // SAFETY: runs in the forked child and makes one system call.
    unsafe {
        command.pre_exec(|| {
            libc::umask(0o77);
            Ok(())
        });
    }
    command.stdout(Stdio::piped());
    let traced = Traced::start(&mut command);
    let ignored = |traced: &Traced| traced.state().status("SigIgn", 16) >> (libc::SIGPIPE - 1) & 1;
    assert_eq!((ignored(&traced), traced.state().status("Umask", 8)), (0, 0o77));
    traced.run();
    assert_eq!((ignored(&traced), traced.state().status("Umask", 8)), (1, 0));
    assert_eq!(traced.end(), Some(1));
}

#[test]
fn an_output_that_nobody_reads_does_not_kill() {
    let (reader, writer) = io::pipe().expect("pipe");
    drop(reader);
    let status = binary().stdout(writer).stderr(Stdio::null()).status().expect("run");
    assert_eq!(status.code(), Some(1), "{status:?}");
}

#[test]
fn a_mebibyte_of_environment() {
    let mut command = binary();
    command.env_clear();
    for number in 0..16 {
        command.env(format!("VARIABLE_{number}"), "x".repeat(64 << 10));
    }
    check_refused(&command.output().expect("run"));
}

#[test]
fn an_environment_of_nonsense() {
    let mut command = binary();
    // SAFETY: runs in the forked child; execve(2) reads constant strings and comes back only when
    // it failed.
    unsafe {
        command.pre_exec(|| {
            let path = concat!(env!("CARGO_BIN_EXE_snap-update-ns"), "\0").as_ptr().cast();
            let environment = [c"", c"=", c"==", c"SNAPD_DEBUG", c"=SNAPD_DEBUG=1", c"\xff\xfe"];
            let mut pointers = [std::ptr::null(); 7];
            for (pointer, entry) in pointers.iter_mut().zip(environment) {
                *pointer = entry.as_ptr();
            }
            libc::execve(path, [c"x".as_ptr(), std::ptr::null()].as_ptr(), pointers.as_ptr());
            Err(io::Error::last_os_error())
        });
    }
    check_refused(&command.output().expect("run"));
}

#[test]
fn an_empty_argument_vector() {
    let mut command = binary();
    // SAFETY: as above.
    unsafe {
        command.pre_exec(|| {
            let path = concat!(env!("CARGO_BIN_EXE_snap-update-ns"), "\0").as_ptr().cast();
            let nothing = [std::ptr::null()];
            libc::execve(path, nothing.as_ptr(), nothing.as_ptr());
            Err(io::Error::last_os_error())
        });
    }
    check_refused(&command.output().expect("run"));
}

#[test]
#[cfg_attr(not(freestanding), ignore = "hosted build: std reads the initial stack")]
fn not_even_a_name() {
    #[cfg(freestanding)]
    {
        let mut command = binary();
        command.stdout(Stdio::piped());
        let traced = Traced::start(&mut command);
        traced.forget_the_only_argument();
        traced.run();
        assert_eq!(traced.end(), Some(1));
    }
}

#[test]
#[cfg_attr(not(freestanding), ignore = "hosted build: libc's business")]
fn nothing_can_write_where_relocation_wrote() {
    let relro = Elf::read().segment(GNU_RELRO);
    let traced = Traced::start(binary().stdout(Stdio::piped()));
    traced.run();
    let mappings = traced.mappings();
    assert_eq!(traced.end(), Some(1));
    let base = mappings.first().expect("a mapping of the binary").start;
    for page in (base + relro.address..base + relro.address + relro.size).step_by(4096) {
        let found = mappings.iter().find(|it| (it.start..it.end).contains(&page));
        assert_eq!(found.map(|it| it.permissions.as_str()), Some("r--p"));
    }
}
