//! What is made anew although it did not change: what it stands on did.

use super::run::{Case, check};

#[test]
fn dragged_along() {
    check(&[
        Case {
            name: "what stands on what goes",
            world: "
                    d /tmp/s/in
                    d /tmp/1
                    m /tmp/1
                    d /tmp/1/in
                    m /tmp/1/in
                    d /tmp/1-2
                    m /tmp/1-2
                ",
            current: "
                    /tmp/s /tmp/1 none bind 0 0
                    /tmp/s /tmp/1/in none bind 0 0
                    /tmp/s /tmp/1-2 none bind 0 0
                ",
            desired: "
                    /tmp/s /tmp/1 none bind,ro 0 0
                    /tmp/s /tmp/1/in none bind 0 0
                    /tmp/s /tmp/1-2 none bind 0 0
                ",
            steps: "
                    unmount /tmp/1/in
                    unmount /tmp/1
                    mount /tmp/1
                    mount /tmp/1/in
                ",
            saved: "
                    /tmp/s /tmp/1-2 none bind 0 0
                    /tmp/s /tmp/1 none bind,ro 0 0
                    /tmp/s /tmp/1/in none bind 0 0
                ",
        },
        Case {
            name: "what stands on a tmpfs goes with it, but not what stands on a bind in there",
            world: "
                    d /tmp/s/in
                    d /tmp/t
                    m /tmp/t tmpfs
                    d /tmp/t/a
                    m /tmp/t/a
                    d /tmp/t/a/in
                    m /tmp/t/a/in
                    d /tmp/t/e
                    l /tmp/t/l /a
                    d /tmp/t-2
                    m /tmp/t-2
                ",
            current: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    none /tmp/t/e none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/tmp 0 0
                    /tmp/s /tmp/t/a none bind 0 0
                    /tmp/s /tmp/t/a/in none bind 0 0
                    none /tmp/t/l none x-snapd.kind=symlink,x-snapd.symlink=/a,x-snapd.origin=layout 0 0
                    /tmp/s /tmp/t-2 none bind 0 0
                ",
            desired: "/tmp/s /tmp/t-2 none bind 0 0",
            steps: "
                    unmount /tmp/t/a/in
                    remove /tmp/t/a/in
                    unmount /tmp/t
                    remove /tmp/t
                ",
            saved: "/tmp/s /tmp/t-2 none bind 0 0",
        },
        Case {
            name: "made before what goes: it stays",
            world: "
                    d /tmp/s/in
                    d /tmp/1/in
                    m /tmp/1/in
                    m /tmp/1
                ",
            current: "
                    /tmp/s /tmp/1/in none bind 0 0
                    /tmp/s /tmp/1 none bind,x-snapd.origin=layout 0 0
                ",
            desired: "/tmp/s /tmp/1/in none bind 0 0",
            steps: "unmount /tmp/1",
            saved: "/tmp/s /tmp/1/in none bind 0 0",
        },
        Case {
            name: "mounted on the source of what goes, later",
            world: "
                    d /tmp/s/b
                    d /tmp/a/b
                    d /tmp/1
                    m /tmp/1
                    m /tmp/a
                ",
            current: "
                    /tmp/a/b /tmp/1 none bind 0 0
                    /tmp/s /tmp/a none bind 0 0
                ",
            desired: "/tmp/s /tmp/a none bind 0 0",
            steps: "
                    unmount /tmp/a
                    unmount /tmp/1
                    remove /tmp/1
                    mount /tmp/a
                ",
            saved: "/tmp/s /tmp/a none bind 0 0",
        },
        Case {
            name: "recorded in another order than it would be made in",
            world: "
                    d /tmp/s/in
                    d /tmp/t
                    d /tmp/x/in
                    d /tmp/x/in
                    m /tmp/x/in
                    m /tmp/x
                    d /tmp/x/in
                ",
            current: "
                    /tmp/t /tmp/x/in none bind,x-snapd.origin=layout 0 0
                    /tmp/s /tmp/x none bind 0 0
                ",
            desired: "
                    /tmp/t /tmp/x/in none bind,x-snapd.origin=layout 0 0
                    /tmp/s /tmp/x none bind 0 0
                    /tmp/t /tmp/z none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    unmount /tmp/x
                    unmount /tmp/x/in
                    remove /tmp/x/in
                    mount /tmp/x
                    mount /tmp/x/in
                    make /tmp/z
                    mount /tmp/z
                ",
            saved: "
                    /tmp/s /tmp/x none bind 0 0
                    /tmp/t /tmp/x/in none bind,x-snapd.origin=layout 0 0
                    /tmp/t /tmp/z none bind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "its source has what goes below it, though it does not show that",
            world: "
                    d /tmp/s
                    d /tmp/a/in
                    m /tmp/a/in
                    d /tmp/z
                    m /tmp/z
                ",
            current: "
                    /tmp/s /tmp/a/in none bind 0 0
                    /tmp/a /tmp/z none bind,x-snapd.origin=layout 0 0
                ",
            desired: "/tmp/a /tmp/z none bind,x-snapd.origin=layout 0 0",
            steps: "
                    unmount /tmp/z
                    unmount /tmp/a/in
                    remove /tmp/a/in
                    mount /tmp/z
                ",
            saved: "/tmp/a /tmp/z none bind,x-snapd.origin=layout 0 0",
        },
        Case {
            name: "made again, it would have a copy of what comes after it",
            world: "
                    d /tmp/b/1
                    d /tmp/s/in
                    d /tmp/t
                    d /tmp/c
                    m /tmp/c
                    d /tmp/c/1
                    m /tmp/c/1
                    d /tmp/c/1/in
                    m /tmp/s/in
                ",
            current: "
                    /tmp/b /tmp/c none bind 0 0
                    /tmp/s /tmp/c/1 none rbind,x-snapd.origin=layout 0 0
                    /tmp/t /tmp/s/in none bind,x-snapd.origin=layout 0 0
                ",
            desired: "
                    /tmp/b /tmp/c none bind,x-snapd.id=b 0 0
                    /tmp/s /tmp/c/1 none rbind,x-snapd.origin=layout 0 0
                    /tmp/t /tmp/s/in none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    unmount /tmp/s/in
                    unmount /tmp/c/1
                    unmount /tmp/c
                    mount /tmp/c
                    mount /tmp/c/1
                    mount /tmp/s/in
                ",
            saved: "
                    /tmp/b /tmp/c none bind,x-snapd.id=b 0 0
                    /tmp/s /tmp/c/1 none rbind,x-snapd.origin=layout 0 0
                    /tmp/t /tmp/s/in none bind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "its source is above what comes after it, though it has no copy of that",
            world: "
                    d /tmp/b/1
                    d /tmp/s/in
                    d /tmp/t
                    d /tmp/c
                    m /tmp/c
                    d /tmp/c/1
                    m /tmp/c/1
                    d /tmp/c/1/in
                    m /tmp/s/in
                ",
            current: "
                    /tmp/b /tmp/c none bind 0 0
                    /tmp/s /tmp/c/1 none bind,x-snapd.origin=layout 0 0
                    /tmp/t /tmp/s/in none bind,x-snapd.origin=layout 0 0
                ",
            desired: "
                    /tmp/b /tmp/c none bind,x-snapd.id=b 0 0
                    /tmp/s /tmp/c/1 none bind,x-snapd.origin=layout 0 0
                    /tmp/t /tmp/s/in none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    unmount /tmp/s/in
                    unmount /tmp/c/1
                    unmount /tmp/c
                    mount /tmp/c
                    mount /tmp/c/1
                    mount /tmp/s/in
                ",
            saved: "/tmp/b /tmp/c none bind,x-snapd.id=b 0 0
                /tmp/s /tmp/c/1 none bind,x-snapd.origin=layout 0 0
                /tmp/t /tmp/s/in none bind,x-snapd.origin=layout 0 0",
        },
        Case {
            name: "a new one above covers what is kept",
            world: "
                    d /tmp/s/in
                    d /tmp/1/in
                    m /tmp/1/in
                ",
            current: "/tmp/s /tmp/1/in none bind 0 0",
            desired: "
                    /tmp/s /tmp/1/in none bind 0 0
                    /tmp/s /tmp/1 none bind 0 0
                ",
            steps: "
                    unmount /tmp/1/in
                    remove /tmp/1/in
                    mount /tmp/1
                    mount /tmp/1/in
                ",
            saved: "
                    /tmp/s /tmp/1 none bind 0 0
                    /tmp/s /tmp/1/in none bind 0 0
                ",
        },
        Case {
            name: "new content above a kept layout, not the reverse",
            world: "
                    d /tmp/s/in
                    d /tmp/1/in
                    m /tmp/1/in
                    d /tmp/2/in
                    m /tmp/2/in
                ",
            current: "
                    /tmp/s /tmp/1/in none bind,x-snapd.origin=layout 0 0
                    /tmp/s /tmp/2/in none bind 0 0
                ",
            desired: "
                    /tmp/s /tmp/1/in none bind,x-snapd.origin=layout 0 0
                    /tmp/s /tmp/1 none bind 0 0
                    /tmp/s /tmp/2/in none bind 0 0
                    /tmp/s /tmp/2 none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    unmount /tmp/1/in
                    remove /tmp/1/in
                    mount /tmp/1
                    mount /tmp/1/in
                    mount /tmp/2
                ",
            saved: "/tmp/s /tmp/1 none bind 0 0
                /tmp/s /tmp/2/in none bind 0 0
                /tmp/s /tmp/1/in none bind,x-snapd.origin=layout 0 0
                /tmp/s /tmp/2 none bind,x-snapd.origin=layout 0 0",
        },
        Case {
            name: "the chain: gone, covered, stands on that",
            world: "
                    d /tmp/s/in/in
                    d /tmp/1/in/in
                    m /tmp/1/in/in
                ",
            current: "/tmp/s /tmp/1/in/in none bind,x-snapd.origin=layout 0 0",
            desired: "
                    /tmp/s /tmp/1 none bind 0 0
                    /tmp/s /tmp/1/in none bind 0 0
                    /tmp/s /tmp/1/in/in none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    unmount /tmp/1/in/in
                    remove /tmp/1/in/in
                    mount /tmp/1
                    mount /tmp/1/in
                    mount /tmp/1/in/in
                ",
            saved: "
                    /tmp/s /tmp/1 none bind 0 0
                    /tmp/s /tmp/1/in none bind 0 0
                    /tmp/s /tmp/1/in/in none bind,x-snapd.origin=layout 0 0
                ",
        },
    ]);
}
