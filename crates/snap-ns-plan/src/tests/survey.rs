//! What is found before anything is touched: the ground, and what is in the way.

use super::run::{Case, check};

#[test]
fn where_something_can_be_created() {
    check(&[
        Case {
            name: "in the snap's own places",
            world: "
                    d /tmp
                    d /snap/x_1
                    d /snap/x/1
                    d /var/snap/y ro
                ",
            current: "",
            desired: "
                    /snap/x/1 /tmp/new/er none bind 0 0
                    /snap/x/1 /snap/x_1/new none bind 0 0
                    /snap/x/1 /var/snap/y/new none bind 0 0
                ",
            steps: "
                    mimic /var/snap/y
                    make /snap/x_1/new
                    mount /snap/x_1/new
                    make /tmp/new/er
                    mount /tmp/new/er
                    make /var/snap/y/new
                    mount /var/snap/y/new
                ",
            saved: "
                    tmpfs /var/snap/y tmpfs x-snapd.synthetic,x-snapd.needed-by=/var/snap/y/new,mode=0755,uid=0,gid=0,x-snapd.shows=cbf29ce484222325 0 0
                    /snap/x/1 /snap/x_1/new none bind 0 0
                    /snap/x/1 /tmp/new/er none bind 0 0
                    /snap/x/1 /var/snap/y/new none bind 0 0
                ",
        },
        Case {
            name: "it would show on the host",
            world: "
                    d /snap/x/1
                    d /opt/a
                    f /opt/f text
                    l /opt/l a
                    s /opt/null
                ",
            current: "",
            desired: "/snap/x/1 /opt/new none rbind,x-snapd.origin=layout 0 0",
            steps: "
                    mimic /opt
                    make /opt/new
                    mount /opt/new
                ",
            saved: "
                    tmpfs /opt tmpfs x-snapd.synthetic,x-snapd.needed-by=/opt/new,mode=0755,uid=0,gid=0,x-snapd.shows=117f2c7b2cfc2b2d 0 0
                    /snap/x/1 /opt/new none rbind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "the file system is read-only",
            world: "
                    d /snap/x/1
                    d /usr ro mode=2750 uid=7
                    d /usr/a
                ",
            current: "",
            desired: "/snap/x/1 /usr/b/c none bind 0 0",
            steps: "
                    mimic /usr
                    make /usr/b/c
                    mount /usr/b/c
                ",
            saved: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/b/c,mode=02750,uid=7,gid=0,x-snapd.shows=e5d2f7190427066c 0 0
                    /snap/x/1 /usr/b/c none bind 0 0
                ",
        },
        Case {
            name: "a tmpfs of ours",
            world: "
                    d / tmpfs
                    d /snap/x/1
                    d /other tmpfs
                ",
            current: "tmpfs / tmpfs x-snapd.origin=rootfs 0 0",
            desired: "
                    /snap/x/1 /new/er none bind 0 0
                    /snap/x/1 /other/new none bind 0 0
                ",
            steps: "
                    mimic /other
                    make /new/er
                    mount /new/er
                    make /other/new
                    mount /other/new
                ",
            saved: "
                    tmpfs / tmpfs x-snapd.origin=rootfs 0 0
                    tmpfs /other tmpfs x-snapd.synthetic,x-snapd.needed-by=/other/new,mode=0755,uid=0,gid=0,x-snapd.shows=cbf29ce484222325 0 0
                    /snap/x/1 /new/er none bind 0 0
                    /snap/x/1 /other/new none bind 0 0
                ",
        },
        Case {
            name: "a tmpfs of somebody else",
            world: "
                    d /snap/x/1
                    d /mnt tmpfs
                ",
            current: "",
            desired: "/snap/x/1 /mnt/new none bind 0 0",
            steps: "
                    mimic /mnt
                    make /mnt/new
                    mount /mnt/new
                ",
            saved: "
                    tmpfs /mnt tmpfs x-snapd.synthetic,x-snapd.needed-by=/mnt/new,mode=0755,uid=0,gid=0,x-snapd.shows=cbf29ce484222325 0 0
                    /snap/x/1 /mnt/new none bind 0 0
                ",
        },
        Case {
            name: "a tmpfs of this run",
            world: "
                    d /snap/x/1
                    d /opt/t
                ",
            current: "",
            desired: "
                    tmpfs /opt/t tmpfs x-snapd.origin=layout 0 0
                    /snap/x/1 /opt/t/a/b none bind,x-snapd.origin=layout 0 0
                    none /opt/t/l none x-snapd.kind=symlink,x-snapd.symlink=a,x-snapd.origin=layout 0 0
                ",
            steps: "
                    mount /opt/t
                    make /opt/t/a/b
                    mount /opt/t/a/b
                    link /opt/t/l
                ",
            saved: "
                    tmpfs /opt/t tmpfs x-snapd.origin=layout 0 0
                    /snap/x/1 /opt/t/a/b none bind,x-snapd.origin=layout 0 0
                    none /opt/t/l none x-snapd.kind=symlink,x-snapd.symlink=a,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "a tmpfs of this run in a mimic",
            world: "
                    d /snap/x/1
                    d /usr ro
                ",
            current: "",
            desired: "
                    tmpfs /usr/t tmpfs x-snapd.origin=layout 0 0
                    /snap/x/1 /usr/t/a none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    mimic /usr
                    make /usr/t
                    mount /usr/t
                    make /usr/t/a
                    mount /usr/t/a
                ",
            saved: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/t,mode=0755,uid=0,gid=0,x-snapd.shows=cbf29ce484222325 0 0
                    tmpfs /usr/t tmpfs x-snapd.origin=layout 0 0
                    /snap/x/1 /usr/t/a none bind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "a source in a tmpfs of this run",
            world: "
                    d /opt/t
                    d /opt/u
                ",
            current: "",
            desired: "
                    tmpfs /opt/t tmpfs x-snapd.origin=layout 0 0
                    /opt/t/a /opt/u none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    mount /opt/t
                    source /opt/t/a
                    mount /opt/u
                ",
            saved: "
                    tmpfs /opt/t tmpfs x-snapd.origin=layout 0 0
                    /opt/t/a /opt/u none bind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "mimic of the root",
            world: "
                    d /tmp
                    d /snap/x/1
                ",
            current: "",
            desired: "
                    /snap/x/1 /new none bind 0 0
                    /snap/x/1 /tmp/a none bind 0 0
                ",
            steps: "
                    left out /new: MimicOfRoot MountPoint 1
                    make /tmp/a
                    mount /tmp/a
                ",
            saved: "/snap/x/1 /tmp/a none bind 0 0",
        },
        Case {
            name: "mimic of the root for a layout",
            world: "
                    d /tmp
                    d /snap/x/1
                ",
            current: "",
            desired: "
                    /snap/x/1 /tmp/a none bind 0 0
                    /snap/x/1 /new none bind,x-snapd.origin=layout 0 0
                ",
            steps: "refused /new: MimicOfRoot MountPoint 1",
            saved: "",
        },
        Case {
            name: "a comma in the ID",
            world: "
                    d /snap/x/1
                    d /usr ro
                ",
            current: "",
            desired: "/snap/x/1 /usr/a,b none bind 0 0",
            steps: "left out /usr/a,b: CommaInId MountPoint 4",
            saved: "",
        },
        Case {
            name: "links on the ground",
            world: "
                    d /snap/x/1
                    d /usr ro
                ",
            current: "",
            desired: "
                    none /usr/l none x-snapd.kind=symlink,x-snapd.symlink=/a,x-snapd.origin=layout 0 0
                ",
            steps: "
                    mimic /usr
                    link /usr/l
                ",
            saved: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/l,mode=0755,uid=0,gid=0,x-snapd.shows=cbf29ce484222325 0 0
                    none /usr/l none x-snapd.kind=symlink,x-snapd.symlink=/a,x-snapd.origin=layout 0 0
                ",
        },
    ]);
}

#[test]
fn what_is_in_the_way() {
    check(&[
        Case {
            name: "content is left out",
            world: "
                    d /snap/x/1
                    f /tmp/f text
                    l /tmp/l /a
                    l /tmp/m /a
                    s /tmp/s
                ",
            current: "",
            desired: "
                    /snap/x/1 /tmp/f none bind 0 0
                    /snap/x/1 /tmp/l none bind 0 0
                    /snap/x/1 /tmp/s/a/b none bind 0 0
                    /snap/x/1 /tmp/l/a none bind 0 0
                    /tmp/f /snap/x/1 none bind,x-snapd.kind=file 0 0
                    none /tmp/m none x-snapd.kind=symlink,x-snapd.symlink=/b 0 0
                ",
            steps: "
                    left out /snap/x/1: Found(Directory) MountPoint
                    left out /tmp/f: Found(File) MountPoint
                    left out /tmp/l: Found(Symlink) MountPoint
                    left out /tmp/l/a: Found(Symlink) MountPoint 6
                    left out /tmp/m: OldLink(5) MountPoint
                    left out /tmp/s/a/b: Found(Special) MountPoint 6
                ",
            saved: "",
        },
        Case {
            name: "the first of two has the mount point, also when it cannot be made",
            world: "f /tmp/f text",
            current: "",
            desired: "
                    /tmp/f /tmp/g none bind 0 0
                    /tmp/f /tmp/g none bind,x-snapd.kind=file 0 0
                ",
            steps: "
                    left out /tmp/g: Found(File) Source
                    notice /tmp/g: Claimed(0) MountPoint
                ",
            saved: "",
        },
        Case {
            name: "a layout is refused",
            world: "
                    d /tmp/x
                    d /snap/x/1
                    f /tmp/f text
                ",
            current: "",
            desired: "
                    /snap/x/1 /tmp/a none bind 0 0
                    /snap/x/1 /tmp/f none bind,x-snapd.origin=layout 0 0
                ",
            steps: "refused /tmp/f: Found(File) MountPoint",
            saved: "",
        },
        Case {
            name: "an overname is refused",
            world: "
                    d /snap/x/1
                    f /tmp/f text
                ",
            current: "",
            desired: "/snap/x/1 /tmp/f none bind,x-snapd.origin=overname 0 0",
            steps: "refused /tmp/f: Found(File) MountPoint",
            saved: "",
        },
        Case {
            name: "the link is there already",
            world: "l /tmp/l /a",
            current: "",
            desired: "
                    none /tmp/l none x-snapd.kind=symlink,x-snapd.symlink=/a,x-snapd.origin=layout 0 0
                ",
            steps: "link /tmp/l",
            saved: "
                    none /tmp/l none x-snapd.kind=symlink,x-snapd.symlink=/a,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "the source of a layout is not replaced",
            world: "
                    f /usr/f text
                    d /usr ro
                    d /tmp/a
                ",
            current: "",
            desired: "/usr/f /tmp/a none bind,x-snapd.origin=layout 0 0",
            steps: "refused /tmp/a: Found(File) Source",
            saved: "",
        },
        Case {
            name: "who is left out makes no source for others",
            world: "f /tmp/f text",
            current: "",
            desired: "
                    /tmp/s /tmp/f none bind 0 0
                    /tmp/s /tmp/g none bind 0 0
                ",
            steps: "
                    left out /tmp/f: Found(File) MountPoint
                    source /tmp/s
                    make /tmp/g
                    mount /tmp/g
                ",
            saved: "/tmp/s /tmp/g none bind 0 0",
        },
        Case {
            name: "a recursive bind is read-only",
            world: "
                    d /snap/x/1
                    d /tmp/a
                ",
            current: "",
            desired: "/snap/x/1 /tmp/a none rbind,ro 0 0",
            steps: "mount /tmp/a",
            saved: "/snap/x/1 /tmp/a none rbind,ro 0 0",
        },
        Case {
            name: "a recursive bind cannot be read-only on old kernels",
            world: "
                    d /before-5.12
                    d /snap/x/1
                    d /tmp/a
                ",
            current: "",
            desired: "/snap/x/1 /tmp/a none rbind,ro 0 0",
            steps: "left out /tmp/a: RecursiveReadOnly Source",
            saved: "",
        },
    ]);
}
