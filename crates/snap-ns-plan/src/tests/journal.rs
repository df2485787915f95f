//! What a run that is not finished has on disk, and what the next one makes of it.

extern crate std;

use std::format;
use std::string::String;
use std::vec::Vec;

use super::run::{Text, utf8, with_plan};
use super::world::World;
use crate::{Direction, Earlier, Header, Op, Phase, Plan};
use snap_mount_options::Unfinished;

const TITLE: &str = "# snap-update-ns was interrupted going ";

fn text_of(write: impl FnOnce(&mut Text) -> Result<(), core::convert::Infallible>) -> String {
    let mut text = Text::default();
    let Ok(()) = write(&mut text);
    String::from_utf8(text.0).unwrap()
}

/// The journal of `plan` where each mount point in `mounts` has an ID.
fn journal(plan: &Plan<'_>, phase: Phase, mounts: &[(&str, u64)]) -> String {
    let mut id_at =
        |path: &[u8]| mounts.iter().find(|(at, _)| at.as_bytes() == path).map_or(0, |(_, id)| *id);
    let header = Header { direction: Direction::Forth, phase, root: 1 };
    text_of(|sink| plan.write_journal(header, &mut id_at, sink))
}

const WORLD: &str = "d /tmp/a\nd /tmp/b\nd /tmp/there\nd /usr ro\nd /usr/lib\nd /srv ro\nd /srv/x";
const CURRENT: &str = "/tmp/a /tmp/kept none bind,x-snapd.origin=layout 0 0
tmpfs /srv tmpfs x-snapd.synthetic,x-snapd.needed-by=/srv/new,mode=0755,uid=0,gid=0 0 0
/srv/x /srv/x none rbind,x-snapd.synthetic,x-snapd.needed-by=/srv/new,x-snapd.detach 0 0
/tmp/a /srv/new none bind,x-snapd.origin=layout 0 0
/tmp/a /tmp/gone none bind,x-snapd.origin=layout 0 0
none /tmp/link none x-snapd.kind=symlink,x-snapd.symlink=/a,x-snapd.origin=layout 0 0";
const DESIRED: &str = "/tmp/a /tmp/kept none bind,x-snapd.origin=layout 0 0
/tmp/b /tmp/new none bind,x-snapd.origin=layout 0 0
/tmp/b /tmp/there none bind,x-snapd.origin=layout 0 0
/tmp/b /usr/new none bind,x-snapd.origin=layout 0 0
none /tmp/other none x-snapd.kind=symlink,x-snapd.symlink=/b,x-snapd.origin=layout 0 0";

fn with_update<T: Send>(body: impl FnOnce(&mut Plan<'_>) -> T + Send) -> T {
    with_plan(CURRENT, DESIRED, |plan, _| {
        plan.complete(&mut World::new(WORLD), &mut super::territory::Nobody).unwrap();
        body(plan)
    })
}

#[test]
fn while_undoing_only_what_goes_is_told() {
    let mounts = [("/tmp/gone", 7), ("/srv", 8), ("/tmp/there", 9)];
    let (phase, text) =
        with_update(|plan| (plan.first_phase(), journal(plan, Phase::Undoing, &mounts)));
    assert_eq!(phase, Phase::Undoing);
    let option = |word: &str, id: u64| format!("x-snapd.unfinished={word}:{id:020}");
    let expected = [
        "/tmp/a /tmp/kept none bind,x-snapd.origin=layout 0 0".into(),
        format!(
            "  tmpfs /srv tmpfs x-snapd.synthetic,x-snapd.needed-by=/srv/new,mode=0755,uid=0,gid=0,{} 0 0",
            option("undo", 8)
        ),
        format!("#+/tmp/a /srv/new none bind,x-snapd.origin=layout,{} 0 0", option("drop", 0)),
        format!("  /tmp/a /tmp/gone none bind,x-snapd.origin=layout,{} 0 0", option("undo", 7)),
        format!(
            "  none /tmp/link none x-snapd.kind=symlink,x-snapd.symlink=/a,x-snapd.origin=layout,{} 0 0",
            option("drop", 0)
        ),
        format!(
            "#-tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/new,{} 0 0",
            option("onto", 0)
        ),
        format!("#-/tmp/b /tmp/new none bind,x-snapd.origin=layout,{} 0 0", option("make", 0)),
        format!(
            "#-none /tmp/other none x-snapd.kind=symlink,x-snapd.symlink=/b,x-snapd.origin=layout,{} 0 0",
            option("make", 0)
        ),
        format!("#-/tmp/b /tmp/there none bind,x-snapd.origin=layout,{} 0 0", option("onto", 0)),
        format!("#-/tmp/b /usr/new none bind,x-snapd.origin=layout,{} 0 0", option("make", 0)),
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn while_making_only_what_comes_is_told() {
    let mounts = [("/tmp/there", 9), ("/usr", 10)];
    let (undoing, text) = with_update(|plan| {
        let undoing = journal(plan, Phase::Undoing, &mounts);
        for at in 0..plan.steps().len() {
            if plan.cause(plan.steps()[at].op).is_none() {
                plan.set_state(at, crate::State::Done);
                plan.note_gone(plan.steps()[at].op);
            }
        }
        (undoing, journal(plan, Phase::Making, &mounts))
    });
    assert_eq!(undoing.len(), text.len(), "one is written over the other");
    let marks: Vec<_> = text.lines().map(|line| &line[..2]).collect();
    assert_eq!(marks, ["/t", "#=", "#=", "#=", "#=", "#+", "  ", "  ", "#+", "  "]);
    // What is mounted there already must not be undone by others.
    assert!(text.contains("#+/tmp/b /tmp/there none bind,x-snapd.origin=layout,x-snapd.unfinished=onto:00000000000000000009 0 0"));
    assert!(text.contains("#+tmpfs /usr tmpfs x-snapd.synthetic,x-snapd.needed-by=/usr/new,x-snapd.unfinished=onto:00000000000000000010 0 0"));
}

#[test]
fn the_header_reads_back_and_shows_our_lines() {
    let (forth, back) = (Direction::Forth, Direction::Back);
    for (direction, phase, root) in [
        (forth, Phase::Undoing, 0),
        (back, Phase::Undoing, 1),
        (forth, Phase::Making, u64::MAX),
        (back, Phase::Making, 4711),
    ] {
        let header = Header { direction, phase, root };
        let mut text = text_of(|sink| header.write(sink));
        assert_eq!(text.len(), Header::LEN);
        assert!(text.starts_with(TITLE) && text.ends_with('\n'));
        text.push_str("#+a b c d\n#-e f g h\n  i j k l\n# +\n#=m n o p\n");
        let mut bytes = text.clone().into_bytes();
        assert_eq!(Header::read(&mut bytes), Some(header));
        assert_eq!(utf8(&bytes), text.replace("#+a", "  a").replace("#=m", "  m"));
        // With more lines than a profile can have, what was undone is not read.
        text.push_str(&"#\n".repeat(snap_profile::ENTRIES_MAX));
        let mut bytes = text.clone().into_bytes();
        assert_eq!(Header::read(&mut bytes), Some(header));
        assert_eq!(utf8(&bytes), text.replace("#+a", "  a"));
    }
    let good =
        text_of(|sink| Header { direction: forth, phase: Phase::Making, root: 1 }.write(sink));
    for bad in
        ["", "a b c d\n", &good[1..], &good.replace("making ", "finding"), &good[..Header::LEN - 2]]
    {
        let mut bytes = [bad, "#+a b c d\n"].concat().into_bytes();
        assert_eq!(Header::read(&mut bytes), None, "{bad}");
        assert!(bytes.ends_with(b"#+a b c d\n"));
    }
}

#[test]
fn what_is_unfinished_is_read_and_made_again() {
    let current = "/tmp/a /tmp/kept none bind 0 0
        /tmp/a /tmp/new none bind,x-snapd.unfinished=make:00000000000000000000 0 0
        /tmp/a /tmp/there none bind,x-snapd.unfinished=onto:00000000000000000009 0 0
        /tmp/a /tmp/gone none bind,x-snapd.unfinished=undo:00000000000000000007 0 0
        /tmp/a /tmp/hidden none bind,x-snapd.unfinished=hide:00000000000000000000 0 0
        /tmp/a /tmp/along none bind,x-snapd.unfinished=drop:00000000000000000000 0 0";
    let desired = "/tmp/a /tmp/kept none bind 0 0\n/tmp/a /tmp/new none bind 0 0";
    let (found, steps, earlier, len) = with_plan(current, desired, |plan, _| {
        let found: Vec<_> =
            (0..plan.recorded()).map(|at| plan.unfinished_mount(at).map(|it| it.1)).collect();
        plan.note_unfinished(Direction::Forth);
        plan.complete(
            &mut World::new(
                "d /tmp/a\nd /tmp/kept\nd /tmp/there\nd /tmp/gone\nd /tmp/hidden\nd /tmp/along",
            ),
            &mut super::territory::Nobody,
        )
        .unwrap();
        let steps: Vec<_> = plan.steps().iter().map(|step| step.op).collect();
        (found, steps, text_of(|sink| plan.write_earlier(Earlier::Whole, sink)), plan.earlier_len())
    });
    let (make, onto, undo) = (Unfinished::Make, Unfinished::MakeOnto(9), Unfinished::Undo(7));
    assert_eq!(
        found,
        [
            None,
            Some(make),
            Some(onto),
            Some(undo),
            Some(Unfinished::UndoHidden),
            Some(Unfinished::Drop)
        ]
    );
    // Nothing is unmounted; what was there before the interrupted run (2) stays.
    let expected = [
        Op::Forget(5),
        Op::RemoveMountPoint(5),
        Op::Forget(4),
        Op::RemoveMountPoint(4),
        Op::Forget(3),
        Op::RemoveMountPoint(3),
        Op::Forget(2),
        Op::Forget(1),
        Op::MakeMountPoint(1),
        Op::Mount(1),
    ];
    assert_eq!(steps, expected);
    let plain = "/tmp/a /tmp/kept none bind 0 0\n/tmp/a /tmp/gone none bind 0 0\n\
        /tmp/a /tmp/hidden none bind 0 0\n/tmp/a /tmp/along none bind 0 0\n";
    assert_eq!((earlier.as_str(), len), (plain, plain.len()));
}

#[test]
fn what_stands_after_a_failure_is_what_was_made() {
    let current = "/tmp/a /tmp/kept none bind 0 0\n/tmp/a /tmp/gone none bind 0 0";
    let desired = "/tmp/a /tmp/kept none bind 0 0\n/tmp/a /tmp/new none bind 0 0
        /tmp/a /tmp/there none bind 0 0\n/tmp/a /tmp/vain none bind 0 0";
    let done = [
        Op::Unmount(1),
        Op::RemoveMountPoint(1),
        Op::MakeMountPoint(1),
        Op::Mount(1),
        Op::MakeMountPoint(3),
    ];
    let standing = with_plan(current, desired, |plan, _| {
        let mut world = World::new("d /tmp/a\nd /tmp/kept\nd /tmp/gone\nd /tmp/there");
        plan.complete(&mut world, &mut super::territory::Nobody).unwrap();
        for at in 0..plan.steps().len() {
            let op = plan.steps()[at].op;
            if done.contains(&op) {
                plan.set_state(at, crate::State::Done);
                plan.note_gone(op);
            }
        }
        text_of(|sink| plan.write_standing(sink))
    });
    let vain = "/tmp/a /tmp/vain none bind,x-snapd.unfinished=drop:00000000000000000000 0 0\n";
    assert_eq!(
        standing,
        format!("/tmp/a /tmp/kept none bind 0 0\n/tmp/a /tmp/new none bind 0 0\n{vain}")
    );
}

#[test]
fn the_way_back_knows_where_it_leads() {
    let current = "/tmp/a /tmp/kept none bind 0 0
        /tmp/a /tmp/old none bind,x-snapd.unfinished=onto:00000000000000000000 0 0
        /tmp/a /tmp/new none bind,x-snapd.unfinished=undo:00000000000000000007 0 0";
    let earlier = with_plan(current, "", |plan, _| {
        plan.note_unfinished(Direction::Back);
        text_of(|sink| plan.write_earlier(Earlier::Whole, sink))
    });
    assert_eq!(earlier, "/tmp/a /tmp/kept none bind 0 0\n/tmp/a /tmp/old none bind 0 0\n");
    let header = Header { direction: Direction::Back, phase: Phase::Undoing, root: 1 };
    let text = with_update(|plan| text_of(|sink| plan.write_journal(header, &mut |_| 0, sink)));
    let marks: Vec<_> = text.lines().map(|line| &line[..2]).collect();
    assert_eq!(marks, ["/t", "  ", "#+", "  ", "  ", "#=", "#=", "#=", "#=", "#="]);
}
