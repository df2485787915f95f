//! The timing process, in a mount namespace of its own.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use nix::mount::{MsFlags, mount};
use nix::time::ClockId;
use nix::unistd::{chdir, chroot};
use snap_ns_exec::{Backend, CreatesFor, Kernel};
use snap_ns_plan::{Comparison, FsView, Plan, Territory};
use snap_profile::{Arena, Profile, Role, Variables, load};

use super::shape::Shape;
use super::stub::{Complaints, Stub};
use super::{Planned, Task};

/// A plan is many megabytes, and comes into being on the stack.
const STACK: usize = 256 << 20;

/// Does the task on standard input; the figures go to standard output.
pub(crate) fn main() -> Result<()> {
    let task: Task = serde_json::from_reader(std::io::stdin()).context("task")?;
    let options = Some("size=1g,nr_inodes=200k");
    mount(Some("planning"), task.scratch.as_str(), Some("tmpfs"), MsFlags::empty(), options)?;
    chroot(task.scratch.as_str())?;
    chdir("/")?;
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(move || all(task.runs))?;
    let planned = thread.join().map_err(|_| anyhow!("the timing thread died"))??;
    Ok(serde_json::to_writer(std::io::stdout(), &planned)?)
}

fn all(runs: u16) -> Result<Vec<Planned>> {
    let shapes = Shape::pairs().into_iter().flat_map(|(small, large)| [small, large]);
    shapes.map(|shape| one(shape, runs).with_context(|| shape.name())).collect()
}

fn one(shape: Shape, runs: u16) -> Result<Planned> {
    let texts = [1, 2].map(|revision| shape.profile(revision));
    let entries = (texts[0].lines().count(), texts[1].lines().count());
    let mut stub = Stub::new(shape);
    let mut kernel = match shape.children() {
        // The directory would have to be read-only, and all that is beneath the mimic.
        Some(_) => None,
        None => {
            make_tree(&texts)?;
            let kernel = Kernel::new(CreatesFor::Root, Backend::Classic);
            Some(kernel.map_err(|errno| anyhow!("the root directory: {errno}"))?)
        }
    };
    let (mut parse, mut plan, mut with_kernel) = (Vec::new(), Vec::new(), Vec::new());
    let mut steps = 0;
    // The first turn warms the caches.
    for turn in 0..=runs {
        let timed = timed(&texts, &mut stub)?;
        let kernel = kernel.as_mut().map(|kernel| self::timed(&texts, kernel)).transpose()?;
        steps = timed.steps;
        if turn > 0 {
            parse.push(timed.parse);
            plan.push(timed.plan);
            with_kernel.extend(kernel.map(|timed| timed.plan));
        }
    }
    let median = |mut times: Vec<Duration>| {
        times.sort();
        times.get(times.len() / 2).map(|time| time.as_secs_f64() * 1e6)
    };
    let parse = median(parse).context("no run")?;
    let plan = median(plan).context("no run")?;
    Ok(Planned { shape, entries, steps, parse, plan, kernel: median(with_kernel) })
}

struct Timed {
    parse: Duration,
    plan: Duration,
    steps: usize,
}

/// One planning, in memory that was touched before.
fn timed(texts: &[String; 2], view: &mut dyn FsView) -> Result<Timed> {
    let mut current_text = texts[0].clone().into_bytes();
    let mut desired_text = texts[1].clone().into_bytes();
    let mut room = vec![0; 1 << 20];
    let mut arena = Arena::new(&mut room);
    let (mut current, mut desired) = (Box::new(Profile::new()), Box::new(Profile::new()));
    let mut plan = Box::new(Plan::new());
    let mut complaints = Complaints::default();
    let none = &Variables::None;

    let start = cpu_time()?;
    let loaded = [
        load(&mut current_text, Role::Current, none, &mut arena, &mut current).is_ok(),
        load(&mut desired_text, Role::Desired, none, &mut arena, &mut desired).is_ok(),
    ];
    let parse = cpu_time()? - start;
    ensure!(loaded == [true; 2], "a profile cannot be read");

    let territory = Territory::System { snap_instance: b"/snap/hello", snap_name: b"/snap/hello" };
    let start = cpu_time()?;
    let compared = plan.compare(&current, &desired, territory);
    let planned = plan.complete(view, &mut complaints);
    let took = cpu_time()? - start;
    ensure!(compared == Ok(Comparison::Differ), "compared: {compared:?}");
    ensure!(planned.is_ok() && complaints.0 == 0, "planned: {planned:?}");
    Ok(Timed { parse, plan: took, steps: plan.steps().len() })
}

/// What this thread computed so far: what others do on the machine does not count.
fn cpu_time() -> Result<Duration> {
    Ok(ClockId::CLOCK_THREAD_CPUTIME_ID.now()?.into())
}

/// Every source and mount point, as a directory with the one in it that deep mount points go through.
fn make_tree(texts: &[String; 2]) -> Result<()> {
    let lines = texts.iter().flat_map(|text| text.lines());
    let paths = lines.flat_map(|line| line.split(' ').take(2));
    let paths: BTreeSet<&str> = paths.filter(|path| path.starts_with('/')).collect();
    paths.into_iter().try_for_each(|path| Ok(fs::create_dir_all(format!("{path}/d"))?))
}
