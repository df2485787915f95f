//! Capabilities and users.

use std::fs;

use anyhow::Result;
use rustix::thread::{
    CapabilitySet, CapabilitySets, Gid, Uid, configure_capability_in_ambient_set, set_capabilities,
    set_keep_capabilities, set_thread_res_gid, set_thread_res_uid,
};
use snap_ns_testbed::is_root_or_skips;
use snap_session::{SessionError, become_user, check_capabilities};

use crate::isolated;

const THREE: CapabilitySet =
    CapabilitySet::SYS_ADMIN.union(CapabilitySet::CHOWN).union(CapabilitySet::DAC_OVERRIDE);

const USER: (Uid, Gid) = (Uid::from_raw_unchecked(1000), Gid::from_raw_unchecked(1001));

/// A line of `/proc/thread-self/status`.
fn status(name: &str) -> String {
    let text = fs::read_to_string("/proc/thread-self/status").unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(":\t"));
    value.unwrap_or_else(|| panic!("{name}")).to_owned()
}

fn set(effective: CapabilitySet, inheritable: CapabilitySet) {
    let sets = CapabilitySets { effective, permitted: effective, inheritable };
    set_capabilities(None, sets).unwrap();
}

#[test]
fn root_needs_nothing() {
    isolated("privileges::root_needs_nothing", || {
        assert_eq!(check_capabilities(), Ok(()));
        set(CapabilitySet::empty(), CapabilitySet::empty());
        assert_eq!(check_capabilities(), Ok(()));
        Ok(())
    });
}

#[test]
fn others_need_three_capabilities() {
    let name = "privileges::others_need_three_capabilities";
    if !is_root_or_skips(name) {
        return;
    }
    isolated(name, || {
        set_keep_capabilities(true).unwrap();
        set_thread_res_uid(USER.0, USER.0, USER.0).unwrap();
        let all = [
            (CapabilitySet::SYS_ADMIN, "CAP_SYS_ADMIN"),
            (CapabilitySet::CHOWN, "CAP_CHOWN"),
            (CapabilitySet::DAC_OVERRIDE, "CAP_DAC_OVERRIDE"),
        ];
        let effective = |effective| {
            let sets =
                CapabilitySets { effective, permitted: THREE, inheritable: CapabilitySet::empty() };
            set_capabilities(None, sets).unwrap();
            check_capabilities()
        };
        assert_eq!(effective(THREE), Ok(()));
        for (one, capability) in all {
            let missing = Err(SessionError::MissingCapability(capability));
            assert_eq!(effective(THREE.difference(one)), missing);
        }
        let first = Err(SessionError::MissingCapability("CAP_SYS_ADMIN"));
        assert_eq!(effective(CapabilitySet::empty()), first);
        Ok(())
    });
}

/// The user for good, with one capability.
fn check_user() -> Result<()> {
    assert_eq!(become_user(), Ok(1000));
    assert_eq!(status("Uid"), "1000\t1000\t1000\t1000");
    assert_eq!(status("Gid"), "1001\t1001\t1001\t1001");
    let only = format!("{:016x}", CapabilitySet::SYS_ADMIN.bits());
    let none = format!("{:016x}", 0);
    assert_eq!((status("CapEff"), status("CapPrm")), (only.clone(), only));
    assert_eq!((status("CapInh"), status("CapAmb")), (none.clone(), none));
    assert!(set_thread_res_uid(Uid::ROOT, Uid::ROOT, Uid::ROOT).is_err(), "root again");
    assert!(set_thread_res_gid(Gid::ROOT, Gid::ROOT, Gid::ROOT).is_err(), "root's group again");
    set_keep_capabilities(false).unwrap();
    Ok(())
}

#[test]
fn a_setuid_caller_becomes_the_user() {
    let name = "privileges::a_setuid_caller_becomes_the_user";
    if is_root_or_skips(name) {
        isolated(name, || {
            // As snap-confine up to 2.68 calls: real user, effective and saved root.
            set_thread_res_gid(USER.1, Gid::ROOT, Gid::ROOT).unwrap();
            set_thread_res_uid(USER.0, Uid::ROOT, Uid::ROOT).unwrap();
            check_user()
        });
    }
}

#[test]
fn a_caller_with_ambient_capabilities_keeps_one() {
    let name = "privileges::a_caller_with_ambient_capabilities_keeps_one";
    if is_root_or_skips(name) {
        isolated(name, || {
            // As snap-confine 2.77 calls.
            set_keep_capabilities(true).unwrap();
            set_thread_res_gid(USER.1, USER.1, USER.1).unwrap();
            set_thread_res_uid(USER.0, USER.0, USER.0).unwrap();
            set(THREE, THREE);
            for one in THREE.iter() {
                configure_capability_in_ambient_set(one, true).unwrap();
            }
            set_keep_capabilities(false).unwrap();
            assert_eq!(status("CapAmb"), format!("{:016x}", THREE.bits()));
            check_user()
        });
    }
}

#[test]
fn root_stays_root_with_one_capability() {
    isolated("privileges::root_stays_root_with_one_capability", || {
        assert_eq!(become_user(), Ok(0));
        assert_eq!(status("Uid"), "0\t0\t0\t0");
        assert_eq!(status("CapEff"), format!("{:016x}", CapabilitySet::SYS_ADMIN.bits()));
        assert_eq!(status("CapPrm"), status("CapEff"));
        Ok(())
    });
}
