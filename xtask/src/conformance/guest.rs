//! One case on one side, in a process of its own: makes the world, performs the steps, reports
//! what was there after each.
//!
//! Three mount namespaces, as on a real machine: the host's, where snapd runs; the snap's, a copy
//! of it with a private `/tmp`; and for each per-user step a copy of the snap's.

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::mount::MsFlags;
use nix::sched::{CloneFlags, setns, unshare};
use serde::{Deserialize, Serialize};

use super::caller::{self, Outcome, Program};
use super::case::{By, Caller, Case, Namespace, Observation, Step};
use super::conditions::Conditions;
use super::observe::{self, Seen};
use super::text::expand;
use super::world;

/// What the parent writes to our standard input.
#[derive(Deserialize, Serialize)]
pub(super) struct Job {
    pub(super) program: PathBuf,
    pub(super) conditions: Conditions,
    /// For the steps that are the original's on both sides.
    pub(super) original: PathBuf,
    /// Any directory; it is only mounted on, in our own namespace.
    pub(super) scratch: PathBuf,
    pub(super) case: Case,
}

/// The hidden subcommand: a job in, observations out: one before the first step, one after each.
pub(crate) fn run() -> Result<()> {
    let job: Job = serde_json::from_reader(std::io::stdin()).context("job")?;
    let open = |path: &Path, conditions| -> Result<Program> {
        let file = File::open(path).with_context(|| path.display().to_string())?;
        Ok(Program { file, conditions })
    };
    let original = open(&job.original, job.conditions.of_the_original())?;
    let program = open(&job.program, job.conditions)?;
    world::enter(&job.scratch, &job.case)?;
    let namespaces = Namespaces::new(&job.case)?;
    let nothing = Outcome { exit: String::new(), stdout: vec![], stderr: vec![] };
    let mut observations = vec![observe(&job.case, nothing, &namespaces)?];
    enter(&namespaces.snap)?;
    for step in &job.case.steps {
        let program = match step.by {
            By::Each => &program,
            By::Original => &original,
        };
        observations.push(perform(&job.case, step, program, &namespaces)?);
    }
    serde_json::to_writer(std::io::stdout(), &observations)?;
    Ok(())
}

/// Where the saved profile of the case's snap is.
pub(super) fn current_profile(case: &Case) -> String {
    format!("/run/snapd/ns/snap.{}.fstab", case.instance)
}

fn perform(case: &Case, step: &Step, program: &Program, at: &Namespaces) -> Result<Observation> {
    world::perform(&step.world)?;
    let suffix = if step.caller == Caller::User { "user-fstab" } else { "fstab" };
    if let Some(desired) = &step.desired {
        let path = format!("/var/lib/snapd/mount/snap.{}.{suffix}", case.instance);
        fs::write(path, expand(desired))?;
    }
    if let Some(current) = &step.current {
        fs::write(current_profile(case), expand(current))?;
    }
    let outcome = match step.caller {
        Caller::SnapConfine => caller::run(case, step, program)?,
        Caller::Snapd => {
            enter(&at.host)?;
            let outcome = caller::run(case, step, program);
            enter(&at.snap)?;
            outcome?
        }
        Caller::User => {
            new_namespace()?;
            world::propagate(Path::new("/"), MsFlags::MS_SLAVE)?;
            caller::run(case, step, program)?
        }
    };
    let observation = observe(case, outcome, at);
    enter(&at.snap)?;
    observation
}

fn observe(case: &Case, outcome: Outcome, at: &Namespaces) -> Result<Observation> {
    let seen = if case.exact { Seen::Exactly } else { Seen::WithoutAside };
    let profile = fs::read(current_profile(case)).unwrap_or_default();
    let mounts = observe::mounts()?;
    let tree = observe::tree(seen)?;
    enter(&at.host)?;
    Ok(Observation {
        exit: outcome.exit,
        stdout: observe::lines(&outcome.stdout),
        stderr: observe::lines(&outcome.stderr),
        profile: observe::lines(&profile),
        mounts,
        tree,
        host: observe::tree(seen)?,
    })
}

struct Namespaces {
    host: File,
    snap: File,
}

impl Namespaces {
    /// Leaves this process in the snap's namespace.
    fn new(case: &Case) -> Result<Self> {
        let host = File::open("/proc/self/ns/mnt")?;
        new_namespace()?;
        let snap = File::open("/proc/self/ns/mnt")?;
        let namespaces = Self { host, snap };
        enter(&namespaces.host)?;
        namespaces.preserve(case)?;
        enter(&namespaces.snap)?;
        world::private_tmp()?;
        Ok(namespaces)
    }

    fn preserve(&self, case: &Case) -> Result<()> {
        if case.namespace == Namespace::Missing {
            return Ok(());
        }
        let mnt = format!("/run/snapd/ns/{}.mnt", case.instance);
        fs::write(&mnt, "")?;
        if case.namespace == Namespace::Preserved {
            let namespace = format!("/proc/self/fd/{}", self.snap.as_raw_fd());
            world::bind(namespace.as_str(), Path::new(&mnt), MsFlags::empty())
                .context("preserve the namespace")?;
        }
        Ok(())
    }
}

fn enter(namespace: &File) -> Result<()> {
    setns(namespace, CloneFlags::CLONE_NEWNS).context("setns")
}

fn new_namespace() -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNS).context("unshare")
}
