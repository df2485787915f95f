//! Performing a plan.

use snap_mount_options::{Kind, Options, Origin};
use snap_ns_forecast::{Fault, Log, Role, Time, What, Which, directory_mode};
use snap_profile::{Item, Shape};

use crate::journal_lines::Phase;
use crate::performer::{Observer, Performer};
use crate::plan::Plan;
use crate::step::{Action, Creation, ObjectKind, Op, Outcome, Skip, State, Step};

/// Why a run ended before its plan did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The step that failed.
    pub op: Op,
    /// How.
    pub fault: Fault,
}

impl<'a> Plan<'a> {
    /// Performs the steps that are pending, in order.
    ///
    /// # Errors
    ///
    /// A step of the teardown, of an overname or of a layout failed. The steps before it are done,
    /// those after it are not; [`write_saved`](Self::write_saved) tells what stands.
    pub fn drive(
        &mut self,
        performer: &mut dyn Performer,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        let mut phase = self.first_phase();
        for at in 0..self.steps.len() {
            let Some(&step) = self.steps.get(at) else { break };
            let cause = self.cause(step.op);
            self.now = self.moment(step.op);
            if phase == Phase::Undoing && cause.is_some() {
                phase = Phase::Making;
                observer.undone(self, performer).map_err(|fault| Failure { op: step.op, fault })?;
            }
            let outcome = match self.action(step.op) {
                _ if self.is_left_out(step.op) => Outcome::Skipped(Skip::LeftOut),
                Some(Action::Nothing) => Outcome::Done,
                Some(action) => performer.perform(&action, &*self),
                None => Outcome::Failed(Fault::new(What::Missing, Role::Nothing)),
            };
            let outcome = match (step.op, outcome) {
                // If it cannot be mounted at all, that is told when the old one is gone as well.
                (Op::PutBeneath(place), Outcome::Failed(_)) if self.is_content(place) => {
                    Outcome::Skipped(Skip::InTurn)
                }
                (_, outcome) => outcome,
            };
            observer.tried(self, step, outcome);
            self.note(at, step.op, outcome, performer);
            let Outcome::Failed(fault) = outcome else { continue };
            let Some(place) = cause.filter(|&place| self.is_content(place)) else {
                return Err(Failure { op: step.op, fault });
            };
            self.forecast.leave_out(place);
            self.remove_vain(step.op, performer);
            observer.left_out(self, place, fault);
        }
        Ok(())
    }

    /// Removes the mount point that was created for a mount that failed, as well as it can be done.
    fn remove_vain(&self, op: Op, performer: &mut dyn Performer) {
        let Op::Mount(place) = op else { return };
        let made = Step { op: Op::MakeMountPoint(place), state: State::Done };
        let path = self.desired(place).map(|item| item.entry.mount_point);
        if let Some(path) = path.filter(|_| self.steps.contains(&made)) {
            let keep = snap_path::parent(path).map_or(0, <[u8]>::len);
            let _ = performer.perform(&Action::RemoveMountPoint { path, keep }, self);
        }
    }

    /// Which mounts stand when a step is performed.
    pub(crate) fn moment(&self, op: Op) -> (Log, Time) {
        match op.which() {
            Which::Current(place) => (Log::Current, place.into()),
            Which::Desired(place) => (Log::Desired, self.forecast.time_of(place)),
            Which::Mimic(mimic) => (Log::Desired, self.forecast.mimic_time(mimic)),
        }
    }

    fn is_content(&self, place: u16) -> bool {
        self.desired(place).is_some_and(|item| item.origin == Origin::Content)
    }

    /// Whether a step must not be performed because its entry was left out. (A mimic serves others as
    /// well.)
    fn is_left_out(&self, op: Op) -> bool {
        matches!(op.which(), Which::Desired(place) if self.forecast.need(place).left_out)
    }

    /// Notes what came of a step.
    fn note(&mut self, at: usize, op: Op, outcome: Outcome, performer: &mut dyn Performer) {
        let state = match outcome {
            Outcome::Done | Outcome::DoneWithout { .. } => State::Done,
            Outcome::Skipped(skip) => State::Skipped(skip),
            Outcome::Failed(_) => State::Failed,
        };
        self.set_state(at, state);
        match (op, outcome) {
            (_, Outcome::Failed(_)) => {}
            (Op::PutBeneath(place), Outcome::Done) => self.forecast.note_beneath(place),
            (Op::Mimic(mimic), Outcome::DoneWithout { .. }) => self.note_missed(mimic, performer),
            (_, _) => self.note_gone(op),
        }
    }

    /// Only what a mimic really shows is recorded, when it does without some of its children.
    fn note_missed(&mut self, mimic: u16, performer: &mut dyn Performer) {
        let Some(dir) = self.forecast.mimics.get(usize::from(mimic)).map(|slot| slot.dir) else {
            return;
        };
        let full = |limit| Fault::new(What::Full(limit), Role::Mimic);
        let listed = self.forecast.list_children(dir, full, performer);
        if let (Ok(listed), Some(slot)) = (listed, self.forecast.mimics.get_mut(usize::from(mimic)))
        {
            slot.listed = listed;
        }
    }

    /// A step's op with all that is needed to perform it.
    fn action(&self, op: Op) -> Option<Action<'_>> {
        Some(match op {
            Op::Unmount(place) => {
                Action::Unmount { mount_point: self.current(place)?.entry.mount_point }
            }
            Op::RemoveSymlink(place) => {
                let item = self.current(place)?;
                let Kind::Symlink(target) = item.options().kind else {
                    return None;
                };
                let path = item.entry.mount_point;
                Action::RemoveSymlink { path, target, keep: self.tidy_below(place, path) }
            }
            Op::RemoveMountPoint(place) => {
                let path = self.current(place)?.entry.mount_point;
                Action::RemoveMountPoint { path, keep: self.tidy_below(place, path) }
            }
            Op::RemoveSource(place) => {
                let path = self.current(place)?.entry.source;
                let own = self.own_of_source(place)?;
                Action::RemoveSource { path, own, keep: self.tidy_below(place, path) }
            }
            Op::Forget(_) => Action::Nothing,
            Op::MakeSource(place) => {
                let item = self.desired(place)?;
                Action::Make(creation(item, item.entry.source, Role::Source))
            }
            Op::MakeMountPoint(place) => {
                let item = self.desired(place)?;
                Action::Make(creation(item, item.entry.mount_point, Role::MountPoint))
            }
            Op::MakeSymlink(place) => {
                let item = self.desired(place)?;
                let Options { kind: Kind::Symlink(target), uid, gid, .. } = item.options() else {
                    return None;
                };
                let link = self.forecast.old_link(place);
                let old = link.and_then(|link| link.replaced_at.and(Some(link.target)));
                let path = item.entry.mount_point;
                Action::MakeSymlink { path, target, old, owner: (uid, gid) }
            }
            Op::EnsureDir(place) => {
                let item = self.desired(place)?;
                let Kind::EnsureDir(must_exist) = item.options().kind else {
                    return None;
                };
                Action::EnsureDir { path: item.entry.mount_point, must_exist }
            }
            // It is there already.
            Op::Mount(_) if self.is_beneath(op) => Action::Nothing,
            Op::Mount(place) => Action::Mount(self.desired(place)?),
            Op::PutBeneath(place) => Action::PutBeneath(self.desired(place)?),
            Op::Mimic(mimic) => Action::Mimic(self.mimic(mimic)?),
        })
    }
}

/// What has to be created for an entry at one of its two paths. Only the mount point gets the
/// entry's own mode and owner: the source belongs to somebody else.
fn creation<'p>(item: &Item<'_>, path: &'p [u8], role: Role) -> Creation<'p> {
    let kind = match item.shape {
        Shape::File => ObjectKind::File,
        Shape::Directory | Shape::Symlink | Shape::EnsureDir => ObjectKind::Directory,
    };
    let own = if role == Role::MountPoint { item.options() } else { Options::default() };
    let mode = own.mode.unwrap_or_else(|| directory_mode(path));
    Creation { path, role, kind, mode, uid: own.uid, gid: own.gid }
}
