//! Mount points in what layouts show of the snap's own data.

extern crate std;

use std::format;
use std::string::String;

use super::run::{Case, SYSTEM, check, run, with_plan};
use super::territory::Nobody;
use super::world::World;
use crate::{Access, FsKind, Ground, Rule, Verdict};

const WORLD: &str = "
    d /var/snap/x_1/cni
    d /var/snap/x/cni
    d /var/snap/y/cni
    d /opt ro
    d /opt/cni rw
    s /opt/cni/sock
    d /tmp/s
    f /tmp/f
";
const CNI: &str = "/var/snap/x_1/cni /opt/cni none rbind,rw,x-snapd.origin=layout 0 0";

#[test]
fn are_made_in_it() {
    let file = "/tmp/f /opt/cni/f none bind,x-snapd.kind=file,x-snapd.origin=layout 0 0";
    let dir = "/tmp/s /opt/cni/d/e none bind,x-snapd.origin=layout 0 0";
    let profile = format!("{CNI}\n{dir}\n{file}");
    let done = super::big_stack(|| run(World::new(WORLD), "", &profile, SYSTEM));
    let steps = [
        "mount /opt/cni",
        "make /opt/cni/d/e",
        "mount /opt/cni/d/e",
        "make /opt/cni/f",
        "mount /opt/cni/f",
    ];
    assert_eq!(done.steps, steps);
    assert_eq!(done.saved, format!("{profile}\n"));
    // They stay: nobody knows whether they were there before.
    let undone = super::big_stack(|| run(done.world.clone(), &done.saved, CNI, SYSTEM));
    let steps = [
        "unmount /opt/cni/f",
        "remove /opt/cni/f: Stays",
        "unmount /opt/cni/d/e",
        "remove /opt/cni/d/e: Stays",
    ];
    assert_eq!(undone.steps, steps);
}

#[test]
fn nowhere_else() {
    let mimic = |what: &str, from: &str, origin: &str, under: &str| {
        let first = format!("{from} /opt/cni none {origin} 0 0\n{under}");
        let wanted = "/tmp/s /opt/cni/d none bind,x-snapd.origin=layout 0 0\n";
        let profile = format!("{first}{wanted}");
        let done = super::big_stack(|| run(World::new(WORLD), "", &profile, SYSTEM));
        let mimics = done.steps.iter().filter(|step| step.starts_with("mimic ")).count();
        (String::from(what), mimics)
    };
    let layout = "rbind,rw,x-snapd.origin=layout";
    let overname =
        |from: &str| format!("{from} /var/snap/x none rbind,x-snapd.origin=overname 0 0\n");
    let content = "/tmp/s /var/snap/x_1/cni none rbind,rw 0 0\n";
    let own = "/var/snap/x_1/cni";
    for (found, mimics) in [
        (mimic("own", own, layout, ""), 0),
        (mimic("under the name", "/var/snap/x/cni", layout, &overname("/var/snap/x_1")), 0),
        (mimic("of the name", "/var/snap/x/cni", layout, ""), 1),
        (mimic("of another", "/var/snap/y/cni", layout, ""), 1),
        (
            mimic("of another under the name", "/var/snap/x/cni", layout, &overname("/var/snap/y")),
            1,
        ),
        (mimic("content", own, "rbind,rw", ""), 1),
        (mimic("through content", own, layout, content), 1),
        (mimic("read-only", own, "bind,ro,x-snapd.origin=layout", ""), 1),
    ] {
        assert_eq!(found.1, mimics, "{}", found.0);
    }
}

#[test]
fn links_and_what_is_in_the_way() {
    check(&[
        Case {
            name: "a link still needs a mimic",
            world: WORLD,
            current: "",
            desired: "
                /var/snap/x_1/cni /opt/cni none rbind,rw,x-snapd.origin=layout 0 0
                none /opt/cni/l none x-snapd.kind=symlink,x-snapd.symlink=/a,x-snapd.origin=layout 0 0
            ",
            steps: "
                mount /opt/cni
                mimic /opt/cni
                link /opt/cni/l
            ",
            saved: "
                /var/snap/x_1/cni /opt/cni none rbind,rw,x-snapd.origin=layout 0 0
                tmpfs /opt/cni tmpfs x-snapd.synthetic,x-snapd.needed-by=/opt/cni/l,mode=0755,uid=0,gid=0,x-snapd.shows=cbf29ce484222325 0 0
                none /opt/cni/l none x-snapd.kind=symlink,x-snapd.symlink=/a,x-snapd.origin=layout 0 0
            ",
        },
        Case {
            name: "a thing of another kind is an error: no copy without it",
            world: "
                d /var/snap/x_1/cni
                f /var/snap/x_1/cni/d
                d /opt/cni
                d /tmp/s
            ",
            current: "",
            desired: "
                /var/snap/x_1/cni /opt/cni none rbind,rw,x-snapd.origin=layout 0 0
                /tmp/s /opt/cni/d none bind,x-snapd.origin=layout 0 0
            ",
            steps: "refused /opt/cni/d: Found(File) MountPoint",
            saved: "",
        },
    ]);
}

#[test]
fn the_rule_names_the_mount() {
    let ground = Ground { access: Access::Writable, fs: FsKind::Other };
    let verdicts = with_plan("", CNI, |plan, _| {
        plan.complete(&mut World::new(WORLD), &mut Nobody).unwrap();
        ["/opt", "/opt/cni", "/opt/cni/d"].map(|dir| plan.verdict(dir.as_bytes(), ground))
    });
    assert_eq!(verdicts, [Verdict::Trespass, Verdict::WriteIfIn(8), Verdict::WriteIfIn(8)]);
    let read_only = Ground { access: Access::ReadOnly, ..ground };
    with_plan("", CNI, |plan, _| {
        assert_eq!(plan.verdict(b"/opt/cni", read_only), Verdict::ReadOnly);
    });
    // What goes is not removed there.
    with_plan(CNI, "", |plan, _| {
        plan.complete(&mut World::new(WORLD), &mut Nobody).unwrap();
        plan.now = (snap_ns_forecast::Log::Current, 0);
        assert_eq!(plan.verdict(b"/opt/cni", ground), Verdict::Trespass);
    });
}
