//! Mount points in what a layout shows of the snap's own data: made in the data itself, and nowhere
//! else.

use std::fs;
use std::os::unix::net::UnixListener;

use crate::machine::{CURRENT, mount, on_a_machine};
use crate::truth::{fails, seen, succeeds};

const DATA: &str = "/var/snap/hello/common/opt-cni";
const LAYOUTS: &str = "\
/var/snap/hello/common/opt-cni /srv/cni none rbind,rw,x-snapd.origin=layout 0 0
/snap/hello/1/file /srv/cni/calico.yaml none bind,rw,x-snapd.kind=file,x-snapd.origin=layout 0 0
";

#[test]
fn what_is_beside_is_the_data() {
    on_a_machine("own_data::what_is_beside_is_the_data", |machine| {
        machine.world.dir("/srv/cni").unwrap().dir(DATA).unwrap();
        let _socket = UnixListener::bind(format!("{DATA}/sock")).unwrap();
        let beside = |name: &str, text: &str| {
            fs::write(format!("/srv/cni/{name}"), text).unwrap();
            assert_eq!(fs::read_to_string(format!("{DATA}/{name}")).unwrap(), text);
        };
        succeeds(machine, LAYOUTS);
        assert!(!fs::read_to_string(CURRENT).unwrap().contains("x-snapd.synthetic"));
        assert_eq!(fs::read_to_string("/srv/cni/calico.yaml").unwrap(), "file\n");
        std::os::unix::net::UnixStream::connect("/srv/cni/sock").unwrap();
        beside("one", "written at first");
        // One that goes leaves an empty mount point, also where it was there before.
        let other = LAYOUTS.replace("calico", "other");
        fs::write(format!("{DATA}/other.yaml"), "").unwrap();
        succeeds(machine, &other);
        succeeds(machine, LAYOUTS.lines().next().unwrap());
        beside("two", "written later");
        machine.undo();
        for name in ["calico.yaml", "other.yaml"] {
            assert_eq!(fs::read_to_string(format!("{DATA}/{name}")).unwrap(), "");
        }
        assert!(!fs::exists("/srv/cni/calico.yaml").unwrap());
    });
}

#[test]
fn what_is_in_the_way_is_shown() {
    on_a_machine("own_data::what_is_in_the_way_is_shown", |machine| {
        machine.world.dir("/srv/cni").unwrap().dir(&format!("{DATA}/calico.yaml")).unwrap();
        let words = "/srv/cni/calico.yaml is a directory, which is in the way";
        let place = "layout /srv/cni/calico.yaml (snap.hello.fstab:2): ";
        let before = seen();
        fails(machine, LAYOUTS, place, words);
        assert_eq!(seen(), before);
    });
}

#[test]
fn of_another_snap_gets_a_copy() {
    on_a_machine("own_data::of_another_snap_gets_a_copy", |machine| {
        fs::create_dir_all("/var/snap/other").unwrap();
        mount(Some("other"), "/var/snap/other", Some("tmpfs"), 0, Some("mode=755"));
        machine.world.dir("/srv/cni").unwrap().dir("/var/snap/other/common/opt-cni").unwrap();
        succeeds(machine, &LAYOUTS.replace("/snap/hello/common", "/snap/other/common"));
        assert!(fs::read_to_string(CURRENT).unwrap().contains("x-snapd.synthetic"));
        assert!(!fs::exists("/var/snap/other/common/opt-cni/calico.yaml").unwrap());
        machine.undo();
    });
}
