//! What the current profile left where the snap may write: it is as good as gone, unless somebody
//! needs it.

extern crate std;

use super::big_stack;
use super::run::{Case, SYSTEM, check, run};
use super::world::World;

#[test]
fn what_the_teardown_removes() {
    check(&[
        Case {
            name: "the next one of the same kind needs it",
            world: "
                    d /tmp/s
                    d /tmp/1
                    m /tmp/1
                ",
            current: "/tmp/s /tmp/1 none bind 0 0",
            desired: "
                    /tmp/s /tmp/1 none bind,ro 0 0
                    /tmp/1 /tmp/0 none bind,x-snapd.kind=file 0 0
                ",
            steps: "
                    left out /tmp/0: Found(Directory) Source
                    put beneath /tmp/1: InTurn
                    unmount /tmp/1
                    mount /tmp/1
                ",
            saved: "/tmp/s /tmp/1 none bind,ro 0 0",
        },
        Case {
            name: "two need a file in place of a directory",
            world: "
                    d /tmp/s
                    d /tmp/1
                    m /tmp/1
                ",
            current: "/tmp/s /tmp/1 none bind 0 0",
            desired: "
                    /tmp/1 /tmp/0 none bind,x-snapd.kind=file 0 0
                    /tmp/1 /tmp/00 none bind,x-snapd.kind=file 0 0
                    /tmp/1/z /tmp/01 none bind 0 0
                ",
            steps: "
                    left out /tmp/01: WillFind(File) Source 6
                    unmount /tmp/1
                    remove /tmp/1
                    source /tmp/1
                    make /tmp/0
                    mount /tmp/0
                    make /tmp/00
                    mount /tmp/00
                ",
            saved: "
                    /tmp/1 /tmp/0 none bind,x-snapd.kind=file 0 0
                    /tmp/1 /tmp/00 none bind,x-snapd.kind=file 0 0
                ",
        },
        Case {
            name: "two need a directory in place of a file",
            world: "
                    f /tmp/s
                    f /tmp/1
                    m /tmp/1
                ",
            current: "/tmp/s /tmp/1 none bind,x-snapd.kind=file 0 0",
            desired: "
                    /tmp/1/x /tmp/0 none bind 0 0
                    /tmp/1/x /tmp/00 none bind 0 0
                ",
            steps: "
                    unmount /tmp/1
                    remove /tmp/1
                    source /tmp/1/x
                    make /tmp/0
                    mount /tmp/0
                    make /tmp/00
                    mount /tmp/00
                ",
            saved: "
                    /tmp/1/x /tmp/0 none bind 0 0
                    /tmp/1/x /tmp/00 none bind 0 0
                ",
        },
        Case {
            name: "seen elsewhere, a mimic is of the directory above it",
            world: "
                    d /tmp/s
                    d /tmp/x/1
                    m /tmp/x/1
                    d /opt/l
                ",
            current: "/tmp/s /tmp/x/1 none bind 0 0",
            desired: "
                    /tmp/x /opt/l none rbind,x-snapd.origin=layout 0 0
                    /tmp/s /opt/l/1/m none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    unmount /tmp/x/1
                    remove /tmp/x/1
                    mount /opt/l
                    mimic /opt/l
                    make /opt/l/1/m
                    mount /opt/l/1/m
                ",
            saved: "
                    /tmp/x /opt/l none rbind,x-snapd.origin=layout 0 0
                    tmpfs /opt/l tmpfs x-snapd.synthetic,x-snapd.needed-by=/opt/l/1/m,mode=0755,uid=0,gid=0,x-snapd.shows=cbf29ce484222325 0 0
                    /tmp/s /opt/l/1/m none bind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "seen elsewhere, and needed by another one",
            world: "
                    d /tmp/s
                    d /tmp/x/1
                    m /tmp/x/1
                    d /opt/l
                    d /opt/k
                ",
            current: "/tmp/s /tmp/x/1 none bind 0 0",
            desired: "
                    /tmp/x/1 /tmp/9 none bind 0 0
                    /tmp/x /opt/l none rbind,x-snapd.origin=layout 0 0
                    /tmp/s /opt/l/1/m none bind,x-snapd.origin=layout 0 0
                    /tmp/x /opt/k none rbind,x-snapd.origin=layout 0 0
                    /tmp/s /opt/k/m none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    unmount /tmp/x/1
                    make /tmp/9
                    mount /tmp/9
                    mount /opt/k
                    mimic /opt/k
                    make /opt/k/m
                    mount /opt/k/m
                    mount /opt/l
                    mimic /opt/l/1
                    make /opt/l/1/m
                    mount /opt/l/1/m
                ",
            saved: "
                    /tmp/x/1 /tmp/9 none bind 0 0
                    /tmp/x /opt/k none rbind,x-snapd.origin=layout 0 0
                    tmpfs /opt/k tmpfs x-snapd.synthetic,x-snapd.needed-by=/opt/k/m,mode=0755,uid=0,gid=0,x-snapd.shows=460be71818a7465c 0 0
                    /tmp/s /opt/k/m none bind,x-snapd.origin=layout 0 0
                    /tmp/x /opt/l none rbind,x-snapd.origin=layout 0 0
                    tmpfs /opt/l/1 tmpfs x-snapd.synthetic,x-snapd.needed-by=/opt/l/1/m,mode=0755,uid=0,gid=0,x-snapd.shows=cbf29ce484222325 0 0
                    /tmp/s /opt/l/1/m none bind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "a link that somebody changed is in the way",
            world: "
                    d /tmp/s
                    l /tmp/l /b
                ",
            current: "none /tmp/l none x-snapd.kind=symlink,x-snapd.symlink=/a 0 0",
            desired: "/tmp/s /tmp/l none bind 0 0",
            steps: "
                    left out /tmp/l: Found(Symlink) MountPoint
                    unlink /tmp/l: NotThere
                ",
            saved: "",
        },
    ]);
}

#[test]
fn a_link_that_gets_another_target_is_in_the_way_of_others() {
    let link =
        |target| std::format!("none /tmp/l none x-snapd.kind=symlink,x-snapd.symlink={target} 0 0");
    let desired = std::format!("{}\n/tmp/l /tmp/0 none bind 0 0", link("/b"));
    let done = big_stack(|| run(World::new("l /tmp/l /a"), &link("/a"), &desired, SYSTEM));
    let steps = ["left out /tmp/0: Found(Symlink) Source", "unlink /tmp/l", "link /tmp/l"];
    assert_eq!(done.steps, steps);
}

/// What an earlier run made in the root file system that snap-confine set up would not be there in a
/// fresh namespace; the usual directories would, and what is there before the first run.
#[test]
fn what_an_earlier_run_made() {
    check(&[
        Case {
            name: "a directory above a mount point that goes",
            world: "
                    d / tmpfs
                    d /snap/x/1
                    d /new/er
                    m /new/er
                ",
            current: "
                    tmpfs / tmpfs x-snapd.origin=rootfs 0 0
                    /snap/x/1 /new/er none bind 0 0
                ",
            desired: "/snap/x/1 /new none bind 0 0",
            steps: "
                    unmount /new/er
                    remove /new/er
                    make /new
                    mount /new
                ",
            saved: "
                    tmpfs / tmpfs x-snapd.origin=rootfs 0 0
                    /snap/x/1 /new none bind 0 0
                ",
        },
        Case {
            name: "in a usual directory",
            world: "
                    d / tmpfs
                    d /snap/x/1
                    d /opt/a
                    d /opt/b
                    m /opt/a
                ",
            current: "
                    tmpfs / tmpfs x-snapd.origin=rootfs 0 0
                    /snap/x/1 /opt/a none bind 0 0
                ",
            desired: "
                    /snap/x/1 /opt/a none bind 0 0
                    /snap/x/1 /opt/b none bind 0 0
                ",
            steps: "mount /opt/b",
            saved: "
                    tmpfs / tmpfs x-snapd.origin=rootfs 0 0
                    /snap/x/1 /opt/a none bind 0 0
                    /snap/x/1 /opt/b none bind 0 0
                ",
        },
        Case {
            name: "before the first run",
            world: "
                    d / tmpfs
                    d /snap/x/1
                    d /new
                ",
            current: "tmpfs / tmpfs x-snapd.origin=rootfs 0 0",
            desired: "/snap/x/1 /new none bind 0 0",
            steps: "mount /new",
            saved: "
                    tmpfs / tmpfs x-snapd.origin=rootfs 0 0
                    /snap/x/1 /new none bind 0 0
                ",
        },
    ]);
}
