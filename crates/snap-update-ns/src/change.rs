//! Performing a plan so that it can be interrupted anywhere, and going back when it fails.

use snap_fstab::Sink;
use snap_ns_exec::{Backend, Fallback, Kernel};
use snap_ns_plan::{Comparison, Direction, Earlier, Header, Phase, Plan, Territory};
use snap_profile::{Arena, Profile, Role, Variables, load};
use snap_session::{
    Freezer, ProfileFile, Reserved, SessionError, Subject, keeps_journal, remove_drafts,
};

use crate::arguments::Caller;
use crate::error::{Error, FileName, Undone};
use crate::journal::{Journal, reserve_files};
use crate::log::Log;
use crate::report::Told;
use crate::workspace::Stage;

/// What stays the same during a run.
pub(crate) struct Run<'r, 'l> {
    pub(crate) file: FileName,
    pub(crate) caller: Caller,
    pub(crate) hold_signals: fn(),
    pub(crate) freezer: &'r mut Freezer<'static>,
    pub(crate) log: &'l mut Log,
}

/// What is needed to go back: buffers, and where something may be created.
pub(crate) struct WayBack<'w> {
    pub(crate) buffers: &'static mut Stage,
    pub(crate) arena: &'w mut Arena<'static>,
    pub(crate) territory: Territory<'static>,
}

type Loaded = &'static Profile<'static>;

impl Run<'_, '_> {
    /// Freezes the snap's processes. Until the run ends no line is written that somebody could keep
    /// waiting.
    pub(crate) fn freeze(&mut self) -> Result<(), SessionError> {
        self.log.keep();
        self.freezer.freeze()
    }

    fn session(&self, error: SessionError) -> Error<'static> {
        Error::Session(Some(self.file.instance), error)
    }

    /// Performs a plan with the snap's processes frozen, and saves what stands then. When it fails,
    /// everything is undone again. What is about to be done is on disk before it is done, with the ID
    /// of the namespace's `root` mount.
    pub(crate) fn perform(
        &mut self,
        plan: &'static mut Plan<'static>,
        (kernel, root): (&mut Kernel, u64),
        way_back: WayBack<'_>,
    ) -> Result<(), Error<'static>> {
        let header = Header { direction: Direction::Forth, phase: plan.first_phase(), root };
        // From here on something would be left behind, if only an empty file.
        (self.hold_signals)();
        let (mut journal, next) = reserve_files(&self.file.instance, header, plan, kernel)
            .map_err(|error| self.session(error))?;
        let published = journal.as_mut().map_or(Ok(()), |journal| journal.file.publish());
        published.map_err(|error| self.session(error))?;
        let frozen = if plan.touches_tree() { self.freeze() } else { Ok(()) };
        if let Err(error) = frozen {
            // Nothing was changed.
            self.save(next, plan)?;
            return Err(self.session(error));
        }
        let mut told = Told { journal: journal.as_mut(), ..Told::new(self.log, self.file) };
        let driven = plan.drive(kernel, &mut told);
        self.tell_backend(kernel);
        let Err(failure) = driven else {
            self.freezer.thaw().map_err(|error| self.session(error))?;
            return self.save(next, plan);
        };
        self.log.debug(format_args!("it failed: undoing what was done"));
        let undone =
            self.go_back(plan, (kernel, root), (next, journal), way_back).unwrap_or_else(|error| {
                self.log.notice(format_args!("{error}"));
                Undone::NotAll
            });
        Err(Error::Failed(self.file, plan, failure, undone))
    }

    /// Tells how mounts were made; that a policy refuses the better way is told in any case.
    fn tell_backend(&mut self, kernel: &Kernel) {
        self.log.debug(match kernel.backend() {
            Backend::Fd => format_args!("mounts are made with move_mount(2)"),
            Backend::Classic => format_args!("mounts are made with mount(2)"),
        });
        if kernel.fallback() == Some(Fallback::Denied) {
            self.log.notice(format_args!("move_mount(2) is denied: mount(2) is used"));
        }
    }

    /// Makes the namespace what it was before `failed` was performed, by another plan, and saves what
    /// stands then. (On its own: its buffers are no part of the stack of a run that succeeds.)
    #[inline(never)]
    fn go_back(
        &mut self,
        failed: &Plan<'static>,
        (kernel, root): (&mut Kernel, u64),
        (mut next, forth): (Reserved, Option<Journal>),
        way_back: WayBack<'_>,
    ) -> Result<Undone, Error<'static>> {
        let WayBack { buffers, arena, territory } = way_back;
        let Stage { desired_text, current_text, desired, current, plan } = buffers;
        let standing = |sink: &mut Memory| failed.write_standing(sink);
        let asked = |sink: &mut Memory| failed.write_earlier(Earlier::Asked, sink);
        let current = self.load_written(&mut current_text.0, standing, arena, &mut current.0);
        let planned = current.and_then(|current| {
            let desired = self.load_written(&mut desired_text.0, asked, arena, &mut desired.0)?;
            self.plan_way_back(plan, kernel, (current, desired, territory))
        });
        let whole = match planned {
            Ok(whole) => whole,
            Err(error) => {
                // The journal that is there has all that may stand; of this plan nobody knows.
                self.freezer.thaw().map_err(|error| self.session(error))?;
                remove_drafts(&self.file.instance);
                return Err(error);
            }
        };
        let mut journal = None;
        // What is only undone is in the journal that is there.
        if let Some(forth) = forth.filter(|_| plan.makes()) {
            let header = Header { direction: Direction::Back, phase: plan.first_phase(), root };
            // For what was there before there is room, if anything of it was undone.
            let len = if failed.undoes() { failed.earlier_len() } else { plan.saved_len() };
            let turned = forth.turn_back(next, header, (plan, len), (kernel, &self.file.instance));
            let (back, end) = turned.map_err(|error| self.session(error))?;
            (journal, next) = (Some(back), end);
        }
        let mut told = Told { journal: journal.as_mut(), ..Told::new(self.log, self.file) };
        let driven = plan.drive(kernel, &mut told);
        let whole = whole && !told.left_out;
        self.freezer.thaw().map_err(|error| self.session(error))?;
        if let Err(failure) = driven {
            self.save_midway(next, plan, (kernel, root));
            return Err(Error::Failed(self.file, plan, failure, Undone::Nothing));
        }
        if !whole {
            self.save_midway(next, plan, (kernel, root));
            return Ok(Undone::NotAll);
        }
        self.save(next, plan).map(|()| Undone::All)
    }

    /// Saves what stands in the middle of a way back that ended: as a journal, for the next run to go
    /// on from. If that fails there is still the one from before, which has everything that may stand.
    fn save_midway(&self, next: Reserved, plan: &Plan<'_>, (kernel, root): (&mut Kernel, u64)) {
        if keeps_journal() {
            let header = Header { direction: Direction::Back, phase: Phase::Undoing, root };
            let journal = Journal::write(next, header, plan, kernel);
            let _ = journal.and_then(|mut journal| journal.file.publish());
        } else {
            let _ = self.save(next, plan);
        }
    }

    /// Plans the way from `current` to `desired`, and tells whether all of that can be had. An error
    /// is told here, because the plan is still needed then.
    fn plan_way_back(
        &mut self,
        plan: &mut Plan<'static>,
        kernel: &mut Kernel,
        (current, desired, territory): (Loaded, Loaded, Territory<'static>),
    ) -> Result<bool, Error<'static>> {
        let file = FileName { which: ProfileFile::Current, ..self.file };
        let compared = plan.compare(current, desired, territory);
        plan.note_unfinished(Direction::Forth);
        let planned = match compared {
            Ok(compared) => {
                if compared == Comparison::Same {
                    plan.plan_all_the_same();
                }
                let mut view = look_beneath(plan, kernel)?;
                let mut told = Told::new(self.log, file);
                let completed = plan.complete(view.as_mut().unwrap_or(kernel), &mut told);
                completed.map(|()| !told.left_out)
            }
            Err(error) => Err(error),
        };
        planned.map_err(|error| {
            self.log.notice(format_args!("{}", Error::Plan(file, plan, error)));
            Error::NoWayBack
        })
    }

    /// Writes a profile into `buffer`, and reads it as one that was recorded.
    fn load_written(
        &self,
        buffer: &'static mut [u8],
        write: impl FnOnce(&mut Memory) -> Result<(), SessionError>,
        arena: &mut Arena<'static>,
        profile: &'static mut Profile<'static>,
    ) -> Result<&'static Profile<'static>, Error<'static>> {
        let mut memory = Memory { buffer, len: 0 };
        write(&mut memory).map_err(|error| self.session(error))?;
        let Memory { buffer, len } = memory;
        let text = buffer.get_mut(..len).unwrap_or_default();
        let file = FileName { which: ProfileFile::Current, ..self.file };
        load(text, Role::Current, &Variables::None, arena, profile)
            .map_err(|error| Error::Load(file, error))?;
        Ok(profile)
    }

    /// Saves what stands.
    fn save(&self, mut next: Reserved, plan: &Plan<'_>) -> Result<(), Error<'static>> {
        let written = next.write(|writer| plan.write_saved(writer));
        written.and_then(|()| next.publish()).map_err(|error| self.session(error))
    }
}

/// The tree beneath the mounts of the current profile, when the plan has to see it.
pub(crate) fn look_beneath(
    plan: &mut Plan<'static>,
    kernel: &mut Kernel,
) -> Result<Option<Kernel>, Error<'static>> {
    if !plan.asks_beneath() {
        return Ok(None);
    }
    kernel.beneath(plan).map(Some).map_err(|error| {
        let at = error.entry.and_then(|place| plan.recorded_mount(place));
        Error::Beneath(at, error.errno)
    })
}

/// A profile that is only written to be read again.
struct Memory {
    buffer: &'static mut [u8],
    len: usize,
}

impl Sink for Memory {
    type Error = SessionError;

    fn put(&mut self, bytes: &[u8]) -> Result<(), SessionError> {
        let end = self.len.saturating_add(bytes.len());
        let room = self.buffer.get_mut(self.len..end);
        room.ok_or(SessionError::ProfileTooLarge(Subject::CurrentProfile))?.copy_from_slice(bytes);
        self.len = end;
        Ok(())
    }
}
