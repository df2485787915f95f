//! Updating the namespace of a snap.

use snap_ns_exec::{CreatesFor, Kernel};
use snap_ns_plan::{Comparison, Plan, Territory};
use snap_profile::{Arena, Profile, Role, Variables, load};
use snap_session::{
    Freezer, Instance, ProfileFile, SessionError, check_locked, lock, open_log, read_profile,
    reserve,
};

use crate::arguments::Caller;
use crate::report::{Error, FileName, Log, Told};
use crate::workspace::{Buffers, Workspace};

/// Makes the namespace that this process is in match the desired profile.
pub(crate) fn update(
    instance: Instance<'static>,
    caller: Caller,
    workspace: &'static mut Workspace,
    log: &mut Log,
) -> Result<(), Error<'static>> {
    log.copy_to(open_log(&instance, None));
    let session = |error| Error::Session(instance, error);
    // Held until the end of this function, that is, until the profile is saved.
    let _lock = match caller {
        Caller::Snapd => Some(lock(&instance).map_err(session)?),
        Caller::SnapConfine => {
            check_locked(&instance).map_err(session)?;
            None
        }
    };
    let Buffers { desired_text, current_text, mut arena, desired, current, plan } =
        workspace.split();
    let desired = read(instance, ProfileFile::Desired, desired_text, &mut arena, desired)?;
    let current = read(instance, ProfileFile::Current, current_text, &mut arena, current)?;
    let file = FileName { instance, which: ProfileFile::Desired };
    let territory = Territory::System {
        snap_instance: snap_directory(instance.as_bytes(), &mut arena),
        snap_name: snap_directory(instance.snap_name(), &mut arena),
    };
    match plan.compare(current, desired, territory) {
        Ok(Comparison::Differ) => {}
        Ok(Comparison::Same) => {
            log.debug(format_args!("nothing to do"));
            return Ok(());
        }
        Err(error) => return Err(Error::Plan(file, plan, error)),
    }
    let mut freezer = Freezer::new(instance);
    let changed = change(caller, file, plan, &mut freezer, log);
    match (changed, freezer.thaw()) {
        // The first error is the one line; what went wrong after it is told as well.
        (Err(first), Err(error)) => {
            log.notice(format_args!("{}", session(error)));
            Err(first)
        }
        (changed, thawed) => changed.and(thawed.map_err(session)),
    }
}

/// Completes the plan, performs it with the snap's processes frozen, and saves what stands
/// afterwards, however that went. What it froze is still frozen then. (On its own: when nothing
/// changes, this much of the stack is not touched.)
#[inline(never)]
fn change(
    caller: Caller,
    file: FileName,
    plan: &'static mut Plan<'static>,
    freezer: &mut Freezer<'_>,
    log: &mut Log,
) -> Result<(), Error<'static>> {
    let session = |error: SessionError| Error::Session(file.instance, error);
    let mut kernel = Kernel::new(CreatesFor::Root).map_err(|e| Error::Root(e.raw_os_error()))?;
    let mut view = None;
    if plan.asks_beneath() {
        // A namespace that snap-confine has just made has none of the mounts that an older one had.
        // (It may not look beneath them, either: contract section 5.)
        if caller == Caller::SnapConfine && !kernel.all_mounted(plan) {
            plan.note_nothing_mounted();
        } else {
            // Something is going to change, and nobody may change what is looked at now.
            freezer.freeze().map_err(session)?;
            let beneath = kernel.beneath(plan);
            view = Some(beneath.map_err(|error| Error::Beneath(error.raw_os_error()))?);
        }
    }
    let mut told = Told { log, file, reserved: None };
    if let Err(error) = plan.complete(view.as_mut().unwrap_or(&mut kernel), &mut told) {
        return Err(Error::Plan(file, plan, error));
    }
    drop(view);
    if plan.is_empty() {
        told.log.debug(format_args!("nothing to do"));
        return Ok(());
    }
    told.log.debug(format_args!("{} steps", plan.steps().len()));
    let mut reserved = reserve(&file.instance, plan.saved_len()).map_err(session)?;
    let ready = if plan.touches_tree() { freezer.freeze() } else { Ok(()) };
    ready.inspect_err(|_| reserved.discard()).map_err(session)?;
    let mut told = Told { log, file, reserved: Some(&mut reserved) };
    let driven = plan.drive(&mut kernel, &mut told);
    let saved = reserved.commit(|writer| plan.write_saved(writer)).map_err(session);
    match driven {
        Err(failure) => {
            if let Err(error) = saved {
                log.notice(format_args!("{error}"));
            }
            Err(Error::Failed(file, plan, failure))
        }
        Ok(()) => saved,
    }
}

fn read(
    instance: Instance<'static>,
    which: ProfileFile,
    buffer: &'static mut [u8],
    arena: &mut Arena<'static>,
    profile: &'static mut Profile<'static>,
) -> Result<&'static Profile<'static>, Error<'static>> {
    let text =
        read_profile(which, &instance, buffer).map_err(|error| Error::Session(instance, error))?;
    let role = match which {
        ProfileFile::Current => Role::Current,
        ProfileFile::Desired | ProfileFile::User => Role::Desired,
    };
    load(text, role, &Variables::None, arena, profile)
        .map_err(|error| Error::Load(FileName { instance, which }, error))?;
    Ok(profile)
}

/// `/snap/` and a name; the arena cannot be so full that this does not fit, and without it nothing
/// more would be allowed.
fn snap_directory(name: &[u8], arena: &mut Arena<'static>) -> &'static [u8] {
    arena.concat(&[b"/snap/", name]).map_or(b"/snap/-", |path| path)
}
