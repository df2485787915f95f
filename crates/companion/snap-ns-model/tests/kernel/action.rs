//! Actions, as the planner gives them, for whoever performs them.

use std::collections::BTreeMap;
use std::sync::Mutex;

use snap_ns_plan::{
    Access, Action, Buffer, Creation, Fault, FsKind, Ground, Mimic, NodeKind, Observer, Outcome,
    Performer, Plan, Role, Rule, Step, Territory, Verdict,
};
use snap_profile::{Arena, Profile, Variables};

use crate::op::{Act, Law};

impl Rule for Law {
    fn verdict(&self, _: &[u8], ground: Ground) -> Verdict {
        match (self, ground.access, ground.fs) {
            (Self::Anywhere | Self::Shifting, _, _) => Verdict::Write,
            (Self::OnTheTmpfs, Access::ReadOnly, _) => Verdict::ReadOnly,
            (Self::OnTheTmpfs, Access::Writable, FsKind::Tmpfs) => Verdict::WriteIfOn(2),
            (Self::OnTheTmpfs, Access::Writable, FsKind::Other) => Verdict::Trespass,
        }
    }

    fn may_change(&self, _: &[u8]) -> bool {
        matches!(self, Self::Shifting)
    }
}

struct Nobody;

impl Observer for Nobody {
    fn left_out(&mut self, _: &Plan<'_>, _: u16, _: Fault) {}

    fn tried(&mut self, _: &Plan<'_>, _: Step, _: Outcome) {}
}

/// Does `act`, and tells what came of it as text.
pub(crate) fn perform(performer: &mut dyn Performer, act: &Act, law: Law) -> String {
    let action = match act {
        Act::Unmount(path) => Action::Unmount { mount_point: path.as_bytes() },
        Act::RemoveSymlink(path, target, keep) => {
            let (keep, target) = (top(path, *keep), target.as_bytes());
            Action::RemoveSymlink { path: path.as_bytes(), target, keep }
        }
        Act::RemoveMountPoint(path, keep) => {
            Action::RemoveMountPoint { path: path.as_bytes(), keep: top(path, *keep) }
        }
        Act::RemoveSource(path, own, keep) => {
            let (own, keep) = (top(path, *own), top(path, *keep));
            let own = &path.as_bytes()[..own];
            Action::RemoveSource { path: path.as_bytes(), own, keep }
        }
        Act::Make(path, kind, mode) => Action::Make(Creation {
            path: path.as_bytes(),
            role: Role::Source,
            kind: *kind,
            mode: *mode,
            uid: None,
            gid: None,
        }),
        Act::MakeSymlink(path, target) => Action::MakeSymlink {
            path: path.as_bytes(),
            target: target.as_bytes(),
            old: Some(b"b"),
            owner: (None, None),
        },
        Act::EnsureDir(path, needed) => {
            Action::EnsureDir { path: path.as_bytes(), must_exist: needed.as_bytes() }
        }
        Act::Mount(line) => return mount(performer, line, law),
        Act::Mimic(dir) => return mimic(performer, dir, law),
    };
    format!("{:?}", performer.perform(&action, &law))
}

/// How long the path of the directory above `path` with so many names is.
fn top(path: &str, names: usize) -> usize {
    let above = snap_path::parent(path.as_bytes()).unwrap_or_default();
    snap_path::prefixes(above).take(names + 1).last().map_or(0, <[u8]>::len)
}

fn load<'a>(text: &'a mut [u8], arena: &mut Arena<'a>, profile: &mut Profile<'a>) -> bool {
    let (role, variables) = (snap_profile::Role::Desired, Variables::None);
    snap_profile::load(text, role, &variables, arena, profile).is_ok()
}

fn mount(performer: &mut dyn Performer, line: &str, law: Law) -> String {
    let mut text = line.to_owned().into_bytes();
    let mut room = [0; 1024];
    let mut arena = Arena::new(&mut room);
    let mut profile = Box::new(Profile::new());
    if !load(&mut text, &mut arena, &mut profile) {
        return "not legal".into();
    }
    format!("{:?}", performer.perform(&Action::Mount(&profile[0]), &law))
}

/// Plans and profiles are large, and a plan lives as long as its profiles: they are used again, by
/// all threads.
static PLANS: Mutex<Vec<Box<Plan<'static>>>> = Mutex::new(Vec::new());
static PROFILES: Mutex<BTreeMap<String, &'static Profile<'static>>> = Mutex::new(BTreeMap::new());

fn profile(text: &str) -> &'static Profile<'static> {
    let mut profiles = PROFILES.lock().unwrap();
    profiles.entry(text.to_owned()).or_insert_with(|| {
        let text = Box::leak(text.as_bytes().to_vec().into_boxed_slice());
        let mut arena = Arena::new(Box::leak(Box::new([0; 256])));
        let profile = Box::leak(Box::new(Profile::new()));
        assert!(load(text, &mut arena, profile));
        profile
    })
}

/// Makes the mimic that something new in `dir` would need.
fn mimic(performer: &mut dyn Performer, dir: &str, law: Law) -> String {
    let (current, desired) =
        (profile(""), profile(&format!("/srv {dir}/new none bind,x-snapd.origin=layout 0 0")));
    let territory = Territory::System { snap_instance: b"/snap/x", snap_name: b"/snap/x" };
    let mut plan = PLANS.lock().unwrap().pop().unwrap_or_else(|| Box::new(Plan::new()));
    let made = plan
        .compare(current, desired, territory)
        .and_then(|_| plan.complete(performer, &mut Nobody));
    let text = match made {
        Err(error) => format!("{error:?}"),
        Ok(()) => match plan.mimic(0) {
            None => "not needed".into(),
            Some(mimic) => perform_mimic(performer, mimic, law),
        },
    };
    PLANS.lock().unwrap().push(plan);
    text
}

fn perform_mimic(performer: &mut dyn Performer, mimic: Mimic<'_>, law: Law) -> String {
    let dir = mimic.dir.escape_ascii();
    let mut outcome = performer.perform(&Action::Mimic(mimic), &law);
    // Children are listed in any order.
    if let Outcome::Failed(Fault { place, .. }) = &mut outcome
        && let Role::Child(_) = place.role
    {
        place.role = Role::Child(0);
    }
    format!("{dir}: {outcome:?}")
}

/// Everything that can be asked about `a`, and about both.
pub(crate) fn ask(view: &mut dyn Performer, a: &str, b: &str) -> String {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut names: Vec<(Vec<u8>, NodeKind)> = Vec::new();
    let listed = view.list(a, &mut |name, kind| {
        names.push((name.to_vec(), kind));
        Ok(())
    });
    names.sort_by(|a, b| a.0.cmp(&b.0));
    let mut target = Buffer::new_const();
    let roots = view.read_link(a, &mut target);
    format!(
        "{:?} {:?} {:?} {:?} {:?} {listed:?} {names:?} {roots:?} {target:?}",
        view.look(a, Role::Source),
        view.same_fs(a, b),
        view.leads_to(a, b"b"),
        view.is_vacant(a),
        view.attributes(a),
    )
}
