use std::fs;
use std::path::Path;

use nix::errno::Errno;
use snap_ns_testbed::{is_root_or_skips, run_test_isolated};

use super::*;

const PLACE: &str = "/tmp/xtask-faults-driver";

/// Runs `body` as the test `name`, where a new tmpfs is mounted on `/tmp`.
#[track_caller]
fn as_root(name: &str, body: impl FnOnce() -> Result<()>) {
    if !registers::KNOWN {
        return snap_ns_testbed::skip(name, "this machine's registers are not known");
    }
    if is_root_or_skips(name) {
        let isolated = || {
            snap_ns_testbed::mount_new("tmpfs", "/tmp", "")?;
            set_up()?;
            body()
        };
        run_test_isolated(&format!("faults::driver::tests::{name}"), isolated).unwrap();
    }
}

fn mkdir(watch: Watch) -> Run {
    let program = File::open("/usr/bin/mkdir").unwrap();
    let text = |text: &str| CString::new(text).unwrap();
    let start = Start {
        program: &program,
        arguments: vec![text("mkdir"), text(PLACE)],
        environment: vec![text("LC_ALL=C")],
        mask: 0o022,
        prepare: || Ok(()),
    };
    run(&start, watch).unwrap()
}

fn is_mkdir(call: &Call) -> bool {
    call.text.starts_with("mkdir") && call.text.contains(PLACE)
}

#[test]
fn calls_are_noted_from_the_first_to_the_last() {
    as_root("calls_are_noted_from_the_first_to_the_last", || {
        let run = mkdir(Watch::Record(Which::Every));
        assert_eq!(run.exit, "0");
        assert!(Path::new(PLACE).is_dir());
        assert_eq!(run.calls[0].name(), "execveat");
        assert_eq!(run.calls.last().unwrap().name(), "exit_group");
        assert_eq!(run.calls.iter().filter(|call| is_mkdir(call)).count(), 1);
        Ok(())
    });
}

#[test]
fn only_what_changes_something_is_noted() {
    as_root("only_what_changes_something_is_noted", || {
        let run = mkdir(Watch::Record(Which::Changing));
        assert_eq!(run.calls.iter().filter(|call| is_mkdir(call)).count(), 1);
        assert!(run.calls.iter().all(|call| call.name() != "close" && call.name() != "openat"));
        Ok(())
    });
}

#[test]
fn a_call_fails_and_is_not_made() {
    as_root("a_call_fails_and_is_not_made", || {
        let calls = mkdir(Watch::Record(Which::Every)).calls;
        fs::remove_dir(PLACE)?;
        let at = calls.iter().position(is_mkdir).unwrap();
        let fault = Fault::Error(Errno::ENOSPC as i32);
        let run = mkdir(Watch::Fault { which: Which::Every, at, fault });
        assert_eq!((run.exit.as_str(), run.calls.len()), ("1", 1));
        assert!(is_mkdir(&run.calls[0]));
        assert!(String::from_utf8(run.stderr)?.contains("No space left on device"));
        assert!(!Path::new(PLACE).exists());
        Ok(())
    });
}

#[test]
fn a_program_is_killed_before_its_call() {
    as_root("a_program_is_killed_before_its_call", || {
        let calls = mkdir(Watch::Record(Which::Every)).calls;
        fs::remove_dir(PLACE)?;
        let at = calls.iter().position(is_mkdir).unwrap();
        let fault = Fault::Kill;
        let run = mkdir(Watch::Fault { which: Which::Every, at, fault });
        assert_eq!(run.exit, "signal 9");
        assert!(!Path::new(PLACE).exists());
        let run = mkdir(Watch::Fault { which: Which::Every, at: at + 1, fault });
        assert_eq!(run.exit, "signal 9");
        assert!(Path::new(PLACE).is_dir());
        Ok(())
    });
}

#[test]
fn the_first_call_and_none_at_all() {
    as_root("the_first_call_and_none_at_all", || {
        let fault = Fault::Error(Errno::ENOMEM as i32);
        let run = mkdir(Watch::Fault { which: Which::Every, at: 0, fault });
        assert_eq!(run.exit, NOT_EXECUTED.to_string());
        let run = mkdir(Watch::Fault { which: Which::Every, at: 100_000, fault });
        assert_eq!((run.exit.as_str(), run.calls.len()), ("0", 0));
        assert!(Path::new(PLACE).is_dir());
        fs::remove_dir(PLACE)?;
        assert_eq!(mkdir(Watch::Nothing).exit, "0");
        assert!(Path::new(PLACE).is_dir());
        Ok(())
    });
}
