//! Things of the host that are of another kind than what a layout wants there.

use super::run::{Case, check};

/// The directories that no mimic is made of, nor of one above them, to put something out of sight.
const VITAL: [&str; 10] = [
    "/dev",
    "/proc",
    "/run",
    "/sys",
    "/tmp",
    "/home",
    "/root",
    "/snap",
    "/var/snap",
    "/var/lib/snapd",
];

#[test]
fn are_not_shown_to_a_layout() {
    check(&[
        Case {
            name: "a link, a directory and a file, which stay where they are",
            world: "
                    d /snap/x/1
                    f /snap/x/f text
                    l /etc/fonts /usr
                    d /etc/docker
                    f /etc/gitconfig text
                    f /etc/passwd text
                ",
            current: "",
            desired: "
                    /snap/x/1 /etc/fonts none rbind,x-snapd.origin=layout 0 0
                    none /etc/docker none x-snapd.kind=symlink,x-snapd.symlink=/x,x-snapd.origin=layout 0 0
                    /snap/x/1 /etc/gitconfig none rbind,x-snapd.origin=layout 0 0
                ",
            steps: "
                    mimic /etc
                    link /etc/docker
                    make /etc/fonts
                    mount /etc/fonts
                    make /etc/gitconfig
                    mount /etc/gitconfig
                ",
            saved: "
                    tmpfs /etc tmpfs x-snapd.synthetic,x-snapd.needed-by=/etc/docker,mode=0755,uid=0,gid=0,x-snapd.shows=86b3f535292b0b80 0 0
                    none /etc/docker none x-snapd.kind=symlink,x-snapd.symlink=/x,x-snapd.origin=layout 0 0
                    /snap/x/1 /etc/fonts none rbind,x-snapd.origin=layout 0 0
                    /snap/x/1 /etc/gitconfig none rbind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "the deepest directory is enough",
            world: "
                    d /snap/x/1
                    l /etc/fonts/conf /usr
                    f /etc/passwd text
                ",
            current: "",
            desired: "/snap/x/1 /etc/fonts/conf none rbind,x-snapd.origin=layout 0 0",
            steps: "
                    mimic /etc/fonts
                    make /etc/fonts/conf
                    mount /etc/fonts/conf
                ",
            saved: "
                    tmpfs /etc/fonts tmpfs x-snapd.synthetic,x-snapd.needed-by=/etc/fonts/conf,mode=0755,uid=0,gid=0,x-snapd.shows=cbf29ce484222325 0 0
                    /snap/x/1 /etc/fonts/conf none rbind,x-snapd.origin=layout 0 0
                ",
        },
        Case {
            name: "content has to do without",
            world: "
                    d /snap/x/1
                    l /etc/fonts /usr
                ",
            current: "",
            desired: "/snap/x/1 /etc/fonts none rbind 0 0",
            steps: "left out /etc/fonts: Found(Symlink) MountPoint",
            saved: "",
        },
        Case {
            name: "on the way it is an error",
            world: "
                    d /snap/x/1
                    l /etc/fonts /usr
                ",
            current: "",
            desired: "/snap/x/1 /etc/fonts/conf none rbind,x-snapd.origin=layout 0 0",
            steps: "refused /etc/fonts/conf: Found(Symlink) MountPoint 10",
            saved: "",
        },
        Case {
            name: "and so it is where something may be created",
            world: "
                    d /snap/x/1
                    l /var/snap/x/fonts /usr
                ",
            current: "",
            desired: "/snap/x/1 /var/snap/x/fonts none rbind,x-snapd.origin=layout 0 0",
            steps: "refused /var/snap/x/fonts: Found(Symlink) MountPoint",
            saved: "",
        },
    ]);
}

#[test]
fn stay_in_the_way_where_everybody_lives() {
    extern crate std;
    use super::run::{SYSTEM, run};
    use super::world::World;
    use std::format;

    let refused = |path: &str| {
        let world = format!("d /snap/x/1\nl {path} /usr\n");
        let desired = format!("/snap/x/1 {path} none rbind,x-snapd.origin=layout 0 0");
        let done = super::big_stack(move || run(World::new(&world), "", &desired, SYSTEM));
        assert_eq!(done.steps, [format!("refused {path}: Found(Symlink) MountPoint")]);
    };
    VITAL.iter().for_each(|dir| refused(&format!("{dir}/fonts")));
    // And above them.
    ["/fonts", "/var/fonts", "/var/lib/fonts"].into_iter().for_each(refused);
}
