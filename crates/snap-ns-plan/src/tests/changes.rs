//! What is kept, undone and made, and in which order.

use super::run::{Case, check};

#[test]
fn kept_undone_made() {
    check(&[
        Case { name: "nothing at all", world: "", current: "", desired: "", steps: "", saved: "" },
        Case {
            name: "equal entries stay",
            world: "
                    d /tmp/a
                    m /tmp/b
                ",
            current: "/tmp/a /tmp/b none bind 0 0",
            desired: "/tmp/a /tmp/b none bind 0 0",
            steps: "",
            saved: "/tmp/a /tmp/b none bind 0 0",
        },
        Case {
            name: "each field counts",
            world: "
                    d /a
                    d /b/1
                    d /b/2
                    d /b ro
                    m /b/1
                    m /b/2
                ",
            current: "
                    /a /b/1 none bind 0 0
                    /a /b/2 none bind 0 0
                ",
            desired: "
                    /a /b/1 none bind 0 1
                    /a /b/2 none bind,ro 0 0
                ",
            steps: "
                    put beneath /b/1: InTurn
                    unmount /b/1
                    mount /b/1
                    put beneath /b/2: InTurn
                    unmount /b/2
                    mount /b/2
                ",
            saved: "
                    /a /b/1 none bind 0 1
                    /a /b/2 none bind,ro 0 0
                ",
        },
        Case {
            name: "overname, content, layout, parents first",
            world: "d /tmp/s",
            current: "",
            desired: "
                    /tmp/s /tmp/l/b none bind,x-snapd.origin=layout 0 0
                    /tmp/s /tmp/l none bind,x-snapd.origin=layout 0 0
                    /tmp/s /tmp/l-b none bind,x-snapd.origin=layout 0 0
                    /tmp/s /tmp/d/c none bind 0 0
                    /tmp/s /tmp/d none bind 0 0
                    /tmp/s /tmp/z none rbind,x-snapd.origin=overname 0 0
                    /tmp/s /tmp/y none rbind,x-snapd.origin=overname 0 0
                ",
            steps: "
                    make /tmp/y
                    mount /tmp/y
                    make /tmp/z
                    mount /tmp/z
                    make /tmp/d
                    mount /tmp/d
                    make /tmp/d/c
                    mount /tmp/d/c
                    make /tmp/l-b
                    mount /tmp/l-b
                    make /tmp/l
                    mount /tmp/l
                    make /tmp/l/b
                    mount /tmp/l/b
                ",
            saved: "
                    /tmp/s /tmp/y none rbind,x-snapd.origin=overname 0 0
                    /tmp/s /tmp/z none rbind,x-snapd.origin=overname 0 0
                    /tmp/s /tmp/d none bind 0 0
                    /tmp/s /tmp/d/c none bind 0 0
                    /tmp/s /tmp/l-b none bind,x-snapd.origin=layout 0 0
                    /tmp/s /tmp/l none bind,x-snapd.origin=layout 0 0
                    /tmp/s /tmp/l/b none bind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "undone in reverse order",
            world: "
                    d /tmp/s
                    d /tmp/1
                    m /tmp/1
                    d /tmp/1/2
                    m /tmp/1/2
                    d /tmp/0
                    m /tmp/0
                ",
            current: "
                    /tmp/s /tmp/1 none bind 0 0
                    /tmp/s /tmp/1/2 none bind 0 0
                    /tmp/s /tmp/0 none bind,x-snapd.detach 0 0
                ",
            desired: "",
            steps: "
                    unmount /tmp/0
                    remove /tmp/0
                    unmount /tmp/1/2
                    remove /tmp/1/2
                    unmount /tmp/1
                    remove /tmp/1
                ",
            saved: "",
        },
        Case {
            name: "one changes, its neighbours stay",
            world: "
                    d /tmp/s
                    d /tmp/1
                    m /tmp/1
                    d /tmp/2
                    m /tmp/2
                    d /tmp/3
                    m /tmp/3
                ",
            current: "
                    /tmp/s /tmp/1 none bind 0 0
                    /tmp/s /tmp/2 none bind 0 0
                    /tmp/s /tmp/3 none bind 0 0
                ",
            desired: "
                    /tmp/s /tmp/1 none bind 0 0
                    /tmp/s /tmp/2 none bind,ro 0 0
                    /tmp/s /tmp/3 none bind 0 0
                ",
            steps: "
                    put beneath /tmp/2: InTurn
                    unmount /tmp/2
                    mount /tmp/2
                ",
            saved: "/tmp/s /tmp/1 none bind 0 0
                /tmp/s /tmp/2 none bind,ro 0 0
                /tmp/s /tmp/3 none bind 0 0",
        },
        Case {
            name: "what is not mounted any more is no error",
            world: "
                    d /tmp/s
                    d /tmp/1
                ",
            current: "
                    /tmp/s /tmp/1 none bind 0 0
                    /tmp/s /tmp/2 none bind 0 0
                ",
            desired: "",
            steps: "
                    unmount /tmp/2: NotThere
                    remove /tmp/2: NotThere
                    unmount /tmp/1: NotThere
                    remove /tmp/1
                ",
            saved: "",
        },
        Case {
            name: "the root file system is never touched",
            world: "
                    d / tmpfs
                    d /tmp/s
                ",
            current: "
                    tmpfs / tmpfs x-snapd.origin=rootfs 0 0
                    /tmp/s /tmp/1 none bind 0 0
                ",
            desired: "",
            steps: "
                    unmount /tmp/1: NotThere
                    remove /tmp/1: NotThere
                ",
            saved: "tmpfs / tmpfs x-snapd.origin=rootfs 0 0",
        },
        Case {
            name: "a source in the root file system stays",
            world: "
                    d / tmpfs
                    d /opt/s
                    d /tmp/1
                    m /tmp/1
                    d /tmp/s
                    d /tmp/2
                ",
            current: "
                    tmpfs / tmpfs x-snapd.origin=rootfs 0 0
                    /opt/s /tmp/1 none bind 0 0
                ",
            desired: "/tmp/s /tmp/2 none bind 0 0",
            steps: "
                    unmount /tmp/1
                    remove /tmp/1
                    mount /tmp/2
                ",
            saved: "
                    tmpfs / tmpfs x-snapd.origin=rootfs 0 0
                    /tmp/s /tmp/2 none bind 0 0
                ",
        },
        Case {
            name: "two lines for one mount point",
            world: "d /tmp/s",
            current: "",
            desired: "
                    /tmp/s /tmp/1 none bind 0 0
                    /tmp/s /tmp/2 none bind 0 0
                    /tmp/s /tmp/1 none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    notice /tmp/1: Claimed(2) MountPoint
                    make /tmp/2
                    mount /tmp/2
                    make /tmp/1
                    mount /tmp/1
                ",
            saved: "
                    /tmp/s /tmp/2 none bind 0 0
                    /tmp/s /tmp/1 none bind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "recorded twice, kept once",
            world: "
                    d /tmp/s
                    d /tmp/1
                    m /tmp/1
                    m /tmp/1
                ",
            current: "
                    /tmp/s /tmp/1 none bind 0 0
                    /tmp/s /tmp/1 none bind 0 0
                ",
            desired: "/tmp/s /tmp/1 none bind 0 0",
            steps: "unmount /tmp/1",
            saved: "/tmp/s /tmp/1 none bind 0 0",
        },
    ]);
}

#[test]
fn links_and_ensured_directories() {
    check(&[
        Case {
            name: "a link is made, and removed",
            world: "l /tmp/old /a",
            current: "none /tmp/old none x-snapd.kind=symlink,x-snapd.symlink=/a 0 0",
            desired: "
                    none /tmp/d/new none x-snapd.kind=symlink,x-snapd.symlink=/b,x-snapd.origin=layout 0 0
                ",
            steps: "
                    unlink /tmp/old
                    link /tmp/d/new
                ",
            saved: "
                    none /tmp/d/new none x-snapd.kind=symlink,x-snapd.symlink=/b,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "a link gets another target",
            world: "l /tmp/l /a",
            current: "none /tmp/l none x-snapd.kind=symlink,x-snapd.symlink=/a 0 0",
            desired: "none /tmp/l none x-snapd.kind=symlink,x-snapd.symlink=/b 0 0",
            steps: "
                    unlink /tmp/l
                    link /tmp/l
                ",
            saved: "none /tmp/l none x-snapd.kind=symlink,x-snapd.symlink=/b 0 0",
        },
        Case {
            name: "a link becomes a mount, and the reverse",
            world: "
                    d /tmp/s
                    l /tmp/l /a
                    d /tmp/m
                    m /tmp/m
                ",
            current: "
                    none /tmp/l none x-snapd.kind=symlink,x-snapd.symlink=/a 0 0
                    /tmp/s /tmp/m none bind 0 0
                ",
            desired: "
                    /tmp/s /tmp/l none bind 0 0
                    none /tmp/m none x-snapd.kind=symlink,x-snapd.symlink=/a 0 0
                ",
            steps: "
                    unmount /tmp/m
                    remove /tmp/m
                    unlink /tmp/l
                    make /tmp/l
                    mount /tmp/l
                    link /tmp/m
                ",
            saved: "
                    /tmp/s /tmp/l none bind 0 0
                    none /tmp/m none x-snapd.kind=symlink,x-snapd.symlink=/a 0 0
                ",
        },
        Case {
            name: "a directory becomes a file, and the reverse",
            world: "
                    d /tmp/s
                    f /tmp/t text
                    d /tmp/d
                    m /tmp/d
                    f /tmp/f
                ",
            current: "
                    /tmp/s /tmp/d none bind 0 0
                    /tmp/t /tmp/f none bind,x-snapd.kind=file 0 0
                ",
            desired: "
                    /tmp/t /tmp/d none bind,x-snapd.kind=file 0 0
                    /tmp/s /tmp/f none bind 0 0
                ",
            steps: "
                    unmount /tmp/f: NotThere
                    remove /tmp/f
                    unmount /tmp/d
                    remove /tmp/d
                    make /tmp/d
                    mount /tmp/d
                    make /tmp/f
                    mount /tmp/f
                ",
            saved: "
                    /tmp/t /tmp/d none bind,x-snapd.kind=file 0 0
                    /tmp/s /tmp/f none bind 0 0
                ",
        },
        Case {
            name: "a link that somebody changed stays",
            world: "l /tmp/l /c",
            current: "none /tmp/l none x-snapd.kind=symlink,x-snapd.symlink=/a 0 0",
            desired: "",
            steps: "unlink /tmp/l: NotThere",
            saved: "",
        },
        Case {
            name: "ensured directories stay",
            world: "
                    d /tmp/h
                    d /tmp/old
                ",
            current: "
                    none /tmp/old none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/tmp 0 0
                ",
            desired: "
                    none /tmp/h/a/b none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/tmp/h 0 0
                ",
            steps: "
                    forget /tmp/old
                    ensure /tmp/h/a/b
                ",
            saved: "
                    none /tmp/h/a/b none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/tmp/h 0 0
                ",
        },
        Case {
            name: "not below what must exist",
            world: "d /tmp/a",
            current: "",
            desired: "none /tmp/b/c none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/tmp/a 0 0",
            steps: "left out /tmp/b/c: NotBelow MustExistDir",
            saved: "",
        },
        Case {
            name: "what must exist does not",
            world: "",
            current: "",
            desired: "
                    none /tmp/h/a/b none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/tmp/h 0 0
                    none /tmp/i none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/tmp 0 0
                ",
            steps: "
                    left out /tmp/h/a/b: Missing MustExistDir
                    left out /tmp/i: Missing MustExistDir
                ",
            saved: "",
        },
    ]);
}
