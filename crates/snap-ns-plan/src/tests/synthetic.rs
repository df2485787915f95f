//! What happens to the entries that were added for others.

use super::run::{Case, check};

#[test]
fn synthetic_entries() {
    check(&[
        Case {
            name: "kept while needed",
            world: "
                    d /snap/x/1
                    d /usr/share
                    d /usr/share/a
                    m /usr/share/a
                    d /usr/share/new
                    m /usr/share/new
                ",
            current: "
                    tmpfs /usr/share tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/share/new,mode=0755,uid=0,gid=0 0 0
                    /usr/share/a /usr/share/a none rbind,x-snapd.synthetic,x-snapd.needed-by=/usr/share/new,x-snapd.detach 0 0
                    /snap/x/1 /usr/share/new none rbind,x-snapd.origin=layout 0 0
                ",
            desired: "/snap/x/1 /usr/share/new none rbind,x-snapd.origin=layout 0 0",
            steps: "",
            saved: "
                    tmpfs /usr/share tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/share/new,mode=0755,uid=0,gid=0 0 0
                    /usr/share/a /usr/share/a none rbind,x-snapd.synthetic,x-snapd.needed-by=/usr/share/new,x-snapd.detach 0 0
                    /snap/x/1 /usr/share/new none rbind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "no longer needed",
            world: "
                    d /snap/x/1
                    d /usr/share ro
                    d /usr/share/a
                    m /usr/share tmpfs
                    d /usr/share/a
                    m /usr/share/a
                    d /usr/share/new
                    m /usr/share/new
                ",
            current: "
                    tmpfs /usr/share tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/share/new,mode=0755,uid=0,gid=0 0 0
                    /usr/share/a /usr/share/a none rbind,x-snapd.synthetic,x-snapd.needed-by=/usr/share/new,x-snapd.detach 0 0
                    /snap/x/1 /usr/share/new none rbind,x-snapd.origin=layout 0 0
                ",
            desired: "",
            steps: "
                    unmount /usr/share
                ",
            saved: "",
        },
        Case {
            name: "no longer needed, and another that goes may be seen through what stands on it",
            world: "
                    d /tmp/s
                    d /snap/x/1/sub
                    m /snap/x/1/sub
                    d /usr/share ro
                    m /usr/share tmpfs
                    d /usr/share/new
                    m /usr/share/new
                ",
            current: "
                    tmpfs /usr/share tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/share/new,mode=0755,uid=0,gid=0 0 0
                    /tmp/s /snap/x/1/sub none bind 0 0
                    /snap/x/1 /usr/share/new none rbind,x-snapd.origin=layout 0 0
                ",
            desired: "",
            steps: "
                    unmount /usr/share/new
                    unmount /snap/x/1/sub
                    remove /snap/x/1/sub
                    unmount /usr/share
                ",
            saved: "",
        },
        Case {
            name: "claimed by a desired entry",
            world: "
                    d /snap/x/1
                    d /usr/share ro
                    d /usr/share/a
                    m /usr/share tmpfs
                    d /usr/share/a
                    m /usr/share/a
                    d /usr/share/new
                    m /usr/share/new
                ",
            current: "
                    tmpfs /usr/share tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/share/new,mode=0755,uid=0,gid=0,x-snapd.shows=e5d2f7190427066c 0 0
                    /snap/x/1 /usr/share/new none rbind,x-snapd.origin=layout 0 0
                ",
            desired: "
                    /snap/x/1 /usr/share/new none rbind,x-snapd.origin=layout 0 0
                    /snap/x/1 /usr/share/a none rbind,x-snapd.origin=layout 0 0
                ",
            steps: "mount /usr/share/a",
            saved: "tmpfs /usr/share tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/share/new,mode=0755,uid=0,gid=0,x-snapd.shows=e5d2f7190427066c 0 0
                /snap/x/1 /usr/share/a none rbind,x-snapd.origin=layout 0 0
                /snap/x/1 /usr/share/new none rbind,x-snapd.origin=layout 0 0",
        },
        Case {
            name: "an entry found its link in it",
            world: "
                    d /usr/share ro
                    l /usr/share/c /c
                    m /usr/share tmpfs
                    l /usr/share/b /b
                    l /usr/share/c /c
                ",
            current: "
                    tmpfs /usr/share tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/share/b,mode=0755,uid=0,gid=0,x-snapd.shows=f725eb190df7005c 0 0
                    none /usr/share/b none x-snapd.kind=symlink,x-snapd.symlink=/b,x-snapd.origin=layout 0 0
                    none /usr/share/c none x-snapd.kind=symlink,x-snapd.symlink=/c,x-snapd.origin=layout 0 0
                ",
            desired: "
                    none /usr/share/b none x-snapd.kind=symlink,x-snapd.symlink=/b,x-snapd.origin=layout 0 0
                    none /usr/share/c none x-snapd.kind=symlink,x-snapd.symlink=/c,x-snapd.origin=layout 0 0
                    /nothing /opt/a none bind 0 0
                ",
            steps: "left out /opt/a: Missing Source",
            saved: "
                    tmpfs /usr/share tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/share/b,mode=0755,uid=0,gid=0,x-snapd.shows=f725eb190df7005c 0 0
                    none /usr/share/b none x-snapd.kind=symlink,x-snapd.symlink=/b,x-snapd.origin=layout 0 0
                    none /usr/share/c none x-snapd.kind=symlink,x-snapd.symlink=/c,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "needed by an ID",
            world: "
                    d /snap/x/1
                    d /usr/share ro
                    m /usr/share tmpfs
                    d /usr/share/new
                    m /usr/share/new
                ",
            current: "
                    tmpfs /usr/share tmpfs x-snapd.synthetic,x-snapd.needed-by=one,mode=0755,uid=0,gid=0 0 0
                    /snap/x/1 /usr/share/new none rbind,x-snapd.id=one,x-snapd.origin=layout 0 0
                ",
            desired: "
                    /snap/x/1 /usr/share/new none rbind,x-snapd.id=one,x-snapd.origin=layout 0 0
                ",
            steps: "",
            saved: "
                    tmpfs /usr/share tmpfs x-snapd.synthetic,x-snapd.needed-by=one,mode=0755,uid=0,gid=0 0 0
                    /snap/x/1 /usr/share/new none rbind,x-snapd.id=one,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "the ID hides the mount point",
            world: "
                    d /snap/x/1
                    d /usr/share ro
                    m /usr/share tmpfs
                    d /usr/share/new
                    m /usr/share/new
                ",
            current: "
                    tmpfs /usr/share tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/share/new,mode=0755,uid=0,gid=0,x-snapd.shows=cbf29ce484222325 0 0
                    /snap/x/1 /usr/share/new none rbind,x-snapd.id=one,x-snapd.origin=layout 0 0
                ",
            desired: "
                    /snap/x/1 /usr/share/new none rbind,x-snapd.id=one,x-snapd.origin=layout 0 0
                ",
            steps: "",
            saved: "
                    tmpfs /usr/share tmpfs x-snapd.synthetic,x-snapd.needed-by=one,mode=0755,uid=0,gid=0,x-snapd.shows=cbf29ce484222325 0 0
                    /snap/x/1 /usr/share/new none rbind,x-snapd.id=one,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "needed by nobody who is known",
            world: "
                    d /tmp/1
                    m /tmp/1
                ",
            current: "tmpfs /tmp/1 tmpfs x-snapd.synthetic 0 0",
            desired: "",
            steps: "unmount /tmp/1",
            saved: "",
        },
        Case {
            name: "two stand on it, the one it is for goes",
            world: "
                    d /snap/x/1
                    d /usr/share ro
                    d /usr/share/a
                    m /usr/share tmpfs
                    d /usr/share/a ro
                    m /usr/share/a
                    d /usr/share/new
                    m /usr/share/new
                    d /usr/share/other
                    m /usr/share/other
                ",
            current: "
                    tmpfs /usr/share tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/share/new,mode=0755,uid=0,gid=0,x-snapd.shows=e5d2f7190427066c 0 0
                    /snap/x/1 /usr/share/new none rbind,x-snapd.origin=layout 0 0
                    /snap/x/1 /usr/share/other none rbind,x-snapd.origin=layout 0 0
                ",
            desired: "/snap/x/1 /usr/share/other none rbind,x-snapd.origin=layout 0 0",
            steps: "
                    unmount /usr/share/new
                    remove /usr/share/new
                ",
            saved: "
                    tmpfs /usr/share tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/share/other,mode=0755,uid=0,gid=0,x-snapd.shows=e5d2f7190427066c 0 0
                    /snap/x/1 /usr/share/other none rbind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "kept under a layout just at it",
            world: "
                    d /tmp/s
                    d /usr/a
                    d /usr ro
                    m /usr tmpfs
                    d /usr/a
                    m /usr/a
                    d /usr/b
                    m /usr/b
                    m /usr tmpfs
                ",
            current: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/b,mode=0755,uid=0,gid=0,x-snapd.shows=e5d2f7190427066c 0 0
                    /tmp/s /usr/b none bind 0 0
                    tmpfs /usr tmpfs x-snapd.origin=layout 0 0
                ",
            desired: "
                    /tmp/s /usr/b none bind 0 0
                    tmpfs /usr tmpfs x-snapd.origin=layout 0 0
                    /tmp/s /tmp/2 none bind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    make /tmp/2
                    mount /tmp/2
                ",
            saved: "tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/b,mode=0755,uid=0,gid=0,x-snapd.shows=e5d2f7190427066c 0 0
                /tmp/s /usr/b none bind 0 0
                /tmp/s /tmp/2 none bind,x-snapd.origin=layout 0 0
                tmpfs /usr tmpfs x-snapd.origin=layout 0 0",
        },
        Case {
            name: "a source in what it shows is not its own",
            world: "
                    d /tmp/s
                    d /tmp/1
                    m /tmp/1
                    d /usr/a/x
                    d /usr ro
                    m /usr tmpfs
                    d /usr/a
                    m /usr/a
                    d /usr/a/x
                    d /usr/b
                    m /usr/b
                ",
            current: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/b,mode=0755,uid=0,gid=0,x-snapd.shows=e5d2f7190427066c 0 0
                    /tmp/s /usr/b none bind 0 0
                    /usr/a/x /tmp/1 none bind,x-snapd.origin=layout 0 0
                ",
            desired: "/tmp/s /usr/b none bind 0 0",
            steps: "
                    unmount /tmp/1
                    remove /tmp/1
                ",
            saved: "
                    tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/b,mode=0755,uid=0,gid=0,x-snapd.shows=e5d2f7190427066c 0 0
                    /tmp/s /usr/b none bind 0 0
                ",
        },
        Case {
            name: "it goes, and what was made in something that it shows is not in its tmpfs",
            world: "
                    d /tmp/s
                    d /var/snap/y
                    m /var tmpfs
                    d /var/snap
                    m /var/snap
                    d /var/snap/y/m
                    m /var/snap/y/m
                    l /var/snap/y/l /1
                    d /var/www
                    m /var/www
                ",
            current: "
                    tmpfs /var tmpfs x-snapd.synthetic,x-snapd.needed-by=/var/www,mode=0755,uid=0,gid=0,x-snapd.shows=0123456789abcdef 0 0
                    none /var/snap/y/l none x-snapd.kind=symlink,x-snapd.symlink=/1,x-snapd.origin=layout 0 0
                    /tmp/s /var/snap/y/m none bind,x-snapd.origin=layout 0 0
                    /tmp/s /var/www none bind,x-snapd.origin=layout 0 0
                ",
            desired: "none /var/snap/y/l none x-snapd.kind=symlink,x-snapd.symlink=/2,x-snapd.origin=layout 0 0",
            steps: "
                    unmount /var/snap/y/m
                    remove /var/snap/y/m
                    unlink /var/snap/y/l
                    unmount /var
                    link /var/snap/y/l
                ",
            saved: "none /var/snap/y/l none x-snapd.kind=symlink,x-snapd.symlink=/2,x-snapd.origin=layout 0 0",
        },
    ]);
}
