//! A removed call really answers as it should, and no other call does.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests may expect")]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use snap_ns_testbed::{Answer, Group, Without, isolate, skip};

/// What `call` says, told by a child that misses the calls of `without`. No call can succeed with
/// these arguments.
fn said(without: &Without, call: u32) -> i32 {
    let mut command = Command::new("/bin/true");
    without.apply(isolate(&mut command));
    let ask = move || -> io::Result<()> {
        // SAFETY: the kernel is given no memory to read or write: all pointers are null.
        let answer = unsafe { libc::syscall(i64::from(call), -1_i64, 0_i64, 0_i64, 0_i64, 0_i64) };
        if answer == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
    };
    // SAFETY: the closure makes one system call in the forked child.
    unsafe { command.pre_exec(ask) };
    command.spawn().unwrap_err().raw_os_error().unwrap()
}

/// Whether this machine lets us remove calls; says loudly when it does not.
fn can_remove_or_skips(test: &str) -> bool {
    let without = Without { groups: Group::ALL.to_vec(), answer: Answer::Missing };
    match without.apply(isolate(&mut Command::new("/bin/true"))).status() {
        Ok(status) => {
            assert!(status.success());
            true
        }
        Err(error) => {
            skip(test, &format!("no seccomp filter in a namespace of one's own: {error}"));
            false
        }
    }
}

#[test]
fn a_removed_call_is_missing() {
    if !can_remove_or_skips("a_removed_call_is_missing") {
        return;
    }
    for group in Group::ALL {
        for (answer, errno) in [(Answer::Missing, libc::ENOSYS), (Answer::Denied, libc::EPERM)] {
            let without = Without { groups: vec![group], answer };
            for call in group.calls() {
                assert_eq!(said(&without, *call), errno, "{group}: call {call}");
            }
        }
    }
}

#[test]
fn other_calls_answer_as_before() {
    if !can_remove_or_skips("other_calls_answer_as_before") {
        return;
    }
    for group in Group::ALL {
        let without = Without { groups: vec![group], answer: Answer::Missing };
        let others = Group::ALL.into_iter().flat_map(Group::calls);
        for call in others.filter(|call| !group.calls().contains(call)) {
            assert_eq!(said(&without, *call), said(&Without::default(), *call), "call {call}");
        }
        assert_eq!(said(&without, 0), libc::EBADF, "read(2)");
    }
}

#[test]
fn a_filter_leaves_the_way_to_more_privileges_open() {
    if !can_remove_or_skips("a_filter_leaves_the_way_to_more_privileges_open") {
        return;
    }
    let without = Without { groups: Group::ALL.to_vec(), answer: Answer::Missing };
    let mut command = Command::new("grep");
    let status =
        without.apply(isolate(command.args(["-q", "NoNewPrivs:\t0", "/proc/self/status"])));
    assert!(status.status().unwrap().success());
}

#[test]
fn groups_have_names() {
    for group in Group::ALL {
        assert_eq!(group.name().parse::<Group>().unwrap(), group);
    }
    assert!("open_tree".parse::<Group>().is_err());
}
