//! A symbolic link of the snap's own in the place of one that is wanted.

extern crate std;

use std::format;
use std::string::String;

use super::run::{Case, Text, check, saved, with_plan};
use super::world::World;
use crate::{Direction, Earlier, Header, Phase, Plan};

const WANTED: &str = "none /var/snap/x_1/c none x-snapd.kind=symlink,x-snapd.symlink=/snap/x_1/2/c,x-snapd.origin=layout 0 0";

#[test]
fn replaced_or_in_the_way() {
    let good = "notice /var/snap/x_1/c: Replaces(0) MountPoint\nlink /var/snap/x_1/c";
    let bad = "refused /var/snap/x_1/c: OldLink(0) MountPoint";
    for (world, steps) in [
        ("l /var/snap/x_1/c /snap/x_1/1/c", good),
        ("l /var/snap/x_1/c /snap/x/1/c", good),
        ("l /var/snap/x_1/c /var/snap/x_1/1/c", good),
        ("l /var/snap/x_1/c /var/snap/x/common", good),
        // Of another snap, of nobody, of a name that begins alike.
        ("l /var/snap/x_1/c /snap/y/1/c", bad),
        ("l /var/snap/x_1/c /etc/passwd", bad),
        ("l /var/snap/x_1/c /snap/x_12/c", bad),
        ("l /var/snap/x_1/c /var/lib/snapd", bad),
        // Not clean, not absolute, not to be recorded.
        ("l /var/snap/x_1/c /snap/x_1/../y/c", bad),
        ("l /var/snap/x_1/c /snap/x_1//c", bad),
        ("l /var/snap/x_1/c snap/x_1/1/c", bad),
        ("l /var/snap/x_1/c /snap/x_1/1,a", bad),
        ("l /var/snap/x_1/c /snap/x_1/\u{1}", bad),
        // Not root's, or where others write.
        ("l /var/snap/x_1/c /snap/x_1/1/c uid=7", bad),
        ("d /var/snap/x_1 uid=7\nl /var/snap/x_1/c /snap/x_1/1/c", bad),
        // No link.
        ("f /var/snap/x_1/c", "refused /var/snap/x_1/c: Found(File) MountPoint"),
        ("d /var/snap/x_1/c", "refused /var/snap/x_1/c: Found(Directory) MountPoint"),
    ] {
        let saved = if steps == good { WANTED } else { "" };
        check(&[Case { name: "", world, current: "", desired: WANTED, steps, saved }]);
    }
}

#[test]
fn in_own_data_only() {
    let link = |path| {
        format!(
            "none {path} none x-snapd.kind=symlink,x-snapd.symlink=/snap/x_1/2/c,x-snapd.origin=layout 0 0"
        )
    };
    let bind = |from, to, origin| format!("{from} {to} none rbind,{origin} 0 0\n");
    let world = "d /opt/c\nl /var/snap/x/c /snap/x/1/c\nl /var/snap/x_1/c /snap/x/1/c\nl /tmp/c /snap/x/1/c\nl /var/snap/y/c /snap/x/1/c";
    for (profile, replaced) in [
        (link("/var/snap/x_1/c"), true),
        // Of the snap without a key, unless it is this instance's under that name.
        (link("/var/snap/x/c"), false),
        (
            bind("/var/snap/x_1", "/var/snap/x", "x-snapd.origin=overname")
                + &link("/var/snap/x/c"),
            true,
        ),
        (
            bind("/var/snap/y", "/var/snap/x", "x-snapd.origin=overname") + &link("/var/snap/x/c"),
            false,
        ),
        (bind("/var/snap/y", "/var/snap/x_1", "rw") + &link("/var/snap/x_1/c"), false),
        // By this path it could not be removed again.
        (bind("/var/snap/x_1", "/opt", "x-snapd.origin=layout") + &link("/opt/c"), false),
        (link("/tmp/c"), false),
        (link("/var/snap/y/c"), false),
    ] {
        let planned = with_plan("", &profile, |plan, _| {
            plan.complete(&mut World::new(world), &mut super::territory::Nobody)
        });
        assert_eq!(planned.is_ok(), replaced, "{profile}");
    }
}

/// The mapping that leads there is not there on a way back.
#[test]
fn it_is_recorded_where_it_really_is() {
    let link = WANTED.replace("/var/snap/x_1/c", "/var/snap/x/c");
    let profile =
        format!("/var/snap/x_1 /var/snap/x none rbind,x-snapd.origin=overname 0 0\n{link}");
    with_plan("", &profile, |plan, _| {
        let mut world = World::new("l /var/snap/x_1/c /snap/x_1/1/c\nd /var/snap/x");
        plan.complete(&mut world, &mut super::territory::Nobody).unwrap();
        let earlier = text_of(|sink| plan.write_earlier(Earlier::Asked, sink));
        assert_eq!(earlier, format!("{OLD} 0 0\n"));
    });
}

/// Content never replaces one: what it could not finish would be lost for nothing.
#[test]
fn no_content_replaces_one() {
    check(&[Case {
        name: "",
        world: "l /var/snap/x_1/c /snap/x_1/1/c",
        current: "",
        desired: "none /var/snap/x_1/c none x-snapd.kind=symlink,x-snapd.symlink=/snap/x_1/2/c 0 0",
        steps: "left out /var/snap/x_1/c: OldLink(0) MountPoint",
        saved: "",
    }]);
}

fn text_of(write: impl FnOnce(&mut Text) -> Result<(), core::convert::Infallible>) -> String {
    let mut text = Text::default();
    let Ok(()) = write(&mut text);
    String::from_utf8(text.0).unwrap()
}

fn journal(plan: &Plan<'_>, direction: Direction, phase: Phase) -> String {
    text_of(|sink| plan.write_journal(Header { direction, phase, root: 1 }, &mut |_| 0, sink))
}

const OLD: &str = "none /var/snap/x_1/c none x-snapd.kind=symlink,x-snapd.symlink=/snap/x_1/1/c,x-snapd.origin=layout,x-snapd.found";
const DROP: &str = "x-snapd.unfinished=drop:00000000000000000000";
const MAKE: &str = "x-snapd.unfinished=make:00000000000000000000";

#[test]
fn the_journal_has_the_old_target_and_the_way_back_makes_it() {
    let world = || World::new("l /var/snap/x_1/c /snap/x_1/1/c");
    with_plan("", WANTED, |plan, _| {
        plan.complete(&mut world(), &mut super::territory::Nobody).unwrap();
        let line = format!("#={OLD},{DROP} 0 0");
        for phase in [Phase::Undoing, Phase::Making] {
            let journal = journal(plan, Direction::Forth, phase);
            assert_eq!(journal.lines().filter(|it| *it == line).count(), 1, "{journal}");
        }
        let earlier = text_of(|sink| plan.write_earlier(Earlier::Asked, sink));
        assert_eq!(earlier, format!("{OLD} 0 0\n"));
        assert_eq!(plan.earlier_len(), earlier.len());
    });
    // On the way back it is made, but nobody's.
    let now = World::new("l /var/snap/x_1/c /snap/x_1/2/c");
    with_plan(WANTED, &format!("{OLD} 0 0"), |plan, _| {
        let mut world = now.clone();
        plan.complete(&mut world.clone(), &mut super::territory::Nobody).unwrap();
        let back = journal(plan, Direction::Back, Phase::Undoing);
        assert!(back.contains(&format!("#={OLD},{MAKE} 0 0\n")), "{back}");
        plan.drive(&mut world, &mut super::territory::Nobody).unwrap();
        assert_eq!(world.nodes[&b"/var/snap/x_1/c"[..]].text, b"/snap/x_1/1/c");
        assert_eq!(saved(plan), "");
    });
}

#[test]
fn a_killed_run_is_gone_on_from() {
    let new = WANTED.replace(" 0 0", "");
    // Killed going forth, and coming back.
    for (direction, made, found) in [(Direction::Forth, MAKE, DROP), (Direction::Back, DROP, MAKE)]
    {
        let current = format!("{new},{made} 0 0\n{OLD},{found} 0 0\n");
        // The old one stands, the new one, or neither.
        for world in [
            "l /var/snap/x_1/c /snap/x_1/1/c",
            "l /var/snap/x_1/c /snap/x_1/2/c",
            "d /var/snap/x_1",
        ] {
            with_plan(&current, WANTED, |plan, _| {
                let mut world = World::new(world);
                plan.note_unfinished(direction);
                plan.complete(&mut world.clone(), &mut super::territory::Nobody).unwrap();
                let journal = journal(plan, Direction::Forth, Phase::Making);
                assert_eq!(journal.matches("x-snapd.found").count(), 1, "{journal}");
                let earlier = text_of(|sink| plan.write_earlier(Earlier::Asked, sink));
                assert_eq!(earlier, format!("{OLD} 0 0\n"));
                plan.drive(&mut world, &mut super::territory::Nobody).unwrap();
                assert_eq!(world.nodes[&b"/var/snap/x_1/c"[..]].text, b"/snap/x_1/2/c");
                assert_eq!(saved(plan), format!("{WANTED}\n"));
            });
        }
    }
}

#[test]
fn what_is_recorded_is_what_was_there_before() {
    let recorded = WANTED.replace("/snap/x_1/2/c", "/snap/x_1/0/c");
    with_plan(&recorded, WANTED, |plan, _| {
        let mut world = World::new("l /var/snap/x_1/c /snap/x_1/1/c");
        plan.complete(&mut world, &mut super::territory::Nobody).unwrap();
        let earlier = text_of(|sink| plan.write_earlier(Earlier::Asked, sink));
        assert_eq!(earlier, format!("{recorded}\n"));
    });
}
