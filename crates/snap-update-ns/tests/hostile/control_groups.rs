//! What is wrong with the snap's control groups.

use std::fs;

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
