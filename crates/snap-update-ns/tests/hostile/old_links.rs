//! A symbolic link that is in the place of one that a layout wants: replaced if it is an old one of the
//! snap's own, else an error that says where it leads.

use std::fs;
use std::os::unix::fs::{lchown, symlink};

use crate::machine::{CURRENT, DESIRED, Machine, chmod, mount, on_a_machine};
use crate::truth::seen;

const LINK: &str = "/var/snap/hello/common/own/cfg";
const OLD: &str = "/snap/hello/x1/cfg";
const NEW: &str = "/snap/hello/x2/cfg";

fn layout(target: &str) -> String {
    format!(
        "none {LINK} none x-snapd.kind=symlink,x-snapd.symlink={target},x-snapd.origin=layout 0 0\n"
    )
}

fn old_link(machine: &Machine, target: &str) {
    machine.world.dir("/var/snap/hello/common/own").unwrap();
    let _ = fs::remove_file(LINK);
    symlink(target, LINK).unwrap();
}

/// Status, standard output, standard error.
fn run(machine: &Machine, desired: &str) -> (Option<i32>, String, String) {
    fs::write(DESIRED, desired).unwrap();
    let output = machine.run();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn of_the_snap_are_replaced() {
    on_a_machine("old_links::of_the_snap_are_replaced", |machine| {
        old_link(machine, OLD);
        let notice = format!(
            "snap-update-ns: layout {LINK} (snap.hello.fstab:1): replaces a symbolic link to {OLD}\n"
        );
        assert_eq!(run(machine, &layout(NEW)), (Some(0), String::new(), notice));
        assert_eq!(fs::read_link(LINK).unwrap().to_str(), Some(NEW));
        assert!(!fs::read_to_string(CURRENT).unwrap().contains("x1"));
        assert_eq!(run(machine, &layout(NEW)), (Some(0), String::new(), String::new()));
        // It is this program's from then on.
        machine.undo();
        assert!(fs::symlink_metadata(LINK).is_err());
    });
}

#[test]
fn are_there_again_after_a_failure() {
    on_a_machine("old_links::are_there_again_after_a_failure", |machine| {
        // What fails is mounted after it.
        let bad =
            "tmpfs /var/snap/hello/common/zz tmpfs no-such-option=1,x-snapd.origin=layout 0 0\n";
        machine.world.dir("/var/snap/hello/common/zz").unwrap();
        let stands = "/snap/hello/1/lib /srv/aa none rbind,rw,x-snapd.origin=layout 0 0\n";
        for before in ["", stands] {
            old_link(machine, OLD);
            assert_eq!(run(machine, before).0, Some(0));
            let there = seen();
            for _ in 0..2 {
                let (status, line, notices) = run(machine, &[&layout(NEW), bad].concat());
                assert_eq!(status, Some(1));
                assert!(
                    line.contains("zz: invalid argument; everything else was undone"),
                    "{line}"
                );
                assert!(
                    notices.contains(&format!("replaces a symbolic link to {OLD}\n")),
                    "{notices}"
                );
                assert_eq!(seen(), there);
            }
            machine.undo();
        }
    });
}

/// The mapping through which it is replaced is undone before it is there again.
#[test]
fn are_there_again_in_the_data_themselves() {
    on_a_machine("old_links::are_there_again_in_the_data_themselves", |machine| {
        let mapped = "/var/snap/hello /var/snap/alias none rbind,x-snapd.origin=overname 0 0\n";
        let link = layout(NEW).replace("/var/snap/hello/", "/var/snap/alias/");
        let bad = "tmpfs /tmp/zz tmpfs no-such-option=1,x-snapd.origin=layout 0 0\n";
        machine.world.dir("/var/snap/alias/common").unwrap();
        old_link(machine, OLD);
        let there = seen();
        let (status, line, notices) = run(machine, &[mapped, &link, bad].concat());
        assert_eq!(status, Some(1), "{line}");
        assert!(line.contains("zz: invalid argument; everything else was undone"), "{line}");
        assert!(notices.contains(&format!("replaces a symbolic link to {OLD}\n")), "{notices}");
        assert_eq!(fs::read_link(LINK).unwrap().to_str(), Some(OLD));
        assert!(fs::symlink_metadata("/var/snap/alias/common/own").is_err());
        assert_eq!(seen(), there);
    });
}

#[test]
fn of_others_are_in_the_way() {
    let name = "old_links::of_others_are_in_the_way";
    if !snap_ns_testbed::is_root_or_skips(name) {
        return;
    }
    on_a_machine(name, |machine| {
        let own = |uid| move || lchown(LINK, Some(uid), Some(0)).unwrap();
        let group = || lchown(LINK, Some(0), Some(1000)).unwrap();
        let dir = |mode| move || chmod("/var/snap/hello/common/own", mode);
        // (It does keep owners, but is none that is known to.)
        let foreign = || {
            mount(Some("none"), "/var/snap/hello/common/own", Some("ramfs"), 0, Some("mode=755"));
            symlink(OLD, LINK).unwrap();
        };
        let cases: [(&str, &dyn Fn()); 9] = [
            ("/snap/other/1/cfg", &|| ()),
            ("/etc/passwd", &|| ()),
            ("/snap/hello/../other", &|| ()),
            ("../cfg", &|| ()),
            (OLD, &own(1000)),
            (OLD, &group),
            (OLD, &dir(0o1777)),
            (OLD, &dir(0o775)),
            (OLD, &foreign),
        ];
        for (target, prepare) in cases {
            let _ = fs::remove_dir_all("/var/snap/hello/common/own");
            old_link(machine, target);
            prepare();
            let there = seen();
            let (status, line, notices) = run(machine, &layout(NEW));
            assert_eq!((status, notices.as_str()), (Some(1), ""), "{target}");
            let words = format!(
                "cannot update snap namespace: layout {LINK} (snap.hello.fstab:1): a symbolic link to {target} is in the way; move it away, or use another path\n"
            );
            assert_eq!(line, words);
            assert_eq!(seen(), there, "{target}");
        }
    });
}
