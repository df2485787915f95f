//! One run of the planner, told as text; and what holds for every run.

extern crate std;

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use snap_fstab::Sink;
use snap_profile::{Arena, Item, Profile, Variables};

use super::big_stack;
use super::world::World;
use crate::{
    Comparison, Fault, Observer, Op, Outcome, Plan, PlanError, Role, Skip, Step, Territory,
};

pub(super) const SYSTEM: Territory<'_> =
    Territory::System { snap_instance: b"/snap/x_1", snap_name: b"/snap/x" };

/// From a world and two profiles to what is done, and what is saved.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) world: &'static str,
    pub(super) current: &'static str,
    pub(super) desired: &'static str,
    /// The steps that were tried, the entries left out, or the refusal.
    pub(super) steps: &'static str,
    pub(super) saved: &'static str,
}

/// What came of a run.
pub(super) struct Run {
    pub(super) steps: Vec<String>,
    pub(super) saved: String,
    pub(super) world: World,
    pub(super) end: End,
    pub(super) left_out: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Refused,
    Failed,
    Done,
}

#[derive(Default)]
pub(super) struct Text(pub(super) Vec<u8>);

impl Sink for Text {
    type Error = core::convert::Infallible;

    fn put(&mut self, bytes: &[u8]) -> Result<(), Self::Error> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

pub(super) fn saved(plan: &Plan<'_>) -> String {
    let mut text = Text::default();
    let Ok(()) = plan.write_saved(&mut text);
    String::from_utf8(text.0).unwrap()
}

pub(super) fn utf8(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Loads `text` and hands it to `body`.
pub(super) fn with_profile<T>(
    text: &str,
    role: snap_profile::Role,
    body: impl FnOnce(&Profile<'_>) -> T,
) -> T {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut text = lines.join("\n").into_bytes();
    let mut room = [0; 4096];
    let mut arena = Arena::new(&mut room);
    let mut profile = Profile::new();
    let variables = Variables::None;
    snap_profile::load(&mut text, role, &variables, &mut arena, &mut profile).unwrap();
    body(&profile)
}

/// Hands a plan for which the profiles were compared to `body`.
pub(super) fn with_plan<T: Send>(
    current: &str,
    desired: &str,
    body: impl FnOnce(&mut Plan<'_>, Comparison) -> T + Send,
) -> T {
    big_stack(|| {
        with_profile(current, snap_profile::Role::Current, |current| {
            with_profile(desired, snap_profile::Role::Desired, |desired| {
                let mut plan = Plan::new();
                let compared = plan.compare(current, desired, SYSTEM).unwrap();
                body(&mut plan, compared)
            })
        })
    })
}

/// Plans and drives.
pub(super) fn run(world: World, current: &str, desired: &str, territory: Territory<'_>) -> Run {
    with_profile(current, snap_profile::Role::Current, |current| {
        with_profile(desired, snap_profile::Role::Desired, |desired| {
            run_profiles(world, current, desired, territory)
        })
    })
}

fn run_profiles<'a>(
    mut world: World,
    current: &'a Profile<'a>,
    desired: &'a Profile<'a>,
    territory: Territory<'a>,
) -> Run {
    let mut plan = Plan::new();
    let recorded = (0..).zip(current.iter());
    let standing =
        recorded.map(|(place, item)| (Some(place), utf8(item.entry.mount_point))).collect();
    let mut witness = Witness { standing, ..Witness::default() };
    let before = world.picture();
    let mut beneath = world.clone();
    for item in current.iter().rev().filter(|item| item.shape.is_mount()) {
        let _ = beneath.unmount(item.entry.mount_point);
    }
    let made = match plan.compare(current, desired, territory) {
        // The program saves nothing then.
        Ok(Comparison::Same) => {
            let mut text = Text::default();
            let Ok(()) = plan.write_earlier(crate::Earlier::Whole, &mut text);
            let saved = String::from_utf8(text.0).unwrap();
            return Run { steps: witness.steps, saved, world, end: End::Done, left_out: 0 };
        }
        Ok(Comparison::Differ) => plan.complete(&mut beneath, &mut witness),
        Err(error) => Err(error),
    };
    assert_eq!(world.picture(), before, "planning changed the world");
    let end = match made {
        Ok(()) => {
            witness.room = plan.saved_len();
            let end = plan.drive(&mut world, &mut witness);
            witness.compare(&plan);
            match end {
                Ok(()) => End::Done,
                Err(failure) => {
                    witness.steps.push(format!("FAILED {}", op_text(&plan, failure.op)));
                    End::Failed
                }
            }
        }
        Err(error) => {
            witness.steps.push(match error {
                PlanError::Duplicate(a, b) => {
                    let path = |place| plan.desired(place).unwrap().entry.mount_point;
                    assert_eq!(path(a), path(b));
                    format!("duplicate {}", utf8(path(a)))
                }
                PlanError::Refused(place, fault) => {
                    format!("refused {}", entry_fault(&plan, place, fault))
                }
                PlanError::Full(limit) => format!("full {limit:?}"),
            });
            End::Refused
        }
    };
    let saved = if end == End::Refused { String::new() } else { saved(&plan) };
    Run { steps: witness.steps, saved, world, end, left_out: witness.left_out }
}

/// Who is told, and keeps an account of its own.
#[derive(Default)]
pub(super) struct Witness {
    steps: Vec<String>,
    /// The mount points of what stands, in the order of making; with its place in the current
    /// profile, if it comes from there.
    standing: Vec<(Option<u16>, String)>,
    room: usize,
    left_out: usize,
}

impl Witness {
    /// What would be saved now is just what stands, and fits into the room that was made.
    fn compare(&mut self, plan: &Plan<'_>) {
        let text = saved(plan);
        assert!(text.len() <= self.room, "{} > {}\n{text}", text.len(), self.room);
        let point = |line: &str| line.split(' ').nth(1).unwrap().replace("\\134", "\\");
        let points: Vec<_> = text.lines().map(|line| point(line).replace("\\040", " ")).collect();
        let standing: Vec<_> = self.standing.iter().map(|(_, path)| path.clone()).collect();
        let sorted = |paths: &[String]| {
            let mut paths = paths.to_vec();
            paths.sort();
            paths
        };
        assert_eq!(sorted(&points), sorted(&standing), "{:#?}", self.steps);
        // What lies at or below something else is recorded in the order in which it was made.
        let related = |a: &String, b: &String| {
            let below = |a: &str, b: &str| snap_path::is_at_or_below(a.as_bytes(), b.as_bytes());
            below(a, b) || below(b, a)
        };
        // (Of many it would take too long.)
        for path in standing.iter().filter(|_| standing.len() < 100) {
            let with = |paths: &[String]| {
                paths.iter().filter(|other| related(path, other)).cloned().collect::<Vec<_>>()
            };
            let (recorded, made) = (with(&points), with(&standing));
            let own = |paths: &[String]| paths.iter().position(|it| it == path);
            assert_eq!(own(&recorded), own(&made), "{path}: {recorded:?}, {made:?}");
        }
    }

    fn account(&mut self, plan: &Plan<'_>, op: Op) {
        let path = |item: Option<&Item<'_>>| utf8(item.unwrap().entry.mount_point);
        match op {
            Op::Unmount(place) | Op::RemoveSymlink(place) | Op::Forget(place) => {
                let at = self.standing.iter().position(|(from, _)| *from == Some(place)).unwrap();
                let (_, gone) = self.standing.remove(at);
                if matches!(op, Op::Unmount(_)) && plan.current(place).unwrap().is_tmpfs() {
                    // What was made in it later has no step of its own.
                    let mut later = self.standing.split_off(at);
                    later.retain(|(_, path)| {
                        !snap_path::is_at_or_below(path.as_bytes(), gone.as_bytes())
                    });
                    self.standing.append(&mut later);
                }
            }
            Op::Mount(place) | Op::MakeSymlink(place) | Op::EnsureDir(place) => {
                self.standing.push((None, path(plan.desired(place))));
            }
            Op::Mimic(mimic) => {
                let mimic = plan.mimic(mimic).unwrap();
                self.standing.push((None, utf8(mimic.dir)));
            }
            Op::RemoveMountPoint(_)
            | Op::RemoveSource(_)
            | Op::MakeSource(_)
            | Op::MakeMountPoint(_)
            | Op::PutBeneath(_) => {}
        }
    }
}

impl Observer for Witness {
    fn left_out(&mut self, plan: &Plan<'_>, place: u16, fault: Fault) {
        self.left_out += 1;
        self.steps.push(format!("left out {}", entry_fault(plan, place, fault)));
    }

    fn noticed(&mut self, plan: &Plan<'_>, place: u16, fault: Fault) {
        self.steps.push(format!("notice {}", entry_fault(plan, place, fault)));
    }

    fn tried(&mut self, plan: &Plan<'_>, step: Step, outcome: Outcome) {
        self.compare(plan);
        let op = op_text(plan, step.op);
        self.steps.push(match outcome {
            Outcome::Done => op,
            Outcome::DoneWithout { count, .. } => format!("{op}: without {count}"),
            Outcome::Skipped(skip) => format!("{op}: {skip:?}"),
            Outcome::Failed(fault) => format!("{op}: {}", fault_text(fault)),
        });
        let undone = matches!(step.op, Op::Unmount(_) | Op::RemoveSymlink(_));
        match outcome {
            Outcome::Done | Outcome::DoneWithout { .. } => self.account(plan, step.op),
            Outcome::Skipped(_) if undone => self.account(plan, step.op),
            Outcome::Skipped(
                Skip::NotThere | Skip::Stays | Skip::IgnoredMissing | Skip::LeftOut | Skip::InTurn,
            )
            | Outcome::Failed(_) => {}
        }
    }
}

fn op_text(plan: &Plan<'_>, op: Op) -> String {
    let (current, desired) = (|place| plan.current(place), |place| plan.desired(place));
    let (word, item) = match op {
        Op::Unmount(place) => ("unmount", current(place)),
        Op::RemoveSymlink(place) => ("unlink", current(place)),
        Op::RemoveMountPoint(place) => ("remove", current(place)),
        Op::RemoveSource(place) => {
            return format!("remove source {}", utf8(current(place).unwrap().entry.source));
        }
        Op::Forget(place) => ("forget", current(place)),
        Op::MakeSource(place) => {
            return format!("source {}", utf8(desired(place).unwrap().entry.source));
        }
        Op::MakeMountPoint(place) => ("make", desired(place)),
        Op::MakeSymlink(place) => ("link", desired(place)),
        Op::EnsureDir(place) => ("ensure", desired(place)),
        Op::Mount(place) => ("mount", desired(place)),
        Op::PutBeneath(place) => ("put beneath", desired(place)),
        Op::Mimic(mimic) => return format!("mimic {}", utf8(plan.mimic(mimic).unwrap().dir)),
    };
    format!("{word} {}", utf8(item.unwrap().entry.mount_point))
}

fn fault_text(fault: Fault) -> String {
    let role = fault.place.role;
    let role = if role == Role::Nothing { String::new() } else { format!(" {role:?}") };
    let len = match fault.place.len {
        usize::MAX => String::new(),
        len => format!(" {len}"),
    };
    format!("{:?}{role}{len}", fault.what)
}

fn entry_fault(plan: &Plan<'_>, place: u16, fault: Fault) -> String {
    format!("{}: {}", utf8(plan.desired(place).unwrap().entry.mount_point), fault_text(fault))
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(ToString::to_string).collect()
}

/// Checks all cases, and what holds for each: see the functions below.
pub(super) fn check(cases: &[Case]) {
    check_in(SYSTEM, cases);
}

pub(super) fn check_in(territory: Territory<'static>, cases: &[Case]) {
    let mut bad = Vec::new();
    for case in cases {
        let done = big_stack(|| run(World::new(case.world), case.current, case.desired, territory));
        let (steps, saved) = (lines(case.steps), lines(case.saved));
        if done.steps != steps || lines(&done.saved) != saved {
            bad.push(format!(
                "# {}\n{}\n--- saved\n{}",
                case.name,
                done.steps.join("\n"),
                done.saved
            ));
            continue;
        }
        if done.end == End::Done && done.left_out == 0 {
            repeats(case, &done, territory);
        }
        if done.end != End::Refused {
            fails_anywhere(case, &done, territory);
        }
    }
    assert!(bad.is_empty(), "\n{}", bad.join("\n"));
}

/// Asked for the same again, there is nothing to do.
fn repeats(case: &Case, done: &Run, territory: Territory<'_>) {
    let again = big_stack(|| run(done.world.clone(), &done.saved, case.desired, territory));
    // What lies in a file system that nobody can look into is tried again.
    let tried: Vec<_> =
        again.steps.iter().filter(|step| !step.ends_with(": IgnoredMissing")).collect();
    assert!(tried.is_empty(), "{}, again: {tried:?}", case.name);
    assert_eq!(again.saved, done.saved, "{}, again", case.name);
}

/// Whatever step fails, what is saved is what stands (the witness looks), and the next run ends
/// where this one would have.
fn fails_anywhere(case: &Case, done: &Run, territory: Territory<'_>) {
    for at in 0..done.world.performed {
        let mut world = World::new(case.world);
        world.fails = Some(at);
        let mut failed = big_stack(|| run(world, case.current, case.desired, territory));
        if failed.end == End::Done && failed.left_out == 0 && !failed.world.vain_attempt {
            panic!("{}: nobody noticed that {at} failed", case.name);
        }
        failed.world.fails = None;
        let again = big_stack(|| run(failed.world, &failed.saved, case.desired, territory));
        // A mount point that was not removed with its mount is just a directory from then on.
        let removal = failed.steps.last().is_some_and(|step| step.starts_with("FAILED remove "));
        if done.end == End::Done && !removal {
            assert_eq!(again.end, done.end, "{} failed at {at}: {:#?}", case.name, again.steps);
            assert_eq!(
                again.world.picture(),
                done.world.picture(),
                "{} failed at {at}: {:#?} then {:#?}",
                case.name,
                failed.steps,
                again.steps
            );
        }
    }
}
