//! One sequence on both.

use std::fmt::Write as _;

use snap_mount_options::{Depth, Propagation, PropagationKind};
use snap_ns_exec::{Backend, CreatesFor, Kernel, Resolver};
use snap_ns_model::{Error, MountRow, Namespace};
use snap_ns_plan::{FsView as _, Look, NodeKind, Role};

use crate::op::{Op, Setup, Turn};
use crate::update::{Sorted, update};
use crate::worker::Worker;
use crate::{action, real, shot};

/// The model and the kernel, in one namespace.
struct Pair {
    model: Namespace,
    worker: Worker,
    /// What the last run saved.
    profile: String,
    backend: Backend,
}

/// The model is one of the classic calls. What is attached with its flags already differs from that
/// where it propagates: the copies have the flags, too.
fn backend(setup: Setup, turns: &[Turn]) -> Backend {
    let private = setup == Setup::Private && !format!("{turns:?}").contains("hared");
    if private { Backend::Fd } else { Backend::Classic }
}

pub(crate) fn model_set_up(setup: Setup) -> Result<Namespace, Error> {
    let mut model = Namespace::new();
    let shared = Propagation { kind: PropagationKind::Shared, depth: Depth::Single };
    for dir in ["/t", "/tmp", "/srv"] {
        model.dirs(dir)?;
    }
    model.mount_tmpfs("/t")?;
    match setup {
        Setup::Private => {
            model.mount_tmpfs("/tmp")?.set_attributes("/tmp", 0o1777, 0, 0)?;
        }
        Setup::Shared => {
            model.mount_tmpfs("/tmp")?.set_attributes("/tmp", 0o1777, 0, 0)?;
            model.set_propagation("/t", shared)?.set_propagation("/tmp", shared)?;
        }
        Setup::TmpInside => {
            model.set_propagation("/t", shared)?.dir("/t/tmp", 0o1777, 0, 0)?;
            model.bind("/t/tmp", "/tmp")?;
        }
    }
    Ok(model)
}

fn model_call(model: &mut Namespace, op: &Op) -> Result<(), Error> {
    match op {
        Op::Dir(path, mode) => model.dir(path, *mode, 0, 0),
        Op::File(path, text) => model.file(path, text),
        Op::Link(path, target) => model.link(path, target),
        Op::Special(path) => model.special(path),
        Op::Remove(path) => model.remove(path),
        Op::Tmpfs(path) => model.mount_tmpfs(path),
        Op::Other(path) => model.mount_other(path),
        Op::Bind(source, path, Depth::Single) => model.bind(source, path),
        Op::Bind(source, path, Depth::Recursive) => model.rbind(source, path),
        Op::Move(source, path) => model.move_mount(source, path),
        Op::ReadOnly(path) => model.set_read_only(path),
        Op::Propagation(path, to) => model.set_propagation(path, *to),
        Op::Unmount(path) => model.unmount(path),
        Op::Detach(path) => model.detach(path),
        Op::Clone | Op::Look(..) | Op::Act(..) | Op::Update(_) => unreachable!("{op:?}"),
    }
    .map(|_| ())
}

/// Whether the model does not say what happens: mounts of symbolic links.
fn is_out_of_scope(model: &mut Namespace, op: &Op) -> bool {
    let mut is_link = |path: &str| {
        model.look(path.as_bytes(), Role::Source) == Ok(Look::Found(NodeKind::Symlink))
    };
    if let Op::Bind(source, path, _) | Op::Move(source, path) = op {
        is_link(source) || is_link(path)
    } else {
        false
    }
}

impl Pair {
    /// Does `op` on both; tells what the model answers and what the kernel does.
    fn step(&mut self, op: &Op) -> (String, String) {
        let backend = self.backend;
        let kernel =
            move || Kernel::with_resolver(CreatesFor::Root, backend, Resolver::OpenAt2).unwrap();
        // The executor leaves its working directory in what it worked on, which is in use then.
        let leave = || rustix::process::chdir("/").unwrap();
        let op = op.clone();
        if let Op::Act(act, law) = op {
            let model = action::perform(&mut self.model, &act, law);
            let real = self.worker.run(move || {
                let outcome = action::perform(&mut kernel(), &act, law);
                leave();
                outcome
            });
            (model, real)
        } else if let Op::Look(a, b) = op {
            let model = action::ask(&mut self.model, &a, &b);
            (model, self.worker.run(move || action::ask(&mut kernel(), &a, &b)))
        } else if let Op::Update(lines) = op {
            let (current, desired) = (self.profile.clone(), lines.concat());
            let (model, saved) = update(&mut self.model, &current, &desired);
            self.profile.clone_from(&saved);
            let real = self.worker.run(move || {
                let real = update(&mut Sorted(kernel()), &current, &desired);
                leave();
                real
            });
            (format!("{model}\n{saved}"), format!("{}\n{}", real.0, real.1))
        } else if is_out_of_scope(&mut self.model, &op) {
            Default::default()
        } else {
            let model = model_call(&mut self.model, &op).map_err(Error::errno);
            let real =
                self.worker.run(move || real::call(&op).map_err(|errno| errno.raw_os_error()));
            (format!("{model:?}"), format!("{real:?}"))
        }
    }

    fn shots(&self) -> (String, String) {
        let picture = |path| self.model.picture_at(path).unwrap();
        let model = picture("/t") + &picture("/tmp") + &lines(&self.model.mount_table());
        let real = self
            .worker
            .run(|| shot::picture("/t") + &shot::picture("/tmp") + &lines(&shot::table()));
        (model, real)
    }
}

fn lines(table: &[MountRow]) -> String {
    table.iter().enumerate().fold(String::new(), |mut text, (number, row)| {
        let (root, at) = (row.root.escape_ascii(), row.mount_point.escape_ascii());
        let MountRow { parent, level, flags, fs, kind, access, peers, master, unbindable, .. } =
            row;
        writeln!(
            text,
            "{number}: {at} in {parent:?} level {level} root {root} {flags:?} {kind:?} {fs} \
             {access:?} peers {peers:?} master {master:?} unbindable {unbindable}",
        )
        .unwrap();
        text
    })
}

fn difference(what: &str, (model, real): (String, String)) -> Result<(), String> {
    if model == real {
        return Ok(());
    }
    let only = |a: &str, b: &str| -> String {
        a.lines()
            .filter(|line| !b.lines().any(|other| other == *line))
            .map(|line| format!("\n    {line}"))
            .collect()
    };
    Err(format!("{what}:\n  model{}\n  kernel{}", only(&model, &real), only(&real, &model)))
}

pub(crate) fn compare(setup: Setup, turns: &[Turn]) -> Result<(), String> {
    let first = Pair {
        model: model_set_up(setup).unwrap(),
        worker: Worker::here(),
        profile: String::new(),
        backend: backend(setup, turns),
    };
    first.worker.run(move || real::set_up(setup)).unwrap();
    let mut pairs = vec![first];
    let result = run(&mut pairs, turns);
    for pair in &pairs {
        pair.worker.run(real::clean_up);
    }
    result
}

fn run(pairs: &mut Vec<Pair>, turns: &[Turn]) -> Result<(), String> {
    for (number, turn) in turns.iter().enumerate() {
        if matches!(turn.op, Op::Clone) {
            if pairs.len() == 1 {
                let model = pairs[0].model.clone_namespace();
                let profile = pairs[0].profile.clone();
                let backend = pairs[0].backend;
                pairs.push(Pair { model, worker: Worker::apart(), profile, backend });
            }
        } else {
            let at = usize::from(turn.second).min(pairs.len() - 1);
            difference(&format!("answer {number}"), pairs[at].step(&turn.op))?;
        }
        for (at, pair) in pairs.iter().enumerate() {
            difference(&format!("namespace {at} after {number}"), pair.shots())?;
        }
    }
    // A copy of the machine shows the same, and what happens in it does not show.
    for pair in pairs {
        let copy = pair.model.deep_copy();
        let before = pair.model.picture();
        assert_eq!(copy.picture(), before);
        let _ = copy.deep_copy().detach("/t");
        assert_eq!(pair.model.picture(), before);
    }
    Ok(())
}
