//! One battle: updates under attack in namespaces of their own, and what is looked at in between.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use nix::sched::{CloneFlags, sched_getaffinity, sched_setaffinity, unshare};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use snap_ns_testbed::Without;

use super::attack::Attacker;
use super::canary::Canary;
use super::mounts::{self, Allowed, Mount};
use super::place::{self, profile};
use crate::bench::{CURRENT, DESIRED, ROOTFS, prepare};
use crate::conformance::pin;
use crate::live::{Ended, Helper, Namespaces, Priority, Program};

/// Each so many updates all that must not change is looked at.
const BATCH: usize = 25;

/// After so many updates the attackers pause.
const ROUND: usize = 500;

/// Each so many updates a user starts a program.
const USER: usize = 10;

/// What the parent asks for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Job {
    /// The program, on the machine.
    pub(super) program: PathBuf,
    pub(super) without: Without,
    pub(super) updates: usize,
    pub(super) scratch: PathBuf,
}

/// What came of it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) updates: usize,
    pub(super) user_runs: usize,
    /// Updates that were refused or undone, with one line.
    pub(super) failed: usize,
    /// Entries that were left out.
    pub(super) left_out: usize,
    pub(super) attacks: u64,
    /// The most mounts that were there at once, before any update's.
    pub(super) most_mounts: usize,
    /// What the program said, and how often.
    pub(super) reasons: BTreeMap<String, usize>,
    /// The first thing that must not be, and at which update.
    pub(super) escape: Option<(usize, String)>,
}

/// Does the job on standard input; the report goes to standard output.
pub(crate) fn main() -> Result<()> {
    let job: Job = serde_json::from_reader(std::io::stdin()).context("job")?;
    let program = fs::read(&job.program).context("the program")?;
    let processors = sched_getaffinity(Pid::from_raw(0))?;
    pin(0)?;
    place::make(&job.scratch, &program)?;
    let home = File::open("/proc/self/ns/mnt").context("own namespace")?;
    let namespaces = Namespaces::new(&home, || {
        prepare()?;
        place::restore()
    })?;
    sched_setaffinity(Pid::from_raw(0), &processors)?;
    Priority::First.take()?;
    let program = Program { path: "/program".to_owned(), without: job.without };
    let mut battle = Battle::prepare(program, &namespaces)?;
    battle.fight(job.updates)?;
    serde_json::to_writer(std::io::stdout(), &battle.report).context("report")
}

struct Battle<'b> {
    program: Program,
    namespaces: &'b Namespaces,
    /// A process in the snap's namespace that does nothing: its mounts are the snap's.
    witness: Helper,
    allowed: Allowed,
    canary: Canary,
    /// The mounts of the host, which nothing may reach.
    host: Vec<Mount>,
    /// The snap's mounts after the first update, when nobody attacks.
    reference: Vec<Mount>,
    report: Report,
}

impl<'b> Battle<'b> {
    fn prepare(program: Program, namespaces: &'b Namespaces) -> Result<Self> {
        let witness = namespaces
            .in_snap(|| Helper::start(|mut stream| Ok(stream.read(&mut [0]).map(|_| ())?)))?;
        let before = mounts::of(&witness.pid().to_string())?;
        let mut battle = Self {
            program,
            namespaces,
            witness,
            allowed: Allowed::new(&before)?,
            canary: Canary::now()?,
            host: mounts::of("self")?,
            reference: Vec::new(),
            report: Report::default(),
        };
        battle.reference = battle.converge()?;
        Ok(battle)
    }

    /// In rounds, each of which ends with a look whether the way back is open.
    fn fight(&mut self, updates: usize) -> Result<()> {
        let mut numbers = 0..updates;
        while !numbers.is_empty() && self.report.escape.is_none() {
            self.round(numbers.by_ref().take(ROUND))?;
        }
        Ok(())
    }

    fn round(&mut self, numbers: impl Iterator<Item = usize>) -> Result<()> {
        let seed = self.report.updates as u64;
        let start = |attacker: Attacker, number: u64| {
            Helper::start(move |stream| attacker.run(stream, seed << 2 | number))
        };
        let mut attackers = vec![start(Attacker::Root, 1)?];
        attackers.extend(
            self.namespaces
                .in_snap(|| Ok([start(Attacker::Root, 2)?, start(Attacker::User, 3)?]))?,
        );
        for number in numbers {
            self.update(number).with_context(|| format!("update {number}"))?;
            if self.report.escape.is_some() {
                return Ok(());
            }
        }
        for attacker in &mut attackers {
            let [attacks] = attacker.ask()?;
            self.report.attacks += attacks;
        }
        drop(attackers);
        place::restore()?;
        if let Err(error) = self.converge() {
            self.report.escape = Some((self.report.updates, format!("no way back: {error:#}")));
        }
        Ok(())
    }

    fn update(&mut self, number: usize) -> Result<()> {
        fs::write(DESIRED, profile(number))?;
        let ended = self.program.update()?;
        self.report.updates += 1;
        let mut complaint = self.judge(&ended);
        let now = self.mounts()?;
        self.report.most_mounts = self.report.most_mounts.max(now.len());
        let saved = fs::read_to_string(CURRENT)?;
        complaint = complaint.or_else(|| self.allowed.complaint(&now));
        complaint = complaint.or_else(|| mounts::untruth(&now, &saved));
        if complaint.is_none() && number % USER == USER - 1 {
            complaint = self.user_run()?;
        }
        if complaint.is_none() && number % BATCH == BATCH - 1 {
            complaint = self.canary.complaint()?;
            if mounts::of("self")? != self.host {
                complaint = Some("the host's mounts have changed".to_owned());
            }
        }
        self.report.escape = complaint.map(|complaint| (number, complaint));
        Ok(())
    }

    /// A user starts a program, in a copy of the snap's namespace.
    fn user_run(&mut self) -> Result<Option<String>> {
        let (ended, now) = self.namespaces.in_snap(|| {
            unshare(CloneFlags::CLONE_NEWNS).context("unshare")?;
            Ok((self.program.update_user()?, mounts::of("self")?))
        })?;
        self.report.user_runs += 1;
        Ok(self.judge(&ended).or_else(|| self.allowed.complaint(&now)))
    }

    /// Anything but success in silence, or one clear line, is a crash.
    fn judge(&mut self, ended: &Ended) -> Option<String> {
        let line = ended.output.strip_suffix('\n').unwrap_or_default();
        let as_it_should = match ended.status.code() {
            Some(0) => ended.output.is_empty(),
            Some(1) => {
                line.starts_with("cannot update snap namespace: ")
                    && !line.contains('\n')
                    && !line.contains("internal error")
            }
            Some(_) | None => false,
        };
        self.report.failed += usize::from(ended.status.code() == Some(1));
        let told = ended.notices.lines().chain(Some(line).filter(|line| !line.is_empty()));
        for text in told {
            self.report.left_out += usize::from(text.contains("left out: "));
            *self.report.reasons.entry(without_names(text)).or_default() += 1;
        }
        let Ended { status, output, notices } = ended;
        (!as_it_should).then(|| format!("crashed: {status}: {output:?} {notices:?}"))
    }

    fn mounts(&self) -> Result<Vec<Mount>> {
        mounts::of(&self.witness.pid().to_string())
    }

    /// With nobody attacking: one update leads to the same mounts whatever was before, and the next
    /// one to none. Returns the mounts in between.
    fn converge(&self) -> Result<Vec<Mount>> {
        let built = self.quietly(&profile(0))?;
        let comparable = |mounts: &[Mount]| -> Vec<Mount> {
            mounts.iter().map(|mount| mount.to_compare(&self.allowed)).collect()
        };
        let built = comparable(&built);
        if !self.reference.is_empty() {
            ensure!(built == self.reference, "{built:#?} instead of {:#?}", self.reference);
        }
        let undone = self.quietly("")?;
        ensure!(self.allowed.is_before(&undone), "left after all was undone: {undone:#?}");
        let saved = fs::read_to_string(CURRENT)?;
        ensure!(saved == ROOTFS, "saved after all was undone: {saved}");
        ensure!(!fs::exists("/tmp/.snap")?, "/tmp/.snap is there");
        if let Some(complaint) = self.canary.complaint()? {
            bail!("{complaint}");
        }
        Ok(built)
    }

    fn quietly(&self, desired: &str) -> Result<Vec<Mount>> {
        fs::write(DESIRED, desired)?;
        let Ended { status, output, notices } = self.program.update()?;
        let quiet = status.success() && output.is_empty() && notices.is_empty();
        ensure!(quiet, "{status}: {output}{notices}");
        self.mounts()
    }
}

/// What was said, with dots for every path and number.
fn without_names(text: &str) -> String {
    let is_name = |word: &&str| word.contains('/') || word.contains(|c: char| c.is_ascii_digit());
    let words = text.split(' ').map(|word| if is_name(&word) { "..." } else { word });
    words.collect::<Vec<_>>().join(" ")
}
