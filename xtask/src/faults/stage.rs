//! One world, made anew for each point: the host, the snap's namespace, and the runs in it.

use std::ffi::CString;
use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use nix::mount::MsFlags;
use nix::sched::{CloneFlags, unshare};

use super::driver::{self, Run, Start, Watch};
use super::facts::Facts;
use super::groups;
use super::guest::Side;
use super::scenario::{Caller, Row};
use crate::conformance::caller::{become_user, hold_lock};
use crate::conformance::case::Case;
use crate::conformance::refresh::namespaces::{self, enter, own};
use crate::conformance::text::expand;
use crate::conformance::world;

/// A row's world, in the state before the run that is swept.
pub(super) struct Stage<'r> {
    row: &'r Row,
    /// That of the first run, and that of the second.
    programs: &'r [File; 2],
    case: Case,
    host: File,
    /// The snap's namespace.
    live: File,
    /// Where the run acts and what is looked at: the same, or a user's copy of it.
    current: File,
    /// Keeps mounts in use.
    held: Vec<File>,
}

impl<'r> Stage<'r> {
    /// Makes the world on `scratch`, and the namespace by undisturbed runs of the first program.
    pub(super) fn new(row: &'r Row, programs: &'r [File; 2], scratch: &Path) -> Result<Self> {
        let scenario = &row.scenario;
        let case = Case::of_world(&scenario.instance, &scenario.world);
        let host = namespaces::host(scratch, &case)?;
        groups::prepare(scenario)?;
        let live = namespaces::fresh(&host)?;
        namespaces::preserve(&host, &live, &scenario.instance)?;
        let current = live.try_clone()?;
        let mut stage = Self { row, programs, case, host, live, current, held: vec![] };
        for (number, profile) in scenario.before.iter().enumerate() {
            let by = if number == 0 { Caller::SnapConfine } else { Caller::Snapd };
            let run = stage.run(&programs[0], by, profile, Watch::Nothing)?;
            ensure!(
                run.exit == "0",
                "profile {} before: exit status {}: {}",
                number + 1,
                run.exit,
                String::from_utf8_lossy(&run.stdout)
            );
        }
        enter(&stage.current)?;
        for place in &scenario.held_open {
            stage.held.push(File::open(place).with_context(|| place.clone())?);
        }
        if row.caller == Caller::User {
            stage.copy_for_user()?;
        }
        // What the callers leave in the world is there before the first run.
        enter(&stage.host)?;
        hold_lock(&stage.case)?;
        stage.want(row.caller, &scenario.desired)?;
        Ok(stage)
    }

    /// The run that is swept.
    pub(super) fn first(&mut self, watch: Watch) -> Result<Run> {
        self.run(&self.programs[0], self.row.caller, &self.row.scenario.desired, watch)
    }

    /// A run for another profile instead; of two versions it is the second one's.
    pub(super) fn alone(&mut self, desired: &str, side: Side) -> Result<Run> {
        let program = match side {
            Side::Ours | Side::Original | Side::TakenOver => &self.programs[0],
            Side::Versions => &self.programs[1],
        };
        self.run(program, self.row.caller, desired, Watch::Nothing)
    }

    /// The run after one that ended with `exit`, undisturbed.
    pub(super) fn second(&mut self, exit: &str, desired: &str) -> Result<Run> {
        let caller = match self.row.caller {
            // snap-confine went on, and what comes next is an update.
            Caller::SnapConfine if exit == "0" => Caller::Snapd,
            Caller::SnapConfine => {
                self.throw_away()?;
                Caller::SnapConfine
            }
            Caller::User => {
                self.copy_for_user()?;
                Caller::User
            }
            caller @ (Caller::SnapConfineAgain | Caller::Snapd) => caller,
        };
        self.run(&self.programs[1], caller, desired, Watch::Nothing)
    }

    /// A fresh namespace on the same host, with what snap-confine writes for it.
    fn throw_away(&mut self) -> Result<()> {
        self.live = namespaces::fresh(&self.host)?;
        self.current = self.live.try_clone()?;
        Ok(fs::write(self.profile(), world::ROOTFS)?)
    }

    /// A copy of the snap's namespace, as snap-confine makes it for each user.
    fn copy_for_user(&mut self) -> Result<()> {
        enter(&self.live)?;
        unshare(CloneFlags::CLONE_NEWNS).context("unshare")?;
        world::propagate(Path::new("/"), MsFlags::MS_SLAVE)?;
        self.current = own()?;
        Ok(())
    }

    fn profile(&self) -> String {
        format!("/run/snapd/ns/snap.{}.fstab", self.row.scenario.instance)
    }

    fn run(&self, program: &File, caller: Caller, desired: &str, watch: Watch) -> Result<Run> {
        enter(&self.host)?;
        self.want(caller, desired)?;
        let lock = match caller {
            Caller::SnapConfine | Caller::SnapConfineAgain => Some(hold_lock(&self.case)?),
            Caller::Snapd | Caller::User => None,
        };
        if caller != Caller::Snapd {
            enter(&self.current)?;
        }
        let run = driver::run(&self.start(program, caller)?, watch);
        drop(lock);
        run
    }

    /// Writes the desired profile, in the host's namespace.
    fn want(&self, caller: Caller, desired: &str) -> Result<()> {
        let suffix = if caller == Caller::User { "user-fstab" } else { "fstab" };
        let instance = &self.row.scenario.instance;
        let path = format!("/var/lib/snapd/mount/snap.{instance}.{suffix}");
        Ok(fs::write(path, expand(desired))?)
    }

    fn start<'p>(&self, program: &'p File, caller: Caller) -> Result<Start<'p>> {
        let (options, environment, mask): (&[&str], &[&str], u32) = match caller {
            Caller::SnapConfine | Caller::SnapConfineAgain => (&["--from-snap-confine"], &[], 0),
            Caller::Snapd => (&[], &["PATH=/usr/sbin:/usr/bin", "LANG=C.UTF-8"], 0o022),
            Caller::User => (
                &["--from-snap-confine", "--user-mounts"],
                &["XDG_RUNTIME_DIR=/run/user/1000/snap.hello", "SNAP_REAL_HOME=/home/user"],
                0,
            ),
        };
        let texts = |texts: &[&str]| -> Result<Vec<CString>> {
            texts.iter().map(|text| Ok(CString::new(*text)?)).collect()
        };
        let mut arguments = vec!["snap-update-ns"];
        arguments.extend(options);
        arguments.push(&self.row.scenario.instance);
        Ok(Start {
            program,
            arguments: texts(&arguments)?,
            environment: texts(environment)?,
            mask,
            prepare: if caller == Caller::User { become_user } else { || Ok(()) },
        })
    }

    /// What is there now, after a run that ended with `exit`.
    pub(super) fn facts(&self, exit: &str) -> Result<Facts> {
        let mut facts = Facts { exit: exit.to_owned(), ..Facts::default() };
        enter(&self.current)?;
        facts.look_inside(&self.profile())?;
        enter(&self.host)?;
        facts.freezer = groups::state(&self.row.scenario)?;
        facts.look_outside()?;
        Ok(facts)
    }
}

#[cfg(test)]
mod tests;
