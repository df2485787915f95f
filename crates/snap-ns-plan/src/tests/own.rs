//! What was created in a tmpfs of ours, for entries that come and go.

use super::run::{Case, check};

#[test]
fn mode_and_owner() {
    check(&[
        Case {
            name: "another mode: made again",
            world: "
                    d /tmp/s
                    m /tmp/t tmpfs
                    d /tmp/t/a mode=700
                    m /tmp/t/a
                ",
            current: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/s /tmp/t/a none bind,x-snapd.mode=0700 0 0
                ",
            desired: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/s /tmp/t/a none bind,x-snapd.mode=0711 0 0
                ",
            steps: "
                    unmount /tmp/t/a
                    remove /tmp/t/a
                    make /tmp/t/a
                    mount /tmp/t/a
                ",
            saved: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/s /tmp/t/a none bind,x-snapd.mode=0711 0 0
                ",
        },
        Case {
            name: "the same mode: it stays",
            world: "
                    d /tmp/s
                    m /tmp/t tmpfs
                    d /tmp/t/a mode=700
                    m /tmp/t/a
                ",
            current: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/s /tmp/t/a none bind,x-snapd.mode=0700 0 0
                ",
            desired: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/s /tmp/t/a none bind,ro,x-snapd.mode=0700 0 0
                ",
            steps: "
                    make /tmp/t/a
                    put beneath /tmp/t/a: InTurn
                    unmount /tmp/t/a
                    mount /tmp/t/a
                ",
            saved: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/s /tmp/t/a none bind,ro,x-snapd.mode=0700 0 0
                ",
        },
        Case {
            name: "somebody who is kept needs it",
            world: "
                    d /tmp/s
                    m /tmp/t tmpfs
                    d /tmp/t/a/k
                    d /tmp/t/0
                    m /tmp/t/0
                    m /tmp/t/a
                ",
            current: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/t/a/k /tmp/t/0 none bind 0 0
                    /tmp/s /tmp/t/a none bind,x-snapd.mode=0700 0 0
                ",
            desired: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/t/a/k /tmp/t/0 none bind 0 0
                    /tmp/s /tmp/t/a none bind,x-snapd.mode=0711 0 0
                ",
            steps: "
                    unmount /tmp/t/a
                    mount /tmp/t/a
                ",
            saved: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/t/a/k /tmp/t/0 none bind 0 0
                    /tmp/s /tmp/t/a none bind,x-snapd.mode=0711 0 0
                ",
        },
        Case {
            name: "who is kept would have made it with another mode",
            world: "
                    d /tmp/s
                    m /tmp/t tmpfs
                    d /tmp/t/0
                    m /tmp/t/0
                    d /tmp/t/a
                    m /tmp/t/a
                ",
            current: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/t/a /tmp/t/0 none bind 0 0
                    /tmp/s /tmp/t/a none bind,x-snapd.mode=0711 0 0
                ",
            desired: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/s /tmp/t/a none bind,x-snapd.mode=0711 0 0
                ",
            steps: "
                    unmount /tmp/t/a
                    unmount /tmp/t/0
                    remove /tmp/t/0
                    remove source /tmp/t/a
                    make /tmp/t/a
                    mount /tmp/t/a
                ",
            saved: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/s /tmp/t/a none bind,x-snapd.mode=0711 0 0
                ",
        },
        Case {
            name: "who is kept would have made it with the same mode",
            world: "
                    d /tmp/s
                    m /tmp/t tmpfs
                    d /tmp/t/0
                    m /tmp/t/0
                    d /tmp/t/a
                    m /tmp/t/a
                ",
            current: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/t/a /tmp/t/0 none bind 0 0
                    /tmp/s /tmp/t/a none bind 0 0
                ",
            desired: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/s /tmp/t/a none bind 0 0
                ",
            steps: "
                    unmount /tmp/t/a
                    unmount /tmp/t/0
                    remove /tmp/t/0
                    make /tmp/t/a
                    mount /tmp/t/a
                ",
            saved: "
                    tmpfs /tmp/t tmpfs defaults 0 0
                    /tmp/s /tmp/t/a none bind 0 0
                ",
        },
    ]);
}
