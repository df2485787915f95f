//! Whole runs: a plan is made and driven, and what it saved is the next one's start.

use snap_fstab::Sink;
use snap_ns_exec::Kernel;
use snap_ns_model::Namespace;
use snap_ns_plan::{
    Action, Attributes, Buffer, Comparison, Each, Fault, FsView, Ground, Look, Observer, Outcome,
    Performer, Plan, Role, Rule, Step, Territory,
};
use snap_profile::{Arena, Profile, Variables};

/// Where a run may create what it likes; everywhere else it needs a mimic.
const TERRITORY: Territory<'_> =
    Territory::System { snap_instance: b"/t/b", snap_name: b"/snap/x" };

struct Log(String);

impl Observer for Log {
    fn left_out(&mut self, _: &Plan<'_>, place: u16, fault: Fault) {
        self.0 += &format!("\n  left out {place}: {fault:?}");
    }

    fn tried(&mut self, _: &Plan<'_>, step: Step, outcome: Outcome) {
        self.0 += &format!("\n  {:?}: {outcome:?}", step.op);
    }
}

struct Saved(Vec<u8>);

impl Sink for Saved {
    type Error = std::convert::Infallible;

    fn put(&mut self, bytes: &[u8]) -> Result<(), Self::Error> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// A namespace, of either side.
pub(crate) trait Subject: Performer {
    /// What lies beneath the mounts of the current profile, which is not touched.
    fn show_beneath(&mut self, plan: &mut Plan<'_>) -> Box<dyn FsView>;
}

impl Subject for Namespace {
    fn show_beneath(&mut self, plan: &mut Plan<'_>) -> Box<dyn FsView> {
        Box::new(self.beneath(plan).expect("a mount can be undone"))
    }
}

impl Subject for Sorted<Kernel> {
    fn show_beneath(&mut self, plan: &mut Plan<'_>) -> Box<dyn FsView> {
        Box::new(Sorted(self.0.beneath(plan).expect("a mount can be undone")))
    }
}

/// Goes from the profile `current` to `desired`; tells what happened, and what is saved.
pub(crate) fn update(
    performer: &mut impl Subject,
    current: &str,
    desired: &str,
) -> (String, String) {
    let (mut old, mut new) = (current.as_bytes().to_vec(), desired.as_bytes().to_vec());
    let (mut old_room, mut new_room) = ([0; 1024], [0; 1024]);
    let (mut from, mut to) = (Box::new(Profile::new()), Box::new(Profile::new()));
    let variables = Variables::None;
    let old_role = snap_profile::Role::Current;
    snap_profile::load(&mut old, old_role, &variables, &mut Arena::new(&mut old_room), &mut from)
        .expect("what was saved can be read");
    let new_role = snap_profile::Role::Desired;
    if snap_profile::load(&mut new, new_role, &variables, &mut Arena::new(&mut new_room), &mut to)
        .is_err()
    {
        return ("not legal".into(), current.into());
    }
    let (mut plan, mut log) = (Box::new(Plan::new()), Log(String::new()));
    match plan.compare(&from, &to, TERRITORY) {
        Ok(Comparison::Same) => return ("the same".into(), current.into()),
        Ok(Comparison::Differ) => {}
        Err(error) => return (format!("{error:?}"), current.into()),
    }
    let mut beneath = plan.asks_beneath().then(|| performer.show_beneath(&mut plan));
    let completed = match &mut beneath {
        Some(view) => plan.complete(&mut **view, &mut log),
        None => plan.complete(performer, &mut log),
    };
    if let Err(error) = completed {
        return (format!("{}\n  {error:?}", log.0), current.into());
    }
    drop(beneath);
    let end = plan.drive(performer, &mut log);
    let mut saved = Saved(Vec::new());
    let Ok(()) = plan.write_saved(&mut saved);
    (format!("{}\n  {end:?}", log.0), String::from_utf8(saved.0).unwrap())
}

/// A performer that lists directories in the order of their names, as the model does.
pub(crate) struct Sorted<P>(pub(crate) P);

impl<P: FsView> FsView for Sorted<P> {
    fn look(&mut self, path: &[u8], role: Role) -> Result<Look, Fault> {
        self.0.look(path, role)
    }

    fn ground(&mut self, dir: &[u8]) -> Result<Ground, Fault> {
        self.0.ground(dir)
    }

    fn same_fs(&mut self, a: &[u8], b: &[u8]) -> Result<bool, Fault> {
        self.0.same_fs(a, b)
    }

    fn leads_to(&mut self, path: &[u8], target: &[u8]) -> Result<bool, Fault> {
        self.0.leads_to(path, target)
    }

    fn read_link(&mut self, path: &[u8], target: &mut Buffer) -> Result<bool, Fault> {
        self.0.read_link(path, target)
    }

    fn is_vacant(&mut self, path: &[u8]) -> Result<bool, Fault> {
        self.0.is_vacant(path)
    }

    fn attributes(&mut self, path: &[u8]) -> Result<Attributes, Fault> {
        self.0.attributes(path)
    }

    fn list(&mut self, path: &[u8], each: &mut Each<'_>) -> Result<(), Fault> {
        let mut all = Vec::new();
        self.0.list(path, &mut |name, kind| {
            all.push((name.to_vec(), kind));
            Ok(())
        })?;
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all.iter().try_for_each(|(name, kind)| each(name, *kind))
    }

    fn has_tree_flags(&mut self) -> bool {
        self.0.has_tree_flags()
    }
}

impl<P: Performer> Performer for Sorted<P> {
    fn perform(&mut self, action: &Action<'_>, rule: &dyn Rule) -> Outcome {
        self.0.perform(action, rule)
    }
}
