//! The measuring process: an application that reads the clock, and updates around it.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use super::{CROWD, Gap, Gaps, Neighbours};
use crate::bench::inside::{check_built, same};
use crate::bench::job::Job;
use crate::bench::scenario::Phase;
use crate::bench::way::Way;
use crate::bench::world::{enter, mount_points, prepare};
use crate::conformance::pin;
use crate::live::{Helper, Namespaces, Priority, Tree};

/// How long nothing is done, to see what the longest gap is then.
const IDLE: Duration = Duration::from_millis(10);

/// What the kernel puts off after an update is no part of the next one.
const PAUSE: Duration = Duration::from_millis(20);

const PHASES: [Phase; 3] = [Phase::Build, Phase::NoChange, Phase::Undo];

/// Does the job on standard input; the gaps go to standard output.
pub(crate) fn main() -> Result<()> {
    let job: Job = serde_json::from_reader(std::io::stdin()).context("job")?;
    enter(&job)?;
    let mut tree = Tree::new()?;
    let home = File::open("/proc/self/ns/mnt").context("own namespace")?;
    let processors = Processors::split()?;
    pin(0)?;
    let mut sides = Vec::new();
    for way in Way::ALL {
        let namespaces = Namespaces::new(&home, || prepare().map(drop))?;
        sides.push(Side { way, namespaces, processors: &processors });
    }
    processors.keep_off()?;
    // Others who want to run would be seen as gaps, and the application would be one for them.
    Priority::First.take()?;
    let mut gaps = Gaps::default();
    for side in &sides {
        side.verify(&job)?;
    }
    for _ in 0..job.runs {
        for side in &sides {
            side.measure(&job, &tree, Neighbours::None, &mut gaps)?;
        }
    }
    tree.crowd(CROWD)?;
    for _ in 0..job.runs {
        for side in sides.iter().filter(|side| side.way == Way::Ours) {
            side.measure(&job, &tree, Neighbours::Crowd, &mut gaps)?;
        }
    }
    serde_json::to_writer(std::io::stdout(), &gaps).context("gaps")
}

/// One for the application alone, the others for everything else: what is measured is how long it
/// is stopped, not who else wants to run. With a single one they have to share it.
struct Processors {
    application: CpuSet,
    others: CpuSet,
}

impl Processors {
    fn split() -> Result<Self> {
        let mut others = sched_getaffinity(Pid::from_raw(0))?;
        let mut usable = (0..CpuSet::count()).filter(|cpu| others.is_set(*cpu) == Ok(true));
        let last = usable.next_back().context("no processor")?;
        let is_alone = usable.next().is_none();
        let mut application = CpuSet::new();
        application.set(last)?;
        if !is_alone {
            others.unset(last)?;
        }
        Ok(Self { application, others })
    }

    /// Lets this process, and what it starts, leave the application's alone.
    fn keep_off(&self) -> Result<()> {
        Ok(sched_setaffinity(Pid::from_raw(0), &self.others)?)
    }
}

/// A way of updating, with namespaces of its own.
struct Side<'s> {
    way: Way,
    namespaces: Namespaces,
    processors: &'s Processors,
}

impl Side<'_> {
    /// An uncounted round that proves that the work is done.
    fn verify(&self, job: &Job) -> Result<()> {
        self.namespaces.enter_host()?;
        let mounts = || self.namespaces.in_snap(mount_points);
        let before = mounts()?;
        self.update(job, Phase::Build)?;
        let built = mounts()?;
        self.namespaces.in_snap(|| check_built(job.shape, &before, &built))?;
        self.update(job, Phase::NoChange)?;
        same("no change", &built, &mounts()?)?;
        self.update(job, Phase::Undo)?;
        same("undo", &before, &mounts()?)
    }

    /// One round with an application.
    fn measure(
        &self,
        job: &Job,
        tree: &Tree,
        neighbours: Neighbours,
        gaps: &mut Gaps,
    ) -> Result<()> {
        self.namespaces.enter_host()?;
        let mut application = self.namespaces.in_snap(|| {
            Helper::start(|stream| {
                sched_setaffinity(Pid::from_raw(0), &self.processors.application)?;
                read_the_clock(stream)
            })
        })?;
        tree.add(application.pid())?;
        let mut window = |during: &dyn Fn() -> Result<()>| -> Result<f64> {
            sleep(PAUSE);
            let [_] = application.ask()?;
            during()?;
            let [nanoseconds] = application.ask()?;
            Ok(nanoseconds as f64 / 1e3)
        };
        for phase in PHASES {
            let us = window(&|| self.update(job, phase))?;
            gaps.gaps.push(Gap { way: self.way, neighbours, phase, us });
        }
        gaps.idle.push(window(&|| {
            sleep(IDLE);
            Ok(())
        })?);
        Ok(())
    }

    fn update(&self, job: &Job, phase: Phase) -> Result<()> {
        let desired = if phase == Phase::Undo { String::new() } else { job.shape.desired() };
        self.way.update(&desired).context(phase.word())
    }
}

/// Looks at the clock without a rest, and tells the longest time between two looks when asked.
fn read_the_clock(mut stream: UnixStream) -> Result<()> {
    stream.set_nonblocking(true)?;
    let mut longest = Duration::ZERO;
    let mut last = Instant::now();
    loop {
        let now = Instant::now();
        longest = longest.max(now - last);
        last = now;
        match stream.read(&mut [0]) {
            Ok(0) => return Ok(()),
            Ok(_) => {
                let nanoseconds = u64::try_from(longest.as_nanos())?;
                // Whoever asks goes on as soon as it has the answer: no look may come after that.
                longest = Duration::ZERO;
                last = Instant::now();
                stream.write_all(&nanoseconds.to_le_bytes())?;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error).context("the asker"),
        }
    }
}
