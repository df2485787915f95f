//! Missing sources, paths that lead through mounts of the same run, and users' mounts.

use super::run::{Case, check, check_in};

const USER: crate::Territory<'_> = crate::Territory::User { home: Some(b"/home/u") };

#[test]
fn missing_sources() {
    check(&[
        Case {
            name: "created where that is allowed",
            world: "d /tmp",
            current: "",
            desired: "
                    /tmp/a/b /tmp/c none bind 0 0
                    /tmp/f /tmp/g none bind,x-snapd.kind=file 0 0
                ",
            steps: "
                    source /tmp/a/b
                    make /tmp/c
                    mount /tmp/c
                    source /tmp/f
                    make /tmp/g
                    mount /tmp/g
                ",
            saved: "
                    /tmp/a/b /tmp/c none bind 0 0
                    /tmp/f /tmp/g none bind,x-snapd.kind=file 0 0
                ",
        },
        Case {
            name: "content has no mimic for it",
            world: "
                    d /usr ro
                    d /tmp/a
                ",
            current: "",
            desired: "
                    /usr/a /tmp/a none bind 0 0
                    /opt/a /tmp/b none bind 0 0
                ",
            steps: "
                    left out /tmp/a: Missing Source
                    left out /tmp/b: Missing Source
                ",
            saved: "",
        },
        Case {
            name: "a layout has",
            world: "
                    d /usr/lib
                    d /usr ro
                    d /tmp/a
                ",
            current: "",
            desired: "/usr/a /tmp/a none bind,x-snapd.origin=layout 0 0",
            steps: "
                    mimic /usr
                    source /usr/a
                    mount /tmp/a
                ",
            saved: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/tmp/a,mode=0755,uid=0,gid=0,x-snapd.shows=39bfe2a9ddc9774c 0 0
                    /usr/a /tmp/a none bind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "ignored for content",
            world: "d /snap/x/1",
            current: "",
            desired: "
                    /usr/a /tmp/a none bind,x-snapd.ignore-missing 0 0
                    /snap/x/1 /opt/a none bind,x-snapd.ignore-missing 0 0
                ",
            steps: "",
            saved: "",
        },
        Case {
            name: "a layout is a promise",
            world: "d /snap/x/1",
            current: "",
            desired: "
                    /snap/x/1 /opt/a none bind,x-snapd.ignore-missing,x-snapd.origin=layout 0 0
                ",
            steps: "refused /opt/a: Missing MountPoint",
            saved: "",
        },
    ]);
}

#[test]
fn through_mounts_of_the_same_run() {
    check(&[
        Case {
            name: "an overname leads elsewhere",
            world: "
                    d /tmp/a
                    d /tmp/b
                    d /snap/x_1/1 ro
                    d /snap/x_1/1/there
                    d /snap/x
                ",
            current: "",
            desired: "
                    /snap/x_1 /snap/x none rbind,x-snapd.origin=overname 0 0
                    /snap/x/1/there /tmp/a none bind 0 0
                    /tmp/b /snap/x/1/new none bind 0 0
                ",
            steps: "
                    notice /tmp/a: Mapped(0) Source
                    mount /snap/x
                    mimic /snap/x/1
                    make /snap/x/1/new
                    mount /snap/x/1/new
                    mount /tmp/a
                ",
            saved: "
                    /snap/x_1 /snap/x none rbind,x-snapd.origin=overname 0 0
                    tmpfs /snap/x/1 tmpfs x-snapd.synthetic,x-snapd.needed-by=/snap/x/1/new,mode=0755,uid=0,gid=0,x-snapd.shows=961992cadf4e18e5 0 0
                    /tmp/b /snap/x/1/new none bind 0 0
                    /snap/x/1/there /tmp/a none bind 0 0
                ",
        },
        Case {
            name: "content leads elsewhere",
            world: "
                    d /snap/y/1 ro
                    d /snap/y/1/lib
                    d /opt/c
                    d /snap/x/1
                    d /tmp
                ",
            current: "",
            desired: "
                    /snap/y/1 /opt/c none bind 0 0
                    /snap/x/1 /opt/c/lib none bind,x-snapd.origin=layout 0 0
                    /snap/x/1 /opt/c/new none bind,x-snapd.origin=layout 0 0
                    /opt/c/lib /tmp/l none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    mount /opt/c
                    mount /opt/c/lib
                    mimic /opt/c
                    make /opt/c/new
                    mount /opt/c/new
                    make /tmp/l
                    mount /tmp/l
                ",
            saved: "
                    /snap/y/1 /opt/c none bind 0 0
                    /snap/x/1 /opt/c/lib none bind,x-snapd.origin=layout 0 0
                    tmpfs /opt/c tmpfs x-snapd.synthetic,x-snapd.needed-by=/opt/c/new,mode=0755,uid=0,gid=0,x-snapd.shows=39bfe2a9ddc9774c 0 0
                    /snap/x/1 /opt/c/new none bind,x-snapd.origin=layout 0 0
                    /opt/c/lib /tmp/l none bind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "a bind of a bind",
            world: "
                    d /snap/y/1/a/b ro
                    d /opt/1
                    d /opt/2
                    d /snap/x/1
                ",
            current: "",
            desired: "
                    /snap/y/1 /opt/1 none bind 0 0
                    /opt/1/a /opt/2 none bind,x-snapd.origin=layout 0 0
                    /snap/x/1 /opt/2/b none bind,x-snapd.origin=layout 0 0
                    /snap/x/1 /opt/2/c none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    mount /opt/1
                    mount /opt/2
                    mount /opt/2/b
                    mimic /opt/2
                    make /opt/2/c
                    mount /opt/2/c
                ",
            saved: "
                    /snap/y/1 /opt/1 none bind 0 0
                    /opt/1/a /opt/2 none bind,x-snapd.origin=layout 0 0
                    /snap/x/1 /opt/2/b none bind,x-snapd.origin=layout 0 0
                    tmpfs /opt/2 tmpfs x-snapd.synthetic,x-snapd.needed-by=/opt/2/c,mode=0755,uid=0,gid=0,x-snapd.shows=ffcf681912df026d 0 0
                    /snap/x/1 /opt/2/c none bind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "another file system is unknown",
            world: "
                    d /opt/1
                    d /snap/x/1
                ",
            current: "",
            desired: "
                    /dev/a /opt/1 ext4 ro 0 0
                    /snap/x/1 /opt/1/b none bind,x-snapd.ignore-missing 0 0
                ",
            steps: "
                    mount /opt/1
                    mount /opt/1/b: IgnoredMissing
                ",
            saved: "/dev/a /opt/1 ext4 ro 0 0",
        },
        Case {
            name: "below what goes",
            world: "
                    d /snap/x/1
                    d /usr/a
                    d /usr ro
                    m /usr tmpfs
                    d /usr/b
                    d /usr/b
                    m /usr/b
                ",
            current: "
                    tmpfs /usr tmpfs x-snapd.origin=layout 0 0
                    /snap/x/1 /usr/b none bind,x-snapd.origin=layout 0 0
                ",
            desired: "
                    /snap/x/1 /usr/a none bind,x-snapd.origin=layout 0 0
                    /snap/x/1 /usr/b none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    unmount /usr
                    mimic /usr
                    mount /usr/a
                    make /usr/b
                    mount /usr/b
                ",
            saved: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/b,mode=0755,uid=0,gid=0,x-snapd.shows=e5d2f7190427066c 0 0
                    /snap/x/1 /usr/a none bind,x-snapd.origin=layout 0 0
                    /snap/x/1 /usr/b none bind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "a bind of a bind of all",
            world: "
                    d /snap/x/1
                    d /tmp/1
                    d /tmp/2
                    d /tmp/3
                ",
            current: "",
            desired: "
                    / /tmp/1 none bind 0 0
                    /tmp/1/snap /tmp/2 none bind 0 0
                    /tmp/2/x/1 /tmp/3 none bind 0 0
                ",
            steps: "
                    mount /tmp/1
                    mount /tmp/2
                    mount /tmp/3
                ",
            saved: "
                    / /tmp/1 none bind 0 0
                    /tmp/1/snap /tmp/2 none bind 0 0
                    /tmp/2/x/1 /tmp/3 none bind 0 0
                ",
        },
        Case {
            name: "a source that is made in this run",
            world: "d /tmp/t",
            current: "",
            desired: "
                    /tmp/s /tmp/t none bind 0 0
                    /tmp/s /tmp/t/u none bind 0 0
                ",
            steps: "
                    source /tmp/s
                    mount /tmp/t
                    make /tmp/t/u
                    mount /tmp/t/u
                ",
            saved: "
                    /tmp/s /tmp/t none bind 0 0
                    /tmp/s /tmp/t/u none bind 0 0
                ",
        },
    ]);
}

#[test]
fn for_a_user() {
    check_in(USER, &[
        Case {
            name: "at home and elsewhere",
            world: "
                    d /home/u/a
                    d /run/user/7
                    d /opt
                ",
            current: "",
            desired: "
                    /home/u/a /home/u/b none bind 0 0
                    /home/u/a /run/user/7/b none bind 0 0
                    /home/u/a /opt/b none bind 0 0
                    /home/u/a /tmp/b none bind 0 0
                    none /home/u/.x/y none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/home/u 0 0
                    none /opt/x/y none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/opt 0 0
                ",
            steps: "
                    left out /opt/b: WouldShowOnHost MountPoint 4
                    left out /opt/x/y: WouldShowOnHost MountPoint 4
                    left out /run/user/7/b: WouldShowOnHost MountPoint 11
                    left out /tmp/b: WouldShowOnHost MountPoint 1
                    ensure /home/u/.x/y
                    make /home/u/b
                    mount /home/u/b
                ",
            saved: "
                    none /home/u/.x/y none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/home/u 0 0
                    /home/u/a /home/u/b none bind 0 0
                ",
        },
        Case {
            name: "a source is told missing",
            world: "d /home/u/a ro",
            current: "",
            desired: "/home/u/a/b /home/u/a none bind 0 0",
            steps: "left out /home/u/a: Missing Source",
            saved: "",
        },
    ]);
}
