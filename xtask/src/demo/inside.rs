//! The isolated process: enters the world, plays the acts, looks after each.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};
use snap_ns_testbed::Isolation;

use super::moment::Moment;
use super::mounts::{self, Mount};
use super::paint;
use super::snap::Snaps;
use super::story::{Act, acts};
use super::tree::{self, Mark, Tree};

/// What the outer process, which still is who the user is, has to tell.
#[derive(Serialize, Deserialize)]
pub(crate) struct Task {
    /// The program to show.
    pub(crate) program: PathBuf,
    /// A directory of the machine for images and to mount the world on.
    pub(crate) scratch: PathBuf,
    /// Whether this is real root.
    pub(crate) root: bool,
}

/// The places that the story changes: what the pictures show.
const SCENE: [&str; 7] = [
    "/etc",
    "/snap/hello/1/icons",
    "/snap/hello/2/icons",
    "/srv",
    "/usr/share/doc",
    "/usr/share/fonts",
    "/usr/share/games",
];

/// Plays the story.
pub(crate) fn main(task: &str) -> Result<()> {
    let task: Task = serde_json::from_str(task).context("task")?;
    let isolation = if task.root { Isolation::Root } else { Isolation::UserNamespace };
    let snaps = Snaps::prepare(&task.scratch, isolation);
    paint::prose(&format!("The snaps are {}.", snaps.describe()));
    if isolation == Isolation::UserNamespace {
        paint::prose(
            "You are not root, so this is a user namespace with one user in it: an owner other than\nroot cannot be shown.",
        );
    }
    let mount_point = task.scratch.join("world");
    fs::create_dir_all(&mount_point)?;
    snaps.enter(&mount_point, &task.program)?;
    // Held to the end, as snap-confine holds it around each call.
    let _lock = Flock::lock(File::open(super::LOCK)?, FlockArg::LockExclusiveNonblock)
        .map_err(|(_, error)| error)
        .context("lock")?;
    let first = Moment::now()?;
    let mut failed = 0_usize;
    let mut desired = Vec::new();
    for (number, act) in acts(isolation).into_iter().enumerate() {
        paint::title(&format!("Act {}: {}", number + 1, act.title));
        paint::prose(act.prose);
        failed += play(&act, &desired, &first)?;
        desired = act.desired;
    }
    let back = first.is_now()?;
    paint::verdict(&back);
    ensure!(failed == 0, "{failed} expectations failed");
    ensure!(back.is_ok(), "the world is not as it was");
    Ok(())
}

/// One act; the number of expectations that failed.
fn play(act: &Act, desired_before: &[String], first: &Moment) -> Result<usize> {
    paint::heading(&format!("What is wanted ({})", super::DESIRED));
    lines(desired_before, &act.desired);
    fs::write(super::DESIRED, text(&act.desired))?;

    let saved_before = saved()?;
    let mounts_before = mounts::table()?;
    let scene_before = tree::read(&SCENE, &[])?;
    call()?;
    let mounts_after = mounts::table()?;

    let saved_after = saved()?;
    paint::heading("What it unmounted and mounted");
    let describe = |mark, mount: &Mount| {
        let (what, point) = (mount.describe(&first.mounts), &mount.mount_point);
        let of_mimic = is_of_mimic(point, &[&saved_before, &saved_after]);
        let why = if of_mimic { " (of a mimic)" } else { "" };
        paint::marked(mark, &format!("{point}: {what}{why}"));
    };
    for mount in mounts::without(&mounts_before, &mounts_after).iter().rev() {
        describe(Mark::Gone, mount);
    }
    for mount in &mounts::without(&mounts_after, &mounts_before) {
        describe(Mark::New, mount);
    }
    paint::heading(&format!("What it saved ({})", super::CURRENT));
    lines(&saved_before, &saved_after);

    paint::heading("The tree, before and after");
    picture(&scene_before, &tree::read(&SCENE, &[])?);

    paint::heading("What an application must see");
    let results: Vec<_> = act.expected.iter().map(|e| (e, e.check())).collect();
    for (expected, result) in &results {
        paint::checked(&expected.describe(), result);
    }
    Ok(results.iter().filter(|(_, result)| result.is_err()).count())
}

/// Both trees as one, indented below the places of the scene.
fn picture(before: &Tree, after: &Tree) {
    for (path, what, mark) in tree::compare(before, after) {
        let root = SCENE.iter().map(Path::new).find(|s| path.starts_with(s));
        let below = root.and_then(|root| path.strip_prefix(root).ok());
        let depth = below.map_or(0, |below| below.components().count());
        let name = match path.file_name() {
            Some(name) if depth > 0 => name.to_string_lossy(),
            _ => path.to_string_lossy(),
        };
        let name = format!("{:indent$}{name}", "", indent = 2 * depth);
        paint::marked(mark, &format!("{name:<24} {what}"));
    }
}

/// Calls the program as snap-confine calls it.
fn call() -> Result<()> {
    paint::heading("$ snap-update-ns --from-snap-confine hello");
    let start = Instant::now();
    let output = Command::new(super::PROGRAM)
        .arg0("snap-update-ns")
        .args(["--from-snap-confine", "hello"])
        .env_clear()
        .env("SNAPD_DEBUG", "0")
        .current_dir("/")
        .output()
        .context("call the program")?;
    let took = start.elapsed();
    for stream in [&output.stdout, &output.stderr] {
        for line in String::from_utf8_lossy(stream).lines() {
            paint::marked(Mark::Changed, line);
        }
    }
    paint::prose(&format!("  {} after {:.1} ms", output.status, took.as_secs_f64() * 1e3));
    ensure!(output.status.success(), "the program failed: {}", output.status);
    Ok(())
}

/// Whether what is mounted at `point` is the tmpfs of a mimic or one of its children, which have no
/// lines of their own.
fn is_of_mimic(point: &str, profiles: &[&[String]]) -> bool {
    let line_at = |path: &str| {
        let mut lines = profiles.iter().flat_map(|lines| lines.iter());
        lines.find(|line| line.split(' ').nth(1) == Some(path))
    };
    let is_mimic = |line: &String| line.contains("x-snapd.synthetic");
    let above = || point.rsplit_once('/').and_then(|(dir, _)| line_at(dir));
    line_at(point).or_else(above).is_some_and(is_mimic)
}

/// The lines of a profile against those of the last one.
fn lines(before: &[String], after: &[String]) {
    for line in before.iter().filter(|line| !after.contains(line)) {
        paint::marked(Mark::Gone, line);
    }
    for line in after {
        let mark = if before.contains(line) { Mark::Same } else { Mark::New };
        paint::marked(mark, line);
    }
}

fn saved() -> Result<Vec<String>> {
    let text = fs::read_to_string(super::CURRENT).context(super::CURRENT)?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}
