use snap_ns_testbed::{is_root_or_skips, run_test_isolated, skip};

use super::*;

#[test]
fn what_is_frozen_is_seen_and_thawed() {
    let name = "what_is_frozen_is_seen_and_thawed";
    if !is_root_or_skips(name) {
        return;
    }
    let file_systems = fs::read_to_string("/proc/filesystems").unwrap();
    if !file_systems.contains("\tcgroup2\n") {
        return skip(name, "the kernel has no cgroup2");
    }
    run_test_isolated(&format!("faults::groups::tests::{name}"), frozen).unwrap();
}

fn frozen() -> Result<()> {
    let groups = Groups::new()?;
    let own = groups.own.clone();
    // As in a world: what is mounted now shows this process's group alone.
    mount_new("tmpfs", "/tmp", "")?;
    fs::create_dir("/tmp/seen")?;
    mount_new("cgroup2", "/tmp/seen", "")?;
    let names = GROUPS.map(|name| Path::new("/tmp/seen").join(name).exists());
    assert_eq!(names, [true, true], "the groups are the root's own");
    let said = |first: u8, second: u8| {
        [
            format!("{}: freeze {first}, frozen {first}", GROUPS[0]),
            format!("{}: freeze {second}, frozen {second}", GROUPS[1]),
        ]
    };
    let state = || GROUPS.map(|name| second_version(&own, name).unwrap());
    assert_eq!(state(), said(0, 0));
    fs::write(own.join(GROUPS[1]).join("cgroup.freeze"), "1")?;
    assert_eq!(state(), said(0, 1));
    groups.thaw()?;
    assert_eq!(state(), said(0, 0));
    drop(groups);
    assert!(!own.exists());
    Ok(())
}
