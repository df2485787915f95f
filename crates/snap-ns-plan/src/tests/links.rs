//! Links that a mimic has a copy of: when one comes or goes, the mimic is made anew.

use super::run::{Case, check};

#[test]
fn a_link_that_a_mimic_has_a_copy_of() {
    check(&[
        Case {
            name: "a new link, seen through a bind",
            world: "
                    d /tmp/e
                    d /tmp/s
                    d /usr
                    m /usr
                    m /usr tmpfs
                    d /usr/e
                    m /usr/e
                ",
            current: "
                    /tmp/s /usr none bind,x-snapd.origin=layout 0 0
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/e,mode=0755,uid=0,gid=0 0 0
                    /tmp/e /usr/e none bind,x-snapd.origin=layout 0 0
                ",
            desired: "
                    none /tmp/s/l none x-snapd.kind=symlink,x-snapd.symlink=/x,x-snapd.origin=layout 0 0
                    /tmp/s /usr none bind,x-snapd.origin=layout 0 0
                    /tmp/e /usr/e none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    unmount /usr
                    unmount /usr
                    link /tmp/s/l
                    mount /usr
                    mimic /usr
                    make /usr/e
                    mount /usr/e
                ",
            saved: "none /tmp/s/l none x-snapd.kind=symlink,x-snapd.symlink=/x,x-snapd.origin=layout 0 0
                /tmp/s /usr none bind,x-snapd.origin=layout 0 0
                tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/e,mode=0755,uid=0,gid=0,x-snapd.shows=112260191caf0329 0 0
                /tmp/e /usr/e none bind,x-snapd.origin=layout 0 0",
        },
        Case {
            name: "a link that goes",
            world: "
                    d /tmp/e
                    d /tmp/s
                    l /tmp/s/l /x
                    d /usr
                    m /usr
                    l /usr/l /x
                    m /usr tmpfs
                    l /usr/l /x
                    d /usr/e
                    m /usr/e
                ",
            current: "
                    none /tmp/s/l none x-snapd.kind=symlink,x-snapd.symlink=/x,x-snapd.origin=layout 0 0
                    /tmp/s /usr none bind,x-snapd.origin=layout 0 0
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/e,mode=0755,uid=0,gid=0 0 0
                    /tmp/e /usr/e none bind,x-snapd.origin=layout 0 0
                ",
            desired: "
                    /tmp/s /usr none bind,x-snapd.origin=layout 0 0
                    /tmp/e /usr/e none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    unmount /usr
                    unmount /usr
                    unlink /tmp/s/l
                    mount /usr
                    mimic /usr
                    make /usr/e
                    mount /usr/e
                ",
            saved: "
                    /tmp/s /usr none bind,x-snapd.origin=layout 0 0
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/e,mode=0755,uid=0,gid=0,x-snapd.shows=cbf29ce484222325 0 0
                    /tmp/e /usr/e none bind,x-snapd.origin=layout 0 0
                ",
        },
    ]);
}
