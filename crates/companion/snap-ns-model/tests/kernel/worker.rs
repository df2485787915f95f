//! A thread that is in a namespace, with a working directory of its own.

use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use rustix::thread::{UnshareFlags, unshare_unsafe};

type Task = Box<dyn FnOnce() + Send>;

pub(crate) struct Worker {
    tasks: Option<Sender<Task>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// In the caller's namespace.
    pub(crate) fn here() -> Self {
        Self::start(UnshareFlags::FS)
    }

    /// In a new one.
    pub(crate) fn apart() -> Self {
        Self::start(UnshareFlags::NEWNS)
    }

    fn start(flags: UnshareFlags) -> Self {
        let (tasks, inbox) = channel::<Task>();
        // A plan is larger than the usual stack.
        let builder = std::thread::Builder::new().stack_size(256 << 20);
        let thread = builder
            .spawn(move || {
                // SAFETY: neither flag touches the descriptor table that the threads share.
                unsafe { unshare_unsafe(flags) }.unwrap();
                inbox.iter().for_each(|task| task());
            })
            .unwrap();
        let worker = Self { tasks: Some(tasks), thread: Some(thread) };
        // It must have its namespace before anything else happens.
        worker.run(|| {});
        worker
    }

    /// What `task` returns, done over there.
    pub(crate) fn run<R: Send + 'static>(&self, task: impl FnOnce() -> R + Send + 'static) -> R {
        let (answer, answers) = channel();
        let task = Box::new(move || answer.send(task()).unwrap());
        self.tasks.as_ref().unwrap().send(task).unwrap();
        answers.recv().expect("the worker panicked")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.tasks = None;
        let _ = self.thread.take().unwrap().join();
    }
}
