//! Performing a plan, and amending it when something unforeseen is in the way.

use snap_mount_options::{Kind, Options, Origin};
use snap_ns_forecast::{Errno, Fault, FsView, Limit, Log, Place, Role, Time, What, directory_mode};
use snap_profile::{Item, Shape};

use crate::journal::Phase;
use crate::plan::Plan;
use crate::rule::Rule;
use crate::step::{Action, Creation, ObjectKind, Op, Outcome, Skip, State, Step, Wall};

/// The kernel says that nothing is there (errno(3)).
const ENOENT: Errno = 2;

/// Who performs steps: the kernel, or a model of it.
pub trait Performer: FsView {
    /// Performs `action`, or leaves everything as it was but for directories that it created on
    /// the way. Before something is created, `rule` is asked about the directory.
    fn perform(&mut self, action: &Action<'_>, rule: &dyn Rule) -> Outcome;
}

/// Who is told what happens.
pub trait Observer {
    /// A content entry of the desired profile, by its place, was left out: the run goes on.
    fn left_out(&mut self, plan: &Plan<'_>, place: u16, fault: Fault);

    /// An entry of the desired profile, by its place, is not what somebody may have meant.
    fn noticed(&mut self, plan: &Plan<'_>, place: u16, fault: Fault) {
        let _ = (plan, place, fault);
    }

    /// A step was tried.
    fn tried(&mut self, plan: &Plan<'_>, step: Step, outcome: Outcome);

    /// The plan got longer: what will be saved has so many bytes at most now.
    ///
    /// # Errors
    ///
    /// There is no room for that: the plan must not be amended.
    fn make_room(&mut self, bytes: usize) -> Result<(), Fault>;

    /// Everything that goes is undone, and nothing new stands yet. Who keeps no journal has nothing
    /// to do here.
    ///
    /// # Errors
    ///
    /// The run must not go on.
    fn undone(&mut self, plan: &Plan<'_>, performer: &mut dyn Performer) -> Result<(), Fault> {
        let _ = (plan, performer);
        Ok(())
    }

    /// A mimic that was not planned, by its place, is about to be made; likewise.
    ///
    /// # Errors
    ///
    /// It must not be made.
    fn unplanned(
        &mut self,
        plan: &Plan<'_>,
        mimic: u16,
        performer: &mut dyn Performer,
    ) -> Result<(), Fault> {
        let _ = (plan, mimic, performer);
        Ok(())
    }
}

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
        let mut at = 0;
        let mut relisted = None;
        let mut phase = self.first_phase();
        while let Some(&step) = self.steps.get(at) {
            self.now = self.moment(step.op);
            if phase == Phase::Undoing && self.cause(step.op).is_some() {
                phase = Phase::Making;
                observer.undone(self, performer).map_err(|fault| Failure { op: step.op, fault })?;
            }
            let outcome = match (self.is_left_out(step.op), self.action(step.op)) {
                (Some(skip), _) => Outcome::Skipped(skip),
                (None, Some(Action::Nothing)) => Outcome::Done,
                (None, Some(action)) => performer.perform(&action, &*self),
                (None, None) => Outcome::Failed(Fault::new(What::Missing, Role::Nothing)),
            };
            let outcome = match (step.op, outcome) {
                // If it cannot be mounted at all, that is told when the old one is gone as well.
                (Op::PutBeneath(place), Outcome::Failed(_)) if self.is_content(place) => {
                    Outcome::Skipped(Skip::InTurn)
                }
                (_, outcome) => outcome,
            };
            observer.tried(self, step, outcome);
            if self.changed_meanwhile(step.op, outcome, &mut relisted, performer, observer) {
                continue;
            }
            let fault = match outcome {
                Outcome::Done | Outcome::Skipped(_) => {
                    self.note(at, step.op, outcome);
                    at = at.saturating_add(1);
                    continue;
                }
                Outcome::Obstacle { role, at: len, wall } => {
                    match self.amend(at, step.op, role, len, wall, performer, observer) {
                        Ok(()) => continue,
                        Err(fault) => fault,
                    }
                }
                Outcome::Failed(fault) => fault,
            };
            self.note_failed(at, step.op);
            match self.cause(step.op) {
                Some(place) if self.is_content(place) => {
                    self.forecast.leave_out(place);
                    self.remove_vain(step.op, performer);
                    observer.left_out(self, place, fault);
                }
                Some(_) | None => return Err(Failure { op: step.op, fault }),
            }
            at = at.saturating_add(1);
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

    /// Whether a mimic failed because what was seen in its directory is not there any more: another
    /// step removed it, or somebody else. It is looked at again then, once.
    fn changed_meanwhile(
        &mut self,
        op: Op,
        outcome: Outcome,
        relisted: &mut Option<u16>,
        performer: &mut dyn Performer,
        observer: &mut dyn Observer,
    ) -> bool {
        let missing = Fault { what: What::Missing, place: Place::whole(Role::Mimic) };
        let (Op::Mimic(mimic), Outcome::Failed(fault)) = (op, outcome) else { return false };
        let gone = matches!(fault.place.role, Role::Child(_))
            && matches!(fault.what, What::Failed(_, ENOENT))
            && *relisted != Some(mimic);
        let Some(dir) = self.forecast.mimics.get(usize::from(mimic)).map(|slot| slot.dir) else {
            return false;
        };
        let listed = if gone {
            self.forecast.list_children(dir, |_| missing, performer)
        } else {
            Err(missing)
        };
        if let (Ok(listed), Some(slot)) = (listed, self.forecast.mimics.get_mut(usize::from(mimic)))
        {
            slot.listed = listed;
            *relisted = Some(mimic);
        }
        // It may be longer than what room was made for.
        listed.is_ok()
            && self.check_account().is_ok()
            && observer.make_room(self.saved_len()).is_ok()
    }

    /// Which mounts stand when a step is performed.
    pub(crate) fn moment(&self, op: Op) -> (Log, Time) {
        match op {
            Op::Unmount(place)
            | Op::RemoveSymlink(place)
            | Op::RemoveMountPoint(place)
            | Op::RemoveSource(place)
            | Op::Forget(place) => (Log::Current, place.into()),
            Op::MakeSource(place)
            | Op::MakeMountPoint(place)
            | Op::MakeSymlink(place)
            | Op::EnsureDir(place)
            | Op::PutBeneath(place)
            | Op::Mount(place) => (Log::Desired, self.forecast.time_of(place)),
            Op::Mimic(mimic) => (Log::Desired, self.forecast.mimic_time(mimic)),
        }
    }

    fn is_content(&self, place: u16) -> bool {
        self.desired(place).is_some_and(|item| item.origin == Origin::Content)
    }

    /// Puts a mimic before the step at `at`, which met an obstacle.
    #[allow(clippy::too_many_arguments, reason = "the parts of one obstacle")]
    fn amend(
        &mut self,
        at: usize,
        op: Op,
        role: Role,
        len: usize,
        wall: Wall,
        performer: &mut dyn Performer,
        observer: &mut dyn Observer,
    ) -> Result<(), Fault> {
        let what = match wall {
            Wall::ReadOnly => What::ReadOnly,
            Wall::Trespass => What::WouldShowOnHost,
        };
        let fault = Fault::at(what, role, len);
        let place = self.cause(op).ok_or(fault)?;
        let item = self.desired(place).ok_or(fault)?;
        let source = role == Role::Source;
        let path: &'a [u8] = if source { item.entry.source } else { item.entry.mount_point };
        let dir = path.get(..len).ok_or(fault)?;
        // It would copy that.
        if self.touches_lingering(dir) {
            return Err(fault);
        }
        match self.mimic_failed(dir) {
            Some(true) => return Err(Fault { what: What::MimicFailed, ..fault }),
            // It stands, and still nothing can be created: no other mimic would help.
            Some(false) => return Err(fault),
            None => {}
        }
        self.forecast.may_mimic(place, dir, fault)?;
        let when = (place, self.forecast.time_of(place).saturating_sub(1));
        let full = |limit| Fault { what: What::Full(limit), ..fault };
        let listed = self.forecast.list_children(dir, full, performer)?;
        let mimic = self.forecast.add_mimic(when, (dir, listed, (0, 0)), fault)?;
        let step = Step { op: Op::Mimic(mimic), state: State::Pending };
        let bytes = self.expect_mimic(mimic).map_err(full)?;
        observer.make_room(bytes)?;
        observer.unplanned(self, mimic, performer)?;
        self.steps.try_insert(at, step).map_err(|_| full(Limit::Steps))
    }

    /// Notes that a step was performed, or did not have to be.
    fn note(&mut self, at: usize, op: Op, outcome: Outcome) {
        let state = match outcome {
            Outcome::Skipped(skip) => State::Skipped(skip),
            Outcome::Done | Outcome::Obstacle { .. } | Outcome::Failed(_) => State::Done,
        };
        self.set_state(at, state);
        if let (Op::PutBeneath(place), State::Done) = (op, state) {
            self.forecast.note_beneath(place);
        }
        self.note_gone(op);
    }

    fn note_failed(&mut self, at: usize, op: Op) {
        self.set_state(at, State::Failed);
        if let Op::Mimic(mimic) = op
            && let Some(slot) = self.forecast.mimics.get_mut(usize::from(mimic))
        {
            slot.failed = true;
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
                Action::MakeSymlink { path: item.entry.mount_point, target, owner: (uid, gid) }
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
