//! What stands, but could not be made in a fresh namespace any more.

use super::run::{Case, check};

#[test]
fn kept_in_doubt() {
    check(&[
        Case {
            name: "as long as nothing changes for it",
            world: "
                    f /tmp/s text
                    d /tmp/1
                    m /tmp/1
                    d /tmp/t
                ",
            current: "/tmp/s /tmp/1 none bind 0 0",
            desired: "
                    /tmp/s /tmp/1 none bind 0 0
                    /tmp/t /tmp/2 none bind 0 0
                ",
            steps: "
                    make /tmp/2
                    mount /tmp/2
                ",
            saved: "
                    /tmp/s /tmp/1 none bind 0 0
                    /tmp/t /tmp/2 none bind 0 0
                ",
        },
        Case {
            name: "what it stands on goes, and others do not find it any more",
            world: "
                    d /tmp/a
                    d /tmp/b/1/in
                    f /tmp/s text
                    d /tmp/p
                    m /tmp/p
                    d /tmp/p/1
                    m /tmp/p/1
                ",
            current: "
                    /tmp/a /tmp/p none bind 0 0
                    /tmp/s /tmp/p/1 none bind 0 0
                ",
            desired: "
                    /tmp/b /tmp/p none bind 0 0
                    /tmp/s /tmp/p/1 none bind 0 0
                    /tmp/p/1/in /tmp/z none bind 0 0
                ",
            steps: "
                    left out /tmp/p/1: Found(File) Source
                    unmount /tmp/p/1
                    remove /tmp/p/1
                    unmount /tmp/p
                    mount /tmp/p
                    make /tmp/z
                    mount /tmp/z
                ",
            saved: "
                    /tmp/b /tmp/p none bind 0 0
                    /tmp/p/1/in /tmp/z none bind 0 0
                ",
        },
        Case {
            name: "its source was there for an entry that goes",
            world: "
                    d /tmp/s
                    d /tmp/t
                    m /tmp/t tmpfs
                    d /tmp/t/a/b
                    m /tmp/t/a/b
                    d /tmp/u
                    m /tmp/u
                ",
            current: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/s /tmp/t/a/b none bind 0 0
                    /tmp/t/a /tmp/u none bind,x-snapd.ignore-missing 0 0
                ",
            desired: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/t/a /tmp/u none bind,x-snapd.ignore-missing 0 0
                ",
            steps: "
                    unmount /tmp/u
                    remove /tmp/u
                    remove source /tmp/t/a: Stays
                    unmount /tmp/t/a/b
                    remove /tmp/t/a/b
                ",
            saved: "tmpfs /tmp/t tmpfs defaults 0 0",
        },
        Case {
            name: "its source will be something else",
            world: "
                    d /tmp/s
                    d /tmp/t
                    m /tmp/t tmpfs
                    f /tmp/t/a
                    f /tmp/u
                    m /tmp/u
                ",
            current: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/t/a /tmp/u none bind,x-snapd.kind=file 0 0
                ",
            desired: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/s /tmp/t/a/b none bind 0 0
                    /tmp/t/a /tmp/u none bind,x-snapd.kind=file 0 0
                ",
            steps: "
                    left out /tmp/u: WillFind(Directory) Source
                    unmount /tmp/u
                    remove /tmp/u
                    remove source /tmp/t/a
                    make /tmp/t/a/b
                    mount /tmp/t/a/b
                ",
            saved: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/s /tmp/t/a/b none bind 0 0
                ",
        },
        Case {
            name: "a bind of what is missing may show anything",
            world: "
                    d /tmp/x
                    d /tmp/1
                    m /tmp/1
                    d /tmp/1/sub
                ",
            current: "/tmp/s /tmp/1 none bind,x-snapd.ignore-missing 0 0",
            desired: "
                    /tmp/s /tmp/1 none bind,x-snapd.ignore-missing 0 0
                    /tmp/x /tmp/1/sub none bind,x-snapd.ignore-missing 0 0
                ",
            steps: "mount /tmp/1/sub",
            saved: "
                    /tmp/s /tmp/1 none bind,x-snapd.ignore-missing 0 0
                    /tmp/x /tmp/1/sub none bind,x-snapd.ignore-missing 0 0
                ",
        },
        Case {
            name: "no mimic is kept that makes way for it",
            world: "
                    f /tmp/s text
                    l /usr/f /x
                    d /usr ro
                    m /usr tmpfs
                    d /usr/f
                    m /usr/f
                ",
            current: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/f,mode=0755,uid=0,gid=0 0 0
                    /tmp/s /usr/f none bind 0 0
                ",
            desired: "
                    /tmp/s /usr/f none bind 0 0
                    /usr /tmp/2 none bind 0 0
                ",
            steps: "
                    left out /usr/f: Found(File) Source
                    unmount /usr
                    make /tmp/2
                    mount /tmp/2
                ",
            saved: "/usr /tmp/2 none bind 0 0",
        },
    ]);
}
