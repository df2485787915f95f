//! Updating the namespace of a snap.

use snap_ns_exec::{Backend, CreatesFor, Kernel};
use snap_ns_plan::{Comparison, Header, Plan, Territory};
use snap_profile::{Arena, Profile, Role, TEXT_MAX, Variables, load};
use snap_session::{
    Freezer, Instance, ProfileFile, SessionError, Subject, check_locked, open_log, read_profile,
    remove_drafts,
};

use crate::arguments::Caller;
use crate::change::{Run, WayBack, look_beneath};
use crate::error::{Error, FileName, Undone};
use crate::log::Log;
use crate::report::Told;
use crate::workspace::{Buffers, Stage};

/// Makes the namespace that this process is in match the desired profile.
pub(crate) fn update(
    instance: Instance<'static>,
    caller: Caller,
    hold_signals: fn(),
    buffers: &'static mut Buffers,
    log: &mut Log,
) -> Result<(), Error<'static>> {
    log.copy_to(open_log(&instance, None));
    let session = |error| Error::Session(Some(instance), error);
    if caller == Caller::SnapConfine {
        check_locked(&instance).map_err(session)?;
    }
    let file = FileName { instance, which: ProfileFile::Desired };
    let mut freezer = Freezer::new(instance);
    let mut run = Run { file, caller, hold_signals, freezer: &mut freezer, log };
    let changed = update_locked(&mut run, buffers);
    let thawed = freezer.thaw();
    log.release();
    log.not_frozen(&freezer);
    match (changed, thawed) {
        // The first error is the one line; what went wrong after it is told as well.
        (Err(first), Err(error)) => {
            log.notice(format_args!("{}", session(error)));
            Err(first)
        }
        (changed, thawed) => changed.and(thawed.map_err(session)),
    }
}

/// What is frozen when this returns has still to be thawed.
fn update_locked(
    run: &mut Run<'_, '_>,
    buffers: &'static mut Buffers,
) -> Result<(), Error<'static>> {
    let Buffers { arena, forth, back } = buffers;
    let mut arena = Arena::new(arena);
    let Stage { desired_text, current_text, desired, current, plan } = forth;
    let instance = run.file.instance;
    let session = |error| Error::Session(Some(instance), error);
    let mut current_text =
        read_profile(ProfileFile::Current, &instance, &mut current_text.0).map_err(session)?;
    let journal = Header::read(current_text);
    if journal.is_some() {
        // Of a line that was not written to its end nobody has begun to do anything.
        let end = current_text.iter().rposition(|&byte| byte == b'\n');
        current_text = current_text.get_mut(..=end.unwrap_or_default()).unwrap_or_default();
        // It may have left them frozen, and what it left is cleared away first.
        (run.hold_signals)();
        run.freeze().map_err(session)?;
    } else if current_text.len() > TEXT_MAX {
        return Err(session(SessionError::ProfileTooLarge(Subject::CurrentProfile)));
    }
    let desired_text =
        read_profile(ProfileFile::Desired, &instance, &mut desired_text.0).map_err(session)?;
    let desired = read(run, ProfileFile::Desired, desired_text, &mut arena, &mut desired.0)?;
    let current = read(run, ProfileFile::Current, current_text, &mut arena, &mut current.0)?;
    let territory = Territory::System {
        snap_instance: snap_directory(instance.as_bytes(), &mut arena),
        snap_name: snap_directory(instance.snap_name(), &mut arena),
    };
    let compared = match plan.compare(current, desired, territory) {
        // At a first start the record may be that of a namespace that is gone.
        Ok(Comparison::Same) if journal.is_none() && run.caller == Caller::Snapd => {
            return nothing_to_do(run);
        }
        Ok(compared) => compared,
        Err(error) => return Err(Error::Plan(run.file, plan, error)),
    };
    let way_back = WayBack { buffers: back, arena: &mut arena, territory };
    change(run, (journal, compared), plan, way_back)
}

/// Completes the plan and performs it. (On its own: when nothing changes, this much of the stack is
/// not touched.)
#[inline(never)]
fn change(
    run: &mut Run<'_, '_>,
    (journal, compared): (Option<Header>, Comparison),
    plan: &'static mut Plan<'static>,
    way_back: WayBack<'_>,
) -> Result<(), Error<'static>> {
    if compared == Comparison::Same {
        plan.plan_all_the_same();
    }
    // A first start is confined by the stock AppArmor policy, which grants mount(2) only.
    let backend = match run.caller {
        Caller::Snapd => Backend::Fd,
        Caller::SnapConfine => Backend::Classic,
    };
    let mut kernel =
        Kernel::new(CreatesFor::Root, backend).map_err(|e| Error::Root(e.raw_os_error()))?;
    let root = kernel.root_mount_id().map_err(|e| Error::Root(e.raw_os_error()))?;
    match journal {
        Some(header) if header.root == root => {
            run.log.notice(format_args!("clearing away what an interrupted update left"));
            if let Err(failure) = kernel.settle(plan, header) {
                return Err(Error::Failed(run.file, plan, failure, Undone::Nothing));
            }
        }
        // That namespace is gone.
        Some(header) => {
            plan.note_unfinished(header.direction);
            plan.note_nothing_mounted();
        }
        None => {}
    }
    if run.caller == Caller::SnapConfine {
        // A namespace that was just made has nothing of what an older one had. (It may not be looked
        // beneath its mounts, either: contract section 5.)
        if !kernel.all_stands(plan) {
            plan.note_nothing_mounted();
        } else if compared == Comparison::Same && journal.is_none() {
            return nothing_to_do(run);
        }
        kernel.sweep_aside();
    }
    kernel.note_gone_tmpfs(plan);
    let mut view = look_beneath(plan, &mut kernel)?;
    let mut told = Told::new(run.log, run.file);
    if let Err(error) = plan.complete(view.as_mut().unwrap_or(&mut kernel), &mut told) {
        return Err(Error::Plan(run.file, plan, error));
    }
    drop(view);
    if plan.is_empty() && journal.is_none() {
        return nothing_to_do(run);
    }
    run.log.debug(format_args!("{} steps", plan.steps().len()));
    run.perform(plan, (&mut kernel, root), way_back)
}

/// A run that was killed may have left files beside the profile.
fn nothing_to_do(run: &mut Run<'_, '_>) -> Result<(), Error<'static>> {
    remove_drafts(&run.file.instance);
    run.log.debug(format_args!("nothing to do"));
    Ok(())
}

fn read(
    run: &Run<'_, '_>,
    which: ProfileFile,
    text: &'static mut [u8],
    arena: &mut Arena<'static>,
    profile: &'static mut Profile<'static>,
) -> Result<&'static Profile<'static>, Error<'static>> {
    let role = match which {
        ProfileFile::Current => Role::Current,
        ProfileFile::Desired | ProfileFile::User => Role::Desired,
    };
    load(text, role, &Variables::None, arena, profile)
        .map_err(|error| Error::Load(FileName { which, ..run.file }, error))?;
    Ok(profile)
}

/// `/snap/` and a name; the arena cannot be so full that this does not fit, and without it nothing
/// more would be allowed.
fn snap_directory(name: &[u8], arena: &mut Arena<'static>) -> &'static [u8] {
    arena.concat(&[b"/snap/", name]).map_or(b"/snap/-", |path| path)
}
