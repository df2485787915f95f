//! What is seen in the directory of a mimic.

use super::run::{Case, check};

#[test]
fn of_what_is_seen_elsewhere() {
    check(&[
        Case {
            name: "what another mimic shows, and what was made in it",
            world: "
                    d /snap/x/1
                    d /usr/a
                    s /usr/s
                    d /usr/z
                    d /usr ro
                    d /opt/l
                ",
            current: "",
            desired: "
                    /snap/x/1 /usr/new none bind 0 0
                    /snap/x/1 /usr/n/1 none bind 0 0
                    /snap/x/1 /usr/n/2 none bind 0 0
                    /usr /opt/l none rbind,x-snapd.origin=layout 0 0
                    /snap/x/1 /opt/l/other none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    mimic /usr
                    make /usr/n/1
                    mount /usr/n/1
                    make /usr/n/2
                    mount /usr/n/2
                    make /usr/new
                    mount /usr/new
                    mount /opt/l
                    mimic /opt/l
                    make /opt/l/other
                    mount /opt/l/other
                ",
            saved: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/n/1,mode=0755,uid=0,gid=0,x-snapd.shows=07b63f25fa09bea2 0 0
                    /snap/x/1 /usr/n/1 none bind 0 0
                    /snap/x/1 /usr/n/2 none bind 0 0
                    /snap/x/1 /usr/new none bind 0 0
                    /usr /opt/l none rbind,x-snapd.origin=layout 0 0
                    tmpfs /opt/l tmpfs x-snapd.synthetic,x-snapd.needed-by=/opt/l/other,mode=0755,uid=0,gid=0,x-snapd.shows=b7298bef49234676 0 0
                    /snap/x/1 /opt/l/other none bind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "a tmpfs of this run has the mode that it was mounted with",
            world: "
                    d /snap/x/1
                    d /opt/t
                ",
            current: "",
            desired: "
                    tmpfs /opt/t tmpfs ro,mode=0711,uid=7,x-snapd.origin=layout 0 0
                    /snap/x/1 /opt/t/a none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    mount /opt/t
                    mimic /opt/t
                    make /opt/t/a
                    mount /opt/t/a
                ",
            saved: "
                    tmpfs /opt/t tmpfs ro,mode=0711,uid=7,x-snapd.origin=layout 0 0
                    tmpfs /opt/t tmpfs x-snapd.synthetic,x-snapd.needed-by=/opt/t/a,mode=0711,uid=7,gid=0,x-snapd.shows=cbf29ce484222325 0 0
                    /snap/x/1 /opt/t/a none bind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "without the mount point of what goes",
            world: "
                    d /tmp/s
                    d /tmp/x/stay
                    d /tmp/x/old
                    m /tmp/x/old
                    d /opt/l
                ",
            current: "/tmp/s /tmp/x/old none bind 0 0",
            desired: "
                    /tmp/x /opt/l none rbind,x-snapd.origin=layout 0 0
                    /tmp/s /opt/l/new none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    unmount /tmp/x/old
                    remove /tmp/x/old
                    mount /opt/l
                    mimic /opt/l
                    make /opt/l/new
                    mount /opt/l/new
                ",
            saved: "
                    /tmp/x /opt/l none rbind,x-snapd.origin=layout 0 0
                    tmpfs /opt/l tmpfs x-snapd.synthetic,x-snapd.needed-by=/opt/l/new,mode=0755,uid=0,gid=0,x-snapd.shows=55c8196d2e4b98e0 0 0
                    /tmp/s /opt/l/new none bind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "with the mount point of what goes, when another one needs it",
            world: "
                    d /tmp/s
                    d /tmp/x/old
                    m /tmp/x/old
                    d /opt/l
                ",
            current: "/tmp/s /tmp/x/old none bind 0 0",
            desired: "
                    /tmp/x/old /tmp/9 none bind 0 0
                    /tmp/x /opt/l none rbind,x-snapd.origin=layout 0 0
                    /tmp/s /opt/l/new none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    unmount /tmp/x/old
                    make /tmp/9
                    mount /tmp/9
                    mount /opt/l
                    mimic /opt/l
                    make /opt/l/new
                    mount /opt/l/new
                ",
            saved: "
                    /tmp/x/old /tmp/9 none bind 0 0
                    /tmp/x /opt/l none rbind,x-snapd.origin=layout 0 0
                    tmpfs /opt/l tmpfs x-snapd.synthetic,x-snapd.needed-by=/opt/l/new,mode=0755,uid=0,gid=0,x-snapd.shows=01c349a34d3934e6 0 0
                    /tmp/s /opt/l/new none bind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "with the mount point of what goes, where that stays",
            world: "
                    d /tmp/s
                    d /var/snap/y/old
                    d /var/snap/y ro
                    m /var/snap/y/old
                ",
            current: "/tmp/s /var/snap/y/old none bind 0 0",
            desired: "/tmp/s /var/snap/y/new none bind 0 0",
            steps: "
                    unmount /var/snap/y/old
                    remove /var/snap/y/old: Stays
                    mimic /var/snap/y
                    make /var/snap/y/new
                    mount /var/snap/y/new
                ",
            saved: "
                    tmpfs /var/snap/y tmpfs x-snapd.synthetic,x-snapd.needed-by=/var/snap/y/new,mode=0755,uid=0,gid=0,x-snapd.shows=01c349a34d3934e6 0 0
                    /tmp/s /var/snap/y/new none bind 0 0
                ",
        },
        Case {
            name: "a directory that another entry creates elsewhere",
            world: "
                    d /tmp/s
                    d /tmp/x
                    d /opt/l
                ",
            current: "",
            desired: "
                    /tmp/s /tmp/x/n/1 none bind 0 0
                    /tmp/x /opt/l none rbind,x-snapd.origin=layout 0 0
                    /tmp/s /opt/l/n/2 none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    make /tmp/x/n/1
                    mount /tmp/x/n/1
                    mount /opt/l
                    mimic /opt/l/n
                    make /opt/l/n/2
                    mount /opt/l/n/2
                ",
            saved: "
                    /tmp/s /tmp/x/n/1 none bind 0 0
                    /tmp/x /opt/l none rbind,x-snapd.origin=layout 0 0
                    tmpfs /opt/l/n tmpfs x-snapd.synthetic,x-snapd.needed-by=/opt/l/n/2,mode=0755,uid=0,gid=0,x-snapd.shows=460be71818a7465c 0 0
                    /tmp/s /opt/l/n/2 none bind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "all of the tree",
            world: "
                    d /tmp/s
                    d /opt/r
                ",
            current: "",
            desired: "
                    / /opt/r none bind,x-snapd.origin=layout 0 0
                    /tmp/s /opt/r/new none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    mount /opt/r
                    mimic /opt/r
                    make /opt/r/new
                    mount /opt/r/new
                ",
            saved: "
                    / /opt/r none bind,x-snapd.origin=layout 0 0
                    tmpfs /opt/r tmpfs x-snapd.synthetic,x-snapd.needed-by=/opt/r/new,mode=0755,uid=0,gid=0,x-snapd.shows=4d1ce4d2a66114b7 0 0
                    /tmp/s /opt/r/new none bind,x-snapd.origin=layout 0 0
                ",
        },
    ]);
}
