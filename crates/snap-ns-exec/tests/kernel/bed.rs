//! What each test stands on: a world, a kernel, a rule.

use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use rustix::fs::Mode;
use rustix::process::umask;
use snap_ns_exec::{Backend, CreatesFor, Kernel, Resolver};
use snap_ns_plan::{Action, Ground, Outcome, Performer as _, Rule, Verdict};
use snap_ns_testbed::{Isolation, Without, World, run_test_without};
use snap_profile::{Arena, Item, Profile, Role, Variables};

pub(crate) struct Bed {
    pub(crate) world: World,
    pub(crate) kernel: Kernel,
    pub(crate) means: Means,
}

/// What the kernel is asked to work with.
#[derive(Clone, Copy)]
pub(crate) struct Means {
    pub(crate) backend: Backend,
    resolver: Resolver,
    prepare: fn(&mut Kernel),
}

pub(crate) const CLASSIC: Means =
    Means { backend: Backend::Classic, resolver: Resolver::OpenAt2, prepare: |_| () };
pub(crate) const CLASSIC_EMULATED: Means = Means { resolver: Resolver::Emulated, ..CLASSIC };
pub(crate) const FD: Means = Means { backend: Backend::Fd, ..CLASSIC };
pub(crate) const FD_EMULATED: Means = Means { resolver: Resolver::Emulated, ..FD };
/// As on Linux 5.12 to 6.14.
pub(crate) const FD_STAGED: Means = Means { prepare: Kernel::stage_in_copies, ..FD };

impl Means {
    fn kernel(self) -> Kernel {
        let mut kernel =
            Kernel::with_resolver(CreatesFor::Root, self.backend, self.resolver).unwrap();
        (self.prepare)(&mut kernel);
        kernel
    }
}

/// Gives the same answer everywhere.
pub(crate) struct Always {
    pub(crate) verdict: Verdict,
    pub(crate) may_change: bool,
}

pub(crate) const ALLOWED: Always = Always { verdict: Verdict::Write, may_change: false };

impl Rule for Always {
    fn verdict(&self, _dir: &[u8], _ground: Ground) -> Verdict {
        self.verdict
    }

    fn may_change(&self, _dir: &[u8]) -> bool {
        self.may_change
    }
}

/// Runs `body` in a new world.
pub(crate) fn run(module: &str, means: Means, body: fn(&mut Bed) -> Result<()>) -> Result<()> {
    run_without(module, &Without::default(), means, |bed| {
        body(bed)?;
        // What was asked for was used.
        assert_eq!(bed.kernel.backend(), means.backend);
        Ok(())
    })
}

/// The same where system calls are missing. Profiles and plans are larger than a test's stack.
pub(crate) fn run_without(
    module: &str,
    without: &Without,
    means: Means,
    body: impl FnOnce(&mut Bed) -> Result<()> + Send,
) -> Result<()> {
    let name = module.split_once("::").map_or(module, |(_, name)| name);
    run_test_without(name, without, || {
        let world = World::enter(Path::new("/tmp"))?;
        world.like_a_machine()?;
        let mut bed = Bed { world, kernel: means.kernel(), means };
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(128 << 20);
            let joined = thread.spawn_scoped(scope, || body(&mut bed))?.join();
            joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })
}

/// As [`run`], but says that it is skipped to ordinary users.
pub(crate) fn run_as_root(
    module: &str,
    means: Means,
    body: fn(&mut Bed) -> Result<()>,
) -> Result<()> {
    if Isolation::here() == Isolation::UserNamespace && !inside() {
        // Not by a macro: the test harness would keep it for itself.
        writeln!(std::io::stderr(), "SKIPPED {module}: needs real root")?;
        return Ok(());
    }
    run(module, means, body)
}

/// Whether this process is in a namespace of its own, where everybody is root.
fn inside() -> bool {
    std::env::var_os("SNAP_NS_TESTBED_INSIDE").is_some()
}

impl Bed {
    /// Performs with umask 0, as the program does.
    pub(crate) fn perform(&mut self, action: &Action<'_>) -> Outcome {
        self.perform_by(action, &ALLOWED)
    }

    pub(crate) fn perform_by(&mut self, action: &Action<'_>, rule: &dyn Rule) -> Outcome {
        let usual = umask(Mode::empty());
        let outcome = self.kernel.perform(action, rule);
        umask(usual);
        outcome
    }

    /// Mounts the entry `line`.
    pub(crate) fn mount(&mut self, line: &str) -> Outcome {
        self.mount_by(line, &ALLOWED)
    }

    pub(crate) fn mount_by(&mut self, line: &str, rule: &dyn Rule) -> Outcome {
        self.perform_by(&Action::Mount(&items(line)[0]), rule)
    }

    /// Forgets what was walked.
    pub(crate) fn renew(&mut self) {
        self.kernel = self.means.kernel();
    }
}

/// The entries of a profile; they are never freed.
pub(crate) fn profile(text: &str) -> &'static Profile<'static> {
    let text = Box::leak(text.as_bytes().to_vec().into_boxed_slice());
    let mut arena = Arena::new(Box::leak(Box::new([0; 1024])));
    let profile = Box::leak(Box::new(Profile::new()));
    snap_profile::load(text, Role::Desired, &Variables::None, &mut arena, profile).unwrap();
    profile
}

pub(crate) fn items(text: &str) -> &'static [Item<'static>] {
    profile(text)
}
