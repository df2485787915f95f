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
    let (own, names) = (groups.own.clone(), super::groups(groups.instance()));
    // As in a world: what is mounted now shows this process's group alone.
    mount_new("tmpfs", "/tmp", "")?;
    fs::create_dir("/tmp/seen")?;
    mount_new("cgroup2", "/tmp/seen", "")?;
    let there = names.each_ref().map(|name| Path::new("/tmp/seen").join(name).exists());
    assert_eq!(there, [true, true], "the groups are the root's own");
    let said = |first: u8, second: u8| {
        [
            format!("{}: freeze {first}, frozen {first}", names[0]),
            format!("{}: freeze {second}, frozen {second}", names[1]),
        ]
    };
    let state = || names.each_ref().map(|name| second_version(&own, name).unwrap());
    assert_eq!(state(), said(0, 0));
    fs::write(own.join(&names[1]).join("cgroup.freeze"), "1")?;
    assert_eq!(state(), said(0, 1));
    groups.thaw()?;
    assert_eq!(state(), said(0, 0));
    drop(groups);
    assert!(!own.exists());
    Ok(())
}
