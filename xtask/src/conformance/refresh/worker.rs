//! Workers: one for each processor, each with a guest process that it asks.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result, ensure};
use snap_ns_testbed::isolate;

use super::super::conditions::Conditions;
use super::super::launch::pin;
use super::REFRESH_GUEST;
use super::guest::{Answer, Job};
use crate::peer::workspace_root;
use snap_ns_model::history::{History, lines};

/// A guest process, and how to ask it.
pub(super) struct Guest {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    scratch: PathBuf,
}

impl Guest {
    pub(super) fn start() -> Result<Self> {
        let scratch = workspace_root()?.join("target/conformance-scratch");
        fs::create_dir_all(&scratch)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(REFRESH_GUEST).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = isolate(&mut command).spawn().context("start a guest")?;
        let questions = process.stdin.take().context("the guest's standard input")?;
        let answers = process.stdout.take().context("the guest's standard output")?;
        Ok(Self { process, questions, answers: BufReader::new(answers), scratch })
    }

    /// What `program` makes of `history`.
    pub(super) fn ask(
        &mut self,
        history: &History,
        program: &Path,
        conditions: &Conditions,
    ) -> Result<Answer> {
        let job = Job {
            program: program.to_owned(),
            conditions: conditions.clone(),
            scratch: self.scratch.clone(),
            instance: history.instance.to_owned(),
            world: lines(&history.world),
            profiles: history.profiles.iter().map(|profile| lines(profile)).collect(),
        };
        self.questions.write_all(&serde_json::to_vec(&job)?)?;
        self.questions.write_all(b"\n")?;
        self.questions.flush()?;
        let mut answer = String::new();
        ensure!(self.answers.read_line(&mut answer)? > 0, "the guest died");
        Ok(serde_json::from_str(&answer)?)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // It holds nothing that outlives it, and may hang in the program under test.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `work` for each number below `many`, in their order.
pub(super) fn each<T: Send>(
    many: usize,
    work: impl Fn(&mut Guest, usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let (next, work) = (&next, &work);
    let worker = |number: usize| -> Result<Vec<(usize, T)>> {
        pin(number)?;
        let mut guest = Guest::start()?;
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= many {
                return Ok(done);
            }
            done.push((at, work(&mut guest, at)?));
        }
    };
    let mut all = Vec::new();
    thread::scope(|scope| -> Result<()> {
        let workers = thread::available_parallelism()?.get();
        let threads: Vec<_> =
            (0..workers).map(|number| scope.spawn(move || worker(number))).collect();
        for thread in threads {
            all.extend(thread.join().ok().context("a worker died")??);
        }
        Ok(())
    })?;
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, result)| result).collect())
}
