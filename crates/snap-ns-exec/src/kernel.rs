//! The one value that stands for the kernel.

use rustix::fd::OwnedFd;
use rustix::io::{self, Errno};
use snap_ns_plan::{Action, Call, Fault, Outcome, Performer, Role, Rule};

use crate::backend::{Backend, Fallback, Stop};
use crate::fault::failed;
use crate::remembered::Parents;

/// The mount namespace that this process is in: what a plan looks at and is performed on.
#[derive(Debug)]
pub struct Kernel {
    pub(crate) resolver: Resolver,
    pub(crate) backend: Backend,
    pub(crate) fallback: Option<Fallback>,
    pub(crate) staging: Staging,
    pub(crate) root: OwnedFd,
    /// The effective user and group of this process: they own what it creates at first.
    pub(crate) owner: (u32, u32),
    /// The user and group that shall own what has no other owner.
    pub(crate) creates_for: (u32, u32),
    pub(crate) parents: Parents,
    /// Keeps the namespace alive, when this process is not in it.
    pub(crate) namespace: Option<OwnedFd>,
    pub(crate) phase: Phase,
}

/// What this value was used for last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Looking,
    Performing,
    /// It could not come back to its namespace: whatever it did now it would do elsewhere.
    Lost(Errno),
}

/// Who shall own what is created, if nobody says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreatesFor {
    /// Root, whoever runs this: it is the snap's namespace.
    Root,
    /// The user who runs this.
    Caller,
}

/// How paths are walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolver {
    /// openat2(2) with `RESOLVE_NO_SYMLINKS`, from Linux 5.6 on.
    OpenAt2,
    /// One openat(2) with `O_NOFOLLOW` for each component, on any kernel.
    Emulated,
}

/// Where a mimic is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Staging {
    /// Attached nowhere, which Linux 6.15 and later can do.
    Detached,
    /// In a throw-away copy of the namespace.
    Copy,
}

impl Kernel {
    /// Takes the root directory of the namespace that this process is in now: the namespace must
    /// have been joined before. Walks with openat2(2) when the kernel has it. Whether it has the
    /// calls of `backend` is found out when they are used.
    ///
    /// # Errors
    ///
    /// The root directory cannot be opened.
    pub fn new(creates_for: CreatesFor, backend: Backend) -> io::Result<Self> {
        match Self::with_resolver(creates_for, backend, Resolver::OpenAt2) {
            Err(Errno::NOSYS | Errno::PERM) => {
                Self::with_resolver(creates_for, backend, Resolver::Emulated)
            }
            result => result,
        }
    }

    /// As [`new`](Self::new), with a resolver of the caller's choice: tests run on both.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn with_resolver(
        creates_for: CreatesFor,
        backend: Backend,
        resolver: Resolver,
    ) -> io::Result<Self> {
        let root = resolver.open_root()?;
        let owner = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        let creates_for = match creates_for {
            CreatesFor::Root => (0, 0),
            CreatesFor::Caller => owner,
        };
        Ok(Self {
            resolver,
            backend,
            fallback: None,
            staging: Staging::Detached,
            root,
            owner,
            creates_for,
            parents: Parents::default(),
            namespace: None,
            phase: Phase::Looking,
        })
    }

    /// The back end in force.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Why that is not the one that was wanted, if so.
    #[must_use]
    pub fn fallback(&self) -> Option<Fallback> {
        self.fallback
    }

    /// Does something with the back end in force.
    pub(crate) fn by_backend<T>(
        &mut self,
        fd: impl FnOnce(&mut Self) -> Result<T, Stop>,
        classic: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if self.backend == Backend::Classic {
            return classic(self);
        }
        match fd(self) {
            Ok(done) => Ok(done),
            Err(Stop::Fault(fault)) => Err(fault),
            Err(Stop::Refused(errno)) => {
                if errno == Errno::NOSYS {
                    self.fall_back(errno);
                }
                let done = classic(self);
                // What the classic calls may not do either says nothing about the newer ones.
                if done.is_ok() {
                    self.fall_back(errno);
                }
                done
            }
        }
    }

    /// Everything is classic from now on, because of what a newer call answered.
    pub(crate) fn fall_back(&mut self, errno: Errno) {
        self.backend = Backend::Classic;
        self.fallback =
            Some(if errno == Errno::NOSYS { Fallback::Missing } else { Fallback::Denied });
    }
}

impl Performer for Kernel {
    fn perform(&mut self, action: &Action<'_>, rule: &dyn Rule) -> Outcome {
        match self.phase {
            Phase::Performing => {}
            Phase::Looking => {
                // What was walked before the snap's processes were frozen is walked again.
                self.parents = Parents::default();
                self.phase = Phase::Performing;
            }
            Phase::Lost(errno) => {
                return Outcome::Failed(failed(Call::CopyNamespace, Role::Nothing)(errno));
            }
        }
        let result = match action {
            Action::Nothing => Ok(Outcome::Done),
            Action::Unmount { mount_point } => self.unmount(mount_point),
            Action::RemoveSymlink { path, target, keep } => {
                self.remove_symlink(path, target, *keep, rule)
            }
            Action::RemoveMountPoint { path, keep } => self.remove_mount_point(path, *keep, rule),
            Action::RemoveSource { path, own, keep } => self.remove_source(path, own, *keep, rule),
            Action::Make(creation) => self.make(creation, rule),
            Action::MakeSymlink { path, target, old, owner } => {
                self.make_symlink(path, target, *old, *owner, rule)
            }
            Action::EnsureDir { path, must_exist } => self.ensure_dir(path, must_exist, rule),
            Action::Mount(item) => self.mount(item, rule),
            Action::PutBeneath(item) => self.put_beneath(item),
            Action::Mimic(mimic) => self.mimic(mimic, rule),
        };
        result.unwrap_or_else(Outcome::Failed)
    }
}
