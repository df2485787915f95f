//! Workers: one for each processor, each with a guest process that it asks. A guest is this
//! program again, in a mount namespace of its own: a line with a question in, a line with an
//! answer out.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde::de::DeserializeOwned;
use snap_ns_testbed::isolate;

use crate::conformance::pin;
use crate::peer::workspace_root;

/// A guest needs no longer to end once nobody asks any more; it may hang in the program under test.
const PARTING: Duration = Duration::from_secs(1);

/// What was found, or why nothing could be.
pub(crate) type Answer<T> = Result<T, String>;

/// A guest process, and how to ask it.
pub(crate) struct Guest {
    process: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Guest {
    /// Starts this program with the hidden subcommand `role`.
    fn start(role: &str) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(role).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = isolate(&mut command).spawn().context("start a guest")?;
        let questions = Some(process.stdin.take().context("the guest's standard input")?);
        let answers = process.stdout.take().context("the guest's standard output")?;
        Ok(Self { process, questions, answers: BufReader::new(answers) })
    }

    /// The guest's answer to `question`.
    pub(crate) fn ask<A: DeserializeOwned>(
        &mut self,
        question: &impl Serialize,
    ) -> Result<Answer<A>> {
        let questions = self.questions.as_mut().context("the guest was dismissed")?;
        let mut line = serde_json::to_vec(question)?;
        line.push(b'\n');
        questions.write_all(&line)?;
        questions.flush()?;
        let mut answer = String::new();
        ensure!(self.answers.read_line(&mut answer)? > 0, "the guest died");
        Ok(serde_json::from_str(&answer)?)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        drop(self.questions.take());
        let start = Instant::now();
        while start.elapsed() < PARTING && matches!(self.process.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(1));
        }
        // It holds nothing that outlives it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The guest's side: answers each question, until there are no more.
pub(crate) fn answer_all<Q: DeserializeOwned, A: Serialize>(
    mut answer: impl FnMut(&Q) -> Result<A>,
) -> Result<()> {
    let mut out = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        let question = serde_json::from_str(&line?).context("question")?;
        let answer: Answer<A> = answer(&question).map_err(|error| format!("{error:#}"));
        serde_json::to_writer(&mut out, &answer)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(())
}

/// Any directory; guests only mount on it, each in its own namespace.
pub(crate) fn scratch() -> Result<PathBuf> {
    let scratch = workspace_root()?.join("target/conformance-scratch");
    fs::create_dir_all(&scratch)?;
    Ok(scratch)
}

/// `work` for each number below `many`, in their order, with guests of this `role`.
pub(crate) fn each<T: Send>(
    role: &str,
    many: usize,
    work: impl Fn(&mut Guest, usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    spread(many, || Guest::start(role), work)
}

/// `work` for each number below `many`, in their order: by a thread for each processor, which is
/// pinned to it and has what `start` gives it.
pub(crate) fn spread<S, T: Send>(
    many: usize,
    start: impl Fn() -> Result<S> + Sync,
    work: impl Fn(&mut S, usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let (next, start, work) = (&next, &start, &work);
    let worker = |number: usize| -> Result<Vec<(usize, T)>> {
        pin(number)?;
        let mut state = start()?;
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= many {
                return Ok(done);
            }
            done.push((at, work(&mut state, at)?));
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
