//! The subtle parts, by hand; the kernel's own word is in `tests/kernel`.

use snap_mount_options::{Depth, MountFlags, Propagation, PropagationKind};
use snap_ns_plan::{
    Access, Action, Attributes, Call, Creation, Fault, FsKind, FsView as _, Ground, Look, NodeKind,
    ObjectKind, Outcome, Performer as _, Role, Rule, Skip, Verdict, What,
};

use crate::{Error, Namespace};

const SHARED: Propagation = Propagation { kind: PropagationKind::Shared, depth: Depth::Single };
const SLAVE: Propagation = Propagation { kind: PropagationKind::Slave, depth: Depth::Single };

/// A namespace with these directories.
fn with(dirs: &[&str]) -> Namespace {
    let mut namespace = Namespace::new();
    for dir in dirs {
        namespace.dirs(dir).unwrap();
    }
    namespace
}

fn error(result: Result<&mut Namespace, Error>) -> Option<Error> {
    result.err()
}

struct Everywhere;

impl Rule for Everywhere {
    fn verdict(&self, _: &[u8], _: Ground) -> Verdict {
        Verdict::Write
    }

    fn may_change(&self, _: &[u8]) -> bool {
        false
    }
}

struct Nowhere(Verdict);

impl Rule for Nowhere {
    fn verdict(&self, _: &[u8], _: Ground) -> Verdict {
        self.0
    }

    fn may_change(&self, _: &[u8]) -> bool {
        false
    }
}

fn directory(path: &[u8]) -> Action<'_> {
    let (role, kind) = (Role::MountPoint, ObjectKind::Directory);
    Action::Make(Creation { path, role, kind, mode: 0o755, uid: None, gid: None })
}

#[test]
fn mounts_stack_up_and_come_down() {
    let mut namespace = with(&["/a", "/b"]);
    namespace.mount_tmpfs("/a").unwrap().file("/a/one", "").unwrap();
    let bottom = namespace.mount_id_at("/a");
    namespace.mount_other("/a").unwrap().file("/a/two", "").unwrap();
    let top = namespace.mount_id_at("/a");
    assert_eq!(namespace.stacks()[1].mounts, [bottom.unwrap(), top.unwrap()]);
    assert_eq!(namespace.look(b"/a/two", Role::Source), Ok(Look::Found(NodeKind::File)));
    let ground = Ground { access: Access::Writable, fs: FsKind::Other };
    assert_eq!(namespace.look(b"/a/one", Role::Source), Ok(Look::Missing { parent: 2, ground }));
    assert_eq!(error(namespace.remove("/a")), Some(Error::Busy));
    namespace.unmount("/a").unwrap();
    assert_eq!(namespace.mount_id_at("/a"), bottom);
    namespace.unmount("/a").unwrap();
    assert_eq!(error(namespace.unmount("/a")), Some(Error::Invalid));
    assert_eq!(namespace.mount_id_at("/a"), None);
    // Its number is not used again.
    namespace.mount_tmpfs("/a").unwrap();
    assert!(namespace.mount_id_at("/a") > top);
}

#[test]
fn a_recursive_bind_takes_what_is_below_its_source() {
    let mut namespace = with(&["/s/d/in", "/s/out", "/one", "/all"]);
    namespace.mount_tmpfs("/s/d/in").unwrap().file("/s/d/in/f", "text").unwrap();
    namespace.mount_tmpfs("/s/out").unwrap();
    namespace.bind("/s/d", "/one").unwrap().rbind("/s/d", "/all").unwrap();
    assert!(!namespace.picture().contains("/one/in/f"));
    assert!(namespace.picture().contains("/all/in/f f 0644 0:0 rw,relatime \"text\"\n"));
    assert_eq!(namespace.mount_table().len(), 6);
    assert_eq!(error(namespace.unmount("/all")), Some(Error::Busy));
    namespace.detach("/all").unwrap();
    assert_eq!(namespace.mount_table().len(), 4);
    assert_eq!(error(namespace.bind("/s/d/in/f", "/one")), Some(Error::NotDirectory));
}

#[test]
fn what_is_removed_lives_on_where_it_is_mounted() {
    let mut namespace = with(&["/s", "/a"]);
    namespace.bind("/s", "/a").unwrap().remove("/s").unwrap();
    assert_eq!(namespace.mount_table()[1].root, b"/s//deleted");
    assert_eq!(namespace.look(b"/a", Role::Source), Ok(Look::Found(NodeKind::Directory)));
    assert_eq!(error(namespace.dir("/a/new", 0o755, 0, 0)), Some(Error::NotFound));
    assert_eq!(error(namespace.mount_tmpfs("/a")), Some(Error::NotFound));
    namespace.dirs("/b").unwrap();
    assert_eq!(error(namespace.bind("/a", "/b")), Some(Error::NotFound));
    assert!(namespace.list(b"/a", &mut |_, _| Ok(())).is_err());
}

#[test]
fn read_only_is_of_the_mount_or_of_the_file_system() {
    let mut namespace = with(&["/s", "/a", "/b"]);
    namespace.bind("/s", "/a").unwrap().set_read_only("/a").unwrap();
    assert_eq!(error(namespace.dir("/a/d", 0o755, 0, 0)), Some(Error::ReadOnly));
    namespace.dir("/s/d", 0o755, 0, 0).unwrap();
    // That it is there already is said first.
    assert_eq!(error(namespace.dir("/a/d", 0o755, 0, 0)), Some(Error::Exists));
    assert_eq!(error(namespace.remove("/a/d")), Some(Error::ReadOnly));
    namespace.bind("/a", "/b").unwrap();
    assert_eq!(namespace.mount_table()[2].flags, MountFlags::READ_ONLY | MountFlags::RELATIME);
}

#[test]
fn mounts_propagate_to_peers_and_slaves() {
    let mut host = with(&["/p/d", "/q", "/r"]);
    host.mount_tmpfs("/p").unwrap().set_propagation("/p", SHARED).unwrap();
    host.dirs("/p/d").unwrap().bind("/p", "/q").unwrap();
    let mut slave = host.clone_namespace();
    slave.set_propagation("/p", SLAVE).unwrap().set_propagation("/q", SLAVE).unwrap();
    host.mount_tmpfs("/p/d").unwrap().file("/q/d/f", "").unwrap();
    assert!(slave.picture().contains("/q/d/f f"));
    // What a slave mounts is its own.
    slave.mount_tmpfs("/p/d").unwrap();
    assert_eq!((host.mount_table().len(), slave.mount_table().len()), (5, 6));
    // Below what a slave mounted itself, what arrived goes away.
    host.unmount("/q/d").unwrap();
    assert_eq!((host.mount_table().len(), slave.mount_table().len()), (3, 4));
    assert_eq!(slave.stacks().iter().map(|stack| stack.mounts.len()).max(), Some(1));
}

#[test]
fn a_mount_point_of_another_namespace_can_be_removed() {
    let mut first = with(&["/a"]);
    let mut second = first.clone_namespace();
    second.mount_tmpfs("/a").unwrap();
    assert_eq!(error(second.remove("/a")), Some(Error::Busy));
    first.remove("/a").unwrap();
    assert_eq!(second.mount_table().len(), 1);
}

#[test]
fn the_last_member_leaves_its_slaves_to_its_own_master() {
    let mut namespace = with(&["/a", "/b", "/c"]);
    namespace.mount_tmpfs("/a").unwrap().set_propagation("/a", SHARED).unwrap();
    namespace.bind("/a", "/b").unwrap().set_propagation("/b", SLAVE).unwrap();
    namespace.set_propagation("/b", SHARED).unwrap();
    namespace.bind("/b", "/c").unwrap().set_propagation("/c", SLAVE).unwrap();
    namespace.unmount("/b").unwrap();
    let table = namespace.mount_table();
    assert_eq!((table[2].peers, table[2].master), (None, table[1].peers));
    namespace.unmount("/a").unwrap();
    assert_eq!(namespace.mount_table()[1].master, None);
}

#[test]
fn copies_know_nothing_of_each_other() {
    let mut namespace = with(&["/a"]);
    let mut peer = namespace.clone_namespace();
    let mut copy = namespace.deep_copy();
    namespace.dir("/a/shared", 0o755, 0, 0).unwrap();
    assert!(peer.picture().contains("/a/shared"));
    copy.dir("/a/own", 0o700, 1, 2).unwrap();
    assert!(copy.picture().ends_with("/a/own d 0700 1:2 rw,relatime\n"));
    assert!(!peer.remove("/a/shared").unwrap().picture().contains("/a/own"));
}

#[test]
fn pictures_end() {
    let mut namespace = with(&["/a"]);
    namespace.rbind("/", "/a").unwrap();
    for _ in 0..3 {
        let deepest = namespace.picture().lines().count();
        let path = "/a".repeat(deepest.saturating_sub(1));
        namespace.rbind("/", path).unwrap();
    }
    let longest = namespace.picture().lines().map(|line| line.matches('/').count()).max();
    assert!(longest <= Some(12), "{longest:?}");
}

#[test]
fn where_nothing_may_be_created() {
    let mut namespace = with(&["/a"]);
    namespace.link("/l", "/a").unwrap();
    let action = directory(b"/a/b/c");
    for (verdict, what) in
        [(Verdict::ReadOnly, What::ReadOnly), (Verdict::Trespass, What::WouldShowOnHost)]
    {
        let failed = Outcome::Failed(Fault::at(what, Role::MountPoint, 2));
        assert_eq!(namespace.perform(&action, &Nowhere(verdict)), failed);
    }
    assert_eq!(namespace.perform(&action, &Nowhere(Verdict::WriteIfOn(1))), Outcome::Done);
    let found = Fault::at(What::Found(NodeKind::Symlink), Role::MountPoint, 2);
    let below_link = directory(b"/l/x");
    assert_eq!(namespace.perform(&below_link, &Everywhere), Outcome::Failed(found));
    assert_eq!(
        namespace.look(b"/l/x", Role::Source),
        Ok(Look::Blocked { at: 2, kind: NodeKind::Symlink })
    );
}

#[test]
fn a_group_is_handed_down() {
    let mut namespace = Namespace::new();
    namespace.dir("/a", 0o2755, 0, 7).unwrap();
    assert_eq!(namespace.perform(&directory(b"/a/b"), &Everywhere), Outcome::Done);
    let want = Attributes { mode: 0o2755, uid: 0, gid: 0 };
    assert_eq!(namespace.attributes(b"/a/b"), Ok(want));
}

#[test]
fn the_action_that_shall_fail_does_nothing() {
    let mut namespace = Namespace::new();
    namespace.fail_at = Some(1);
    assert_eq!(namespace.perform(&directory(b"/a"), &Everywhere), Outcome::Done);
    let Outcome::Failed(fault) = namespace.perform(&directory(b"/b"), &Everywhere) else {
        panic!("it was done");
    };
    assert_eq!(fault.what, What::Failed(Call::Stat, 5));
    assert!(!namespace.picture().contains("/b"));
    assert_eq!(namespace.perform(&directory(b"/b"), &Everywhere), Outcome::Done);
}

#[test]
fn undoing_twice_is_skipped() {
    let mut namespace = with(&["/a/b"]);
    namespace.mount_tmpfs("/a").unwrap().dirs("/a/c").unwrap().mount_tmpfs("/a/c").unwrap();
    let unmount = Action::Unmount { mount_point: b"/a" };
    assert_eq!(namespace.perform(&unmount, &Everywhere), Outcome::Done);
    assert_eq!(namespace.mount_table().len(), 1);
    let skipped = Outcome::Skipped(Skip::NotThere);
    assert_eq!(namespace.perform(&unmount, &Everywhere), skipped);
    let remove = Action::RemoveMountPoint { path: b"/a/b", keep: 1 };
    assert_eq!(namespace.perform(&remove, &Everywhere), Outcome::Done);
    // The directory above it was empty, too.
    assert!(!namespace.picture().contains("/a"));
    assert_eq!(namespace.perform(&remove, &Everywhere), skipped);
}
