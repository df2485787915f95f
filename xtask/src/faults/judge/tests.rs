use super::{Aspect, Facts, compare, judge};

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

fn undisturbed() -> Facts {
    Facts {
        exit: "0".to_owned(),
        profile: lines("tmpfs / tmpfs x 0 0\n/a /usr/a none rbind 0 0\n/b /usr/a/b none rbind 0 0"),
        mounts: lines("/ root=/ rw [] tmpfs\n/usr/a root=/a rw [] tmpfs"),
        host_mounts: lines("/ root=/ rw [] tmpfs"),
        state: lines("hello.mnt 100444 0:0\nsnap.hello.fstab 100644 0:0"),
        freezer: lines("snap.hello.app.scope: freeze 0, frozen 0"),
        tree: lines("/tmp dir 1777 0:0\n/usr/a dir 0755 0:0"),
        host: lines("/tmp dir 1777 0:0\n/var/snap/hello/common/new dir 0755 0:0"),
    }
}

fn aspects(found: &Facts) -> Vec<Aspect> {
    judge(&[undisturbed()], found).iter().map(|difference| difference.aspect).collect()
}

#[test]
fn the_same_survives() {
    assert!(judge(&[undisturbed()], &undisturbed()).is_empty());
    assert!(compare(&undisturbed(), &undisturbed()).is_empty());
}

#[test]
fn the_exit_status_counts() {
    assert_eq!(aspects(&Facts { exit: "1".to_owned(), ..undisturbed() }), [Aspect::Exit]);
}

#[test]
fn a_leaked_mount_is_noticed() {
    let mut found = undisturbed();
    found.mounts.push("/tmp/.snap/usr root=/ rw [] tmpfs".to_owned());
    assert_eq!(aspects(&found), [Aspect::Mounts]);
    // The same mount twice, one over the other.
    let mut found = undisturbed();
    found.mounts.push("/usr/a (over 1) root=/a rw [] tmpfs".to_owned());
    assert_eq!(aspects(&found), [Aspect::Mounts]);
    let mut found = undisturbed();
    found.mounts[1] = "/usr/a root=/a ro [] tmpfs".to_owned();
    assert_eq!(aspects(&found), [Aspect::Mounts]);
    let mut found = undisturbed();
    found.mounts.pop();
    assert_eq!(aspects(&found), [Aspect::Mounts]);
    let mut found = undisturbed();
    found.host_mounts.push("/usr/a root=/a rw [] tmpfs".to_owned());
    assert_eq!(aspects(&found), [Aspect::HostMounts]);
}

#[test]
fn a_leftover_is_noticed() {
    let mut found = undisturbed();
    found.state.push("snap.hello.fstab.next 100644 0:0".to_owned());
    found.tree.push("/tmp/.snap dir 0755 0:0".to_owned());
    found.host.push("/var/snap/hello/common/half dir 0755 0:0".to_owned());
    assert_eq!(aspects(&found), [Aspect::State, Aspect::Tree, Aspect::Host]);
}

#[test]
fn what_is_lost_is_noticed() {
    let mut found = undisturbed();
    found.tree.pop();
    found.host.clear();
    assert_eq!(aspects(&found), [Aspect::Tree, Aspect::Host]);
    let mut found = undisturbed();
    found.host[1] = "/var/snap/hello/common/new dir 0700 0:0".to_owned();
    assert_eq!(aspects(&found), [Aspect::Host]);
}

#[test]
fn a_frozen_group_is_noticed() {
    let found =
        Facts { freezer: lines("snap.hello.app.scope: freeze 1, frozen 1"), ..undisturbed() };
    assert_eq!(aspects(&found), [Aspect::Freezer]);
}

#[test]
fn a_wrong_profile_is_noticed() {
    let mut stale = undisturbed();
    stale.profile.push("/c /usr/c none rbind 0 0".to_owned());
    assert_eq!(aspects(&stale), [Aspect::Profile]);
    let mut twice = undisturbed();
    twice.profile.push(twice.profile[1].clone());
    assert_eq!(aspects(&twice), [Aspect::Profile]);
    let mut child_first = undisturbed();
    child_first.profile.swap(1, 2);
    assert_eq!(aspects(&child_first), [Aspect::Profile]);
}

#[test]
fn of_two_references_one_holds() {
    let (one, mut other) = (undisturbed(), undisturbed());
    other.exit = "1".to_owned();
    other.mounts.pop();
    let references = [one.clone(), other.clone()];
    assert!(judge(&references, &one).is_empty());
    assert!(judge(&references, &other).is_empty());
    // Half of the one, half of the other.
    let mixed = Facts { exit: "1".to_owned(), ..one };
    assert_eq!(judge(&references, &mixed).len(), 1);
}

#[test]
fn a_tree_may_lie_between_two_references() {
    let (one, mut other) = (undisturbed(), undisturbed());
    other.host.extend(lines("/var/snap/a dir 0755 0:0\n/var/snap/a/b dir 0755 0:0"));
    let references = [one.clone(), other];
    let mut part = one.clone();
    part.host.push("/var/snap/a dir 0755 0:0".to_owned());
    assert!(judge(&references, &part).is_empty());
    part.host.push("/var/snap/c dir 0755 0:0".to_owned());
    assert_eq!(judge(&references, &part)[0].lines, ["+ /var/snap/c dir 0755 0:0"]);
    let mut less = one;
    less.host.pop();
    assert_eq!(judge(&references, &less).len(), 1);
}
