//! What is wrong with the snap's control groups.

use std::fs;
use std::os::unix::fs::chown;
use std::path::PathBuf;

use snap_ns_testbed::is_root_or_skips;

use crate::check::{GOOD, one_line};
use crate::machine::{CURRENT, DESIRED, FREEZER, ROOTFS, mount, on_a_machine, unmount};

#[test]
fn a_group_that_does_not_freeze() {
    on_a_machine("control_groups::a_group_that_does_not_freeze", |machine| {
        // Takes every state, and never has one.
        mount(Some("/dev/null"), FREEZER, None, libc::MS_BIND, None);
        fs::write(DESIRED, GOOD.concat()).unwrap();
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let words = "within 3 seconds: the control group snap.hello does not freeze";
        one_line(&machine.run(), &[words], "frozen in vain");
        assert_eq!(fs::read_to_string(CURRENT).unwrap(), ROOTFS);
        assert_eq!(fs::read_to_string("/proc/self/mountinfo").unwrap(), mounts);
        unmount(FREEZER);
    });
}

/// A group that is removed again, with those below it.
struct Group(PathBuf);

impl Drop for Group {
    fn drop(&mut self) {
        for below in fs::read_dir(&self.0).into_iter().flatten().flatten() {
            let _ = fs::remove_dir(below.path());
        }
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn a_user_with_very_many() {
    let name = "control_groups::a_user_with_very_many";
    if !is_root_or_skips(name) {
        return;
    }
    on_a_machine(name, |machine| {
        mount(Some("cgroup2"), "/sys/fs/cgroup", Some("cgroup2"), 0, None);
        let scope = format!("/sys/fs/cgroup/snap.hello.many-{}.scope", std::process::id());
        let scope = Group(PathBuf::from(scope));
        fs::create_dir(&scope.0).unwrap();
        (0..33).for_each(|n| fs::create_dir(scope.0.join(n.to_string())).unwrap());
        chown(&scope.0, Some(1000), Some(1000)).unwrap();
        fs::write(DESIRED, GOOD.concat()).unwrap();
        let output = machine.run();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!(output.stdout, b"");
        let notice = "snap-update-ns: some control groups of the snap were not frozen: users have \
                      too many, or that of this process cannot be found\n";
        assert_eq!(String::from_utf8_lossy(&output.stderr), notice);
    });
}
