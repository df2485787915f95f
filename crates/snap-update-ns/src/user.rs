//! The mounts of one user, in a namespace of this process's own.

use snap_ns_exec::{Backend, CreatesFor, Kernel};
use snap_ns_plan::{Comparison, Territory};
use snap_path::Text;
use snap_profile::{Arena, HomeUse, LoadError, LoadErrorKind, Role, Variables, load};
use snap_session::{Instance, ProfileFile, become_user, check_home, open_log, read_profile};

use crate::error::{Error, FileName, Undone};
use crate::log::Log;
use crate::report::Told;
use crate::workspace::{Buffers, Stage};

/// Makes what the user's profile asks for. There is no current profile: the namespace is new, and
/// nobody else is in it.
pub(crate) fn update(
    instance: Instance<'static>,
    real_home: Option<&'static [u8]>,
    buffers: &'static mut Buffers,
    log: &mut Log,
) -> Result<(), Error<'static>> {
    let session = |error| Error::Session(Some(instance), error);
    let uid = become_user().map_err(session)?;
    log.copy_to(open_log(&instance, Some(uid)));
    let Stage { desired_text, desired, current, plan, .. } = &mut buffers.forth;
    let (desired, current) = (&mut desired.0, &current.0);
    let which = ProfileFile::User;
    let file = FileName { instance, which };
    let text = read_profile(which, &instance, &mut desired_text.0).map_err(session)?;
    let mut runtime_dir = Text::<32>::new();
    // Ten digits fit.
    let _ = runtime_dir.push_fmt(format_args!("/run/user/{uid}"));
    let variables = Variables::User { runtime_dir: runtime_dir.as_bytes(), home: real_home };
    let home_use =
        load(text, Role::Desired, &variables, &mut Arena::new(&mut buffers.arena), desired)
            .map_err(|error| Error::Load(file, with_home(error, real_home)))?;
    let home = match (home_use, real_home) {
        (HomeUse::InLine(_), Some(home)) => {
            Some(check_home(home).map(|()| home).map_err(|error| Error::Home(home, error))?)
        }
        // Nobody needs it, so a bad one is no error; but nothing may be created in it.
        (_, Some(home)) if snap_path::check(home).is_ok() && check_home(home).is_ok() => Some(home),
        (_, _) => None,
    };
    let mut kernel = Kernel::new(CreatesFor::Caller, Backend::Classic)
        .map_err(|e| Error::Root(e.raw_os_error()))?;
    let mut told = Told::new(log, file);
    let territory = Territory::User { home };
    let planned = match plan.compare(current, desired, territory) {
        Ok(Comparison::Differ) => plan.complete(&mut kernel, &mut told),
        Ok(Comparison::Same) => return Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = planned {
        return Err(Error::Plan(file, plan, error));
    }
    match plan.drive(&mut kernel, &mut told) {
        Ok(()) => Ok(()),
        // The namespace is thrown away.
        Err(failure) => Err(Error::Failed(file, plan, failure, Undone::Nothing)),
    }
}

/// What is wrong with a home is its own path, not the one that it should be put into.
fn with_home(error: LoadError<'static>, real_home: Option<&'static [u8]>) -> LoadError<'static> {
    match (error.kind, real_home) {
        (LoadErrorKind::BadHome(_), Some(culprit)) => LoadError { culprit, ..error },
        (_, _) => error,
    }
}
