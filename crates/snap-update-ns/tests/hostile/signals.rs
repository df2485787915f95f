//! Signals that would end the program while the snap's processes are frozen.

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use crate::check::{GOOD, one_line};
use crate::machine::{DESIRED, FREEZER, mount, on_a_machine};
use crate::truth::seen;

/// A freezer that never says that it is frozen: the program waits for it, for 3 seconds.
#[test]
fn none_ends_a_run_in_the_middle() {
    on_a_machine("signals::none_ends_a_run_in_the_middle", |machine| {
        fs::write(DESIRED, GOOD.concat()).unwrap();
        mount(Some("/dev/null"), FREEZER, None, libc::MS_BIND, None);
        let before = seen();
        let mut command = machine.command();
        let program = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        sleep(Duration::from_millis(500));
        let pid = i32::try_from(program.id()).unwrap();
        // Those of the keyboard, of timers and of limits are among them.
        for signal in (1..=64).filter(|it| ![libc::SIGKILL, libc::SIGSTOP].contains(it)) {
            // Two are the C library's own; it is not asked.
            // SAFETY: a signal to a child that was not waited for yet.
            assert_eq!(unsafe { libc::syscall(libc::SYS_kill, pid, signal) }, 0);
        }
        let output = program.wait_with_output().unwrap();
        one_line(&output, &["cannot freeze the processes of the snap"], "signals");
        assert!(before == seen(), "nothing was changed, and no journal is left");
    });
}
