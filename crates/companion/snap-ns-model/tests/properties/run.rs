//! One update, as the program makes it: compare, look beneath, plan, drive, save.

use std::alloc::{Layout, alloc_zeroed};
use std::collections::BTreeSet;

use snap_fstab::Sink;
use snap_ns_model::Namespace;
use snap_ns_model::history::{Entry, lines};
use snap_ns_plan::{Comparison, Fault, Observer, Op, Outcome, Plan, Reason, Step, Territory, What};
use snap_profile::{Arena, Profile, Role, Variables};

/// How an update ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Same,
    Refused(String),
    Failed(String),
    Done,
}

/// What is known of a step before it is performed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Planned {
    pub(crate) op: Op,
    pub(crate) reason: Reason,
    /// The mount point of its entry, or the directory of its mimic.
    pub(crate) path: String,
}

/// An update and what came of it.
pub(crate) struct Update {
    pub(crate) end: End,
    pub(crate) steps: Vec<Planned>,
    pub(crate) tried: Vec<(Op, Outcome)>,
    pub(crate) left_out: Vec<String>,
    pub(crate) saved: String,
    /// What the profile would have when all goes well, in bytes at most.
    pub(crate) room: usize,
    /// For each mimic of the plan the mount point of the entry that needs it.
    pub(crate) needers: Vec<(String, String)>,
    /// Entries of both profiles, by place: what reasons refer to.
    pub(crate) current: Vec<String>,
    pub(crate) desired: Vec<String>,
    pub(crate) performed: usize,
}

struct Log {
    tried: Vec<(Op, Outcome)>,
    left_out: Vec<String>,
}

impl Observer for Log {
    fn left_out(&mut self, plan: &Plan<'_>, place: u16, fault: Fault) {
        let path = plan.desired(place).unwrap().entry.mount_point;
        self.left_out.push(format!("{place} {}: {fault:?}", path.escape_ascii()));
    }

    fn noticed(&mut self, plan: &Plan<'_>, place: u16, fault: Fault) {
        // It is not made; an entry that is only remarkable is.
        if let What::Claimed(_) = fault.what {
            self.left_out(plan, place, fault);
        }
    }

    fn tried(&mut self, _: &Plan<'_>, step: Step, outcome: Outcome) {
        self.tried.push((step.op, outcome));
    }
}

struct Text(Vec<u8>);

impl Sink for Text {
    type Error = std::convert::Infallible;

    fn put(&mut self, bytes: &[u8]) -> Result<(), Self::Error> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// A value that is all zeros when it is empty, as the binary has it in its `.bss`: far too large for
/// a stack, and nearly all of it is never touched.
pub(crate) fn zeroed<T>() -> Box<T> {
    // SAFETY: only used for `Plan` and `Profile`, of which the empty value is all zeros (the
    // binary's test `the_buffers_take_no_room_in_the_file` would fail otherwise); the memory has the
    // layout of `T` and belongs to nobody else.
    unsafe { Box::from_raw(alloc_zeroed(Layout::new::<T>()).cast::<T>()) }
}

/// The text of a profile.
pub(crate) fn text(profile: &[Entry]) -> String {
    lines(profile)
}

/// The line that is saved for an entry: snapd writes some mount points with a slash at the end.
pub(crate) fn saved_line(entry: &Entry) -> String {
    let mount_point = entry.mount_point.trim_end_matches('/').to_owned();
    Entry { mount_point, ..entry.clone() }.to_string()
}

/// Goes from the profile `current` to `desired` in `namespace`.
pub(crate) fn update(
    namespace: &mut Namespace,
    current: &str,
    desired: &str,
    territory: Territory<'_>,
) -> Update {
    let (mut old, mut new) = (current.as_bytes().to_vec(), desired.as_bytes().to_vec());
    let (mut old_room, mut new_room) = (vec![0; 4096], vec![0; 4096]);
    let (mut from, mut to) = (zeroed::<Profile<'_>>(), zeroed::<Profile<'_>>());
    let none = Variables::None;
    snap_profile::load(&mut old, Role::Current, &none, &mut Arena::new(&mut old_room), &mut from)
        .expect("what was saved can be read");
    snap_profile::load(&mut new, Role::Desired, &none, &mut Arena::new(&mut new_room), &mut to)
        .expect("what is generated is legal");
    let mut plan = zeroed::<Plan<'_>>();
    let name = |path: &[u8]| path.escape_ascii().to_string();
    let mut done = Update {
        end: End::Same,
        steps: vec![],
        tried: vec![],
        left_out: vec![],
        saved: current.to_owned(),
        room: 0,
        needers: vec![],
        current: from.iter().map(|item| name(item.entry.mount_point)).collect(),
        desired: to.iter().map(|item| name(item.entry.mount_point)).collect(),
        performed: 0,
    };
    match plan.compare(&from, &to, territory) {
        Ok(Comparison::Same) => return done,
        Ok(Comparison::Differ) => {}
        Err(error) => {
            done.end = End::Refused(format!("{error:?}"));
            return done;
        }
    }
    let mut log = Log { tried: vec![], left_out: vec![] };
    let completed = if plan.asks_beneath() {
        let mut beneath = namespace.beneath(&mut plan).expect("everything can be undone");
        plan.complete(&mut beneath, &mut log)
    } else {
        plan.complete(namespace, &mut log)
    };
    done.left_out.clone_from(&log.left_out);
    if let Err(error) = completed {
        done.end = End::Refused(format!("{error:?}"));
        return done;
    }
    let planned = |plan: &Plan<'_>, op| Planned {
        op,
        reason: plan.reason(op),
        path: match op {
            Op::Mimic(mimic) => name(plan.mimic(mimic).unwrap().dir),
            op => name(plan.item(op).unwrap().entry.mount_point),
        },
    };
    done.steps = plan.steps().iter().map(|step| planned(&plan, step.op)).collect();
    done.needers = (0..)
        .map_while(|at| {
            let mimic = plan.mimic(at)?;
            let needer = plan.desired(plan.cause(Op::Mimic(at))?)?;
            Some((name(mimic.dir), name(needer.entry.mount_point)))
        })
        .collect();
    done.room = plan.saved_len();
    done.end = match plan.drive(namespace, &mut log) {
        Ok(()) => End::Done,
        Err(failure) => End::Failed(format!("{failure:?}")),
    };
    done.performed = log.tried.len();
    (done.tried, done.left_out) = (log.tried, log.left_out);
    let mut saved = Text(Vec::new());
    let Ok(()) = plan.write_saved(&mut saved);
    done.saved = String::from_utf8(saved.0).unwrap();
    done
}

impl Update {
    /// Whether the profile is in force now.
    pub(crate) fn is_accepted(&self) -> bool {
        matches!(self.end, End::Done | End::Same)
    }
}

/// The lines of a saved profile, as a set.
pub(crate) fn set(saved: &str) -> BTreeSet<String> {
    saved.lines().map(str::to_owned).collect()
}

/// What two texts do not have in common.
pub(crate) fn difference(one: &str, other: &str) -> String {
    let (one, other): (BTreeSet<_>, BTreeSet<_>) = (one.lines().collect(), other.lines().collect());
    let only = |sign, a: &BTreeSet<&str>, b: &BTreeSet<&str>| {
        a.difference(b).map(|line| format!("{sign} {line}\n")).collect::<String>()
    };
    only('-', &one, &other) + &only('+', &other, &one)
}
