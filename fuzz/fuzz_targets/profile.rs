//! Arbitrary bytes as a mount profile: parsed, loaded, written, parsed again.
//!
//! A panic is a finding (`overflow` and bounds checks are on), and so is each assertion below.
#![no_main]
#![forbid(unsafe_code)]

use std::convert::Infallible;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{LazyLock, Mutex};
use std::thread;

use libfuzzer_sys::fuzz_target;
use snap_fstab::{Entry, Line, Rigour, Sink};
use snap_mount_options::Kind;
use snap_profile::{Arena, Profile, Role, Variables};

/// A profile is a few megabytes, all of them on the stack.
const STACK: usize = 64 << 20;

/// Enough for what a small input can grow by; more is an error like any other.
const ARENA: usize = 1 << 20;

const USER: Variables<'_> =
    Variables::User { runtime_dir: b"/run/user/1000", home: Some(b"/home/user") };

/// The thread with the big stack: takes inputs, tells when it is done with one. When it panics,
/// libFuzzer's hook has already ended the process.
struct Worker {
    inputs: Sender<Vec<u8>>,
    done: Receiver<()>,
}

static WORKER: LazyLock<Mutex<Worker>> = LazyLock::new(|| {
    let (inputs, work) = channel::<Vec<u8>>();
    let (finished, done) = channel();
    let serve = move || {
        let mut arena = vec![0; ARENA];
        for input in work {
            try_text(&input);
            for role in [Role::Desired, Role::Current] {
                for variables in [Variables::None, USER] {
                    try_profile(&input, role, &variables, &mut arena);
                }
            }
            finished.send(()).expect("the main thread waits");
        }
    };
    thread::Builder::new().stack_size(STACK).spawn(serve).expect("a thread");
    Mutex::new(Worker { inputs, done })
});

fuzz_target!(|input: &[u8]| {
    let worker = WORKER.lock().expect("there is one user");
    worker.inputs.send(input.to_vec()).expect("the worker runs");
    worker.done.recv().expect("the worker is done");
});

/// The text alone: what is an entry is one again after it was written.
fn try_text(input: &[u8]) {
    for line in snap_fstab::parse(&mut input.to_vec(), Rigour::Strict) {
        match line {
            Ok(line) => round_trip(&entry(&line), Rigour::Strict),
            Err(error) => drop(error.to_string()),
        }
    }
}

fn try_profile(input: &[u8], role: Role, variables: &Variables<'_>, arena: &mut [u8]) {
    let mut text = input.to_vec();
    let mut arena = Arena::new(arena);
    let mut profile = Profile::new();
    match snap_profile::load(&mut text, role, variables, &mut arena, &mut profile) {
        Ok(_) => {}
        // The entries before the bad line are in `profile` and must be good all the same.
        Err(error) => drop(error.kind.to_string()),
    }
    let rigour = match role {
        Role::Desired => Rigour::Strict,
        Role::Current => Rigour::Lenient,
    };
    for item in &profile {
        round_trip(&item.entry, rigour);
        assert_clean(item.entry.mount_point);
        if let Kind::EnsureDir(dir) = item.options().kind
            && role == Role::Desired
        {
            assert_clean(dir);
        }
    }
}

fn assert_clean(path: &[u8]) {
    assert_eq!(snap_path::check(path), Ok(()), "{}", path.escape_ascii());
}

fn round_trip(entry_: &Entry<'_>, rigour: Rigour) {
    let mut written = Text(Vec::new());
    let Ok(()) = entry_.write(&mut written);
    let mut lines = snap_fstab::parse(&mut written.0, rigour);
    let line = lines.next().expect("an entry").expect("a good entry");
    assert_eq!(entry(&line), *entry_);
    assert!(lines.next().is_none(), "an entry is one line");
}

fn entry<'a>(line: &'a Line<'_>) -> Entry<'a> {
    Entry {
        source: line.source,
        mount_point: line.mount_point,
        fs_type: line.fs_type,
        options: line.options,
        dump: line.dump,
        pass: line.pass,
    }
}

struct Text(Vec<u8>);

impl Sink for Text {
    type Error = Infallible;

    fn put(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}
