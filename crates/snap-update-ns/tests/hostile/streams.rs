//! Standard streams that are closed, or that nobody reads.

use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use crate::check::GOOD;
use crate::machine::{CURRENT, DESIRED, Machine, ROOTFS, on_a_machine};
use crate::state::State;

const ALL: [&[i32]; 8] = [&[], &[0], &[1], &[2], &[0, 1], &[0, 2], &[1, 2], &[0, 1, 2]];

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
fn closed() {
    on_a_machine("streams::closed", |machine| {
        for closed in ALL {
            check_failing(machine, closed);
            check_succeeding(machine, closed);
        }
    });
}

/// The line goes where it can go, and nowhere else.
fn check_failing(machine: &Machine, closed: &'static [i32]) {
    fs::write(DESIRED, format!("{}bad line\n", GOOD[0])).unwrap();
    let before = State::now();
    let mut command = machine.command();
    close(command.env("SNAPD_DEBUG", "1"), closed);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{closed:?} {output:?}");
    let line = String::from_utf8(output.stdout).unwrap();
    assert_eq!(line.contains("fstab:2:9: 2 field(s)"), !closed.contains(&1), "{closed:?}: {line}");
    before.check_unchanged(&format!("failing with {closed:?} closed"));
}

/// What is opened instead is not what the files of the run get mixed up with.
fn check_succeeding(machine: &Machine, closed: &'static [i32]) {
    let left_out = "/usr/odd/fifo /srv/bad none bind 0 0\n";
    let before = State::now().mount_points();
    fs::write(DESIRED, format!("{left_out}{}", GOOD.concat())).unwrap();
    let mut command = machine.command();
    close(command.env("SNAPD_DEBUG", "1"), closed);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{closed:?} {output:?}");
    assert_eq!(output.stdout, b"", "{closed:?}");
    let notice = String::from_utf8(output.stderr).unwrap();
    assert_eq!(notice.contains("left out: "), !closed.contains(&2), "{closed:?}: {notice}");
    let saved = fs::read_to_string(CURRENT).unwrap();
    assert!(saved.starts_with(ROOTFS), "{closed:?}: {saved}");
    for good in GOOD {
        assert!(saved.contains(good), "{closed:?}: {saved}");
    }
    for line in saved.lines() {
        assert_eq!(line.split(' ').count(), 6, "{closed:?}: {line}");
    }
    machine.undo();
    assert_eq!(before, State::now().mount_points());
}

#[test]
fn pipes_that_nobody_reads() {
    on_a_machine("streams::pipes_that_nobody_reads", |machine| {
        let closed_pipe = || {
            let (reader, writer) = io::pipe().unwrap();
            drop(reader);
            writer
        };
        for debug in ["0", "1"] {
            fs::write(DESIRED, format!("{}bad line\n", GOOD[0])).unwrap();
            let before = State::now();
            let mut command = machine.command();
            command.env("SNAPD_DEBUG", debug).stdout(closed_pipe()).stderr(closed_pipe());
            assert_eq!(command.status().unwrap().code(), Some(1));
            before.check_unchanged("failing into closed pipes");
            fs::write(DESIRED, GOOD.concat()).unwrap();
            assert_eq!(command.status().unwrap().code(), Some(0));
            machine.undo();
        }
    });
}

#[test]
fn a_full_device() {
    on_a_machine("streams::a_full_device", |machine| {
        let full = || fs::File::options().write(true).open("/dev/full").unwrap();
        fs::write(DESIRED, format!("{}bad line\n", GOOD[0])).unwrap();
        let before = State::now();
        let mut command = machine.command();
        command.stdout(full()).stderr(full()).env("SNAPD_DEBUG", "1");
        assert_eq!(command.status().unwrap().code(), Some(1));
        before.check_unchanged("failing into a full device");
        fs::write(DESIRED, GOOD.concat()).unwrap();
        assert_eq!(command.status().unwrap().code(), Some(0));
        machine.undo();
    });
}

#[test]
fn streams_that_are_the_profile() {
    on_a_machine("streams::streams_that_are_the_profile", |machine| {
        // The lowest descriptors are files; nothing is written to what the run itself opens.
        fs::write(DESIRED, format!("{}bad line\n", GOOD[0])).unwrap();
        let before = State::now();
        let read = || Stdio::from(fs::File::open(DESIRED).unwrap());
        let status = machine.command().stdin(read()).stdout(read()).stderr(read()).status();
        assert_eq!(status.unwrap().code(), Some(1));
        before.check_unchanged("streams that cannot be written to");
    });
}

#[test]
fn debug_says_why() {
    on_a_machine("streams::debug_says_why", |machine| {
        let errors = || {
            let output = machine.command().env("SNAPD_DEBUG", "1").output().expect("run");
            assert_eq!(output.status.code(), Some(0), "{output:?}");
            String::from_utf8(output.stderr).expect("text")
        };
        let layout =
            |source| format!("{source} /opt/there none bind,rw,x-snapd.origin=layout 0 0\n");
        fs::write(DESIRED, layout("/snap/hello/1/lib")).unwrap();
        let said = errors();
        assert!(said.contains("mount /opt/there: done (new)"), "{said}");
        fs::write(DESIRED, layout("/var/snap/hello/common/data")).unwrap();
        let said = errors();
        assert!(said.contains("unmount /opt/there: done (its source changed)"), "{said}");
        assert!(said.contains("mount /opt/there: done (its source changed)"), "{said}");
        fs::write(DESIRED, "").unwrap();
        let said = errors();
        assert!(said.contains("unmount /opt/there: done (no longer desired)"), "{said}");
    });
}
