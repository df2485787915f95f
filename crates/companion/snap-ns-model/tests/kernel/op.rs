//! What sequences are made of.

use proptest::prelude::*;
use snap_mount_options::{Depth, Propagation, PropagationKind};
use snap_ns_plan::ObjectKind;

/// What there is before the first turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setup {
    /// Private mounts on `/t` and `/tmp`.
    Private,
    /// Shared ones.
    Shared,
    /// `/tmp` is a part of the shared `/t`.
    TmpInside,
}

/// An operation, and in which namespace it happens if there are two.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    pub(crate) second: bool,
    pub(crate) op: Op,
}

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Dir(String, u16),
    File(String, &'static str),
    Link(String, &'static str),
    Special(String),
    Remove(String),
    Tmpfs(String),
    Other(String),
    Bind(String, String, Depth),
    Move(String, String),
    ReadOnly(String),
    Propagation(String, Propagation),
    Unmount(String),
    Detach(String),
    /// From here on there are two namespaces.
    Clone,
    Look(String, String),
    Act(Act, Law),
    /// To the profile with these lines.
    Update(Vec<String>),
}

#[derive(Clone, Debug)]
pub(crate) enum Act {
    Unmount(String),
    /// The last number, here and below, is how many names of the path stay.
    RemoveSymlink(String, &'static str, usize),
    RemoveMountPoint(String, usize),
    /// The number in between is how many names of the path lead to the tmpfs of ours.
    RemoveSource(String, usize, usize),
    Make(String, ObjectKind, u16),
    MakeSymlink(String, &'static str),
    EnsureDir(String, String),
    Mount(String),
    Mimic(String),
}

/// Which rule holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Law {
    /// Everything is allowed, and nobody else is there.
    Anywhere,
    /// Everything is allowed, and others may change it.
    Shifting,
    /// On the tmpfs of `/t` only.
    OnTheTmpfs,
}

pub(crate) fn setup() -> impl Strategy<Value = Setup> {
    prop_oneof![Just(Setup::Private), Just(Setup::Shared), Just(Setup::TmpInside)]
}

/// A path below `/t`.
fn path() -> impl Strategy<Value = String> {
    let name = prop_oneof![5 => Just("a"), 4 => Just("b"), 2 => Just("f"), 1 => Just("l")];
    let depth = prop_oneof![4 => Just(1usize), 4 => Just(2), 2 => Just(3), 1 => Just(4)];
    depth
        .prop_flat_map(move |depth| prop::collection::vec(name.clone(), depth))
        .prop_map(|names| names.iter().fold("/t".to_owned(), |path, name| path + "/" + name))
}

/// One of a few directories: each needs a profile of its own, and these are large.
fn short_path() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["/t/a", "/t/b", "/t/a/a", "/t/a/b", "/t/b/a", "/t/b/b", "/t/f"])
        .prop_map(str::to_owned)
}

/// Any path, and `/t` itself.
fn source() -> impl Strategy<Value = String> {
    prop_oneof![1 => Just("/t".to_owned()), 6 => path()]
}

fn depth() -> impl Strategy<Value = Depth> {
    prop_oneof![Just(Depth::Single), Just(Depth::Recursive)]
}

fn propagation() -> impl Strategy<Value = Propagation> {
    use PropagationKind::{Private, Shared, Slave, Unbindable};
    let kind =
        prop_oneof![4 => Just(Shared), 3 => Just(Slave), 2 => Just(Private), 1 => Just(Unbindable)];
    (kind, depth()).prop_map(|(kind, depth)| Propagation { kind, depth })
}

fn call() -> BoxedStrategy<Op> {
    let mode = prop_oneof![Just(0o755u16), Just(0o700), Just(0o2755), Just(0o1777)];
    prop_oneof![
        4 => (path(), mode).prop_map(|(path, mode)| Op::Dir(path, mode)),
        2 => (path(), prop_oneof![Just(""), Just("text")]).prop_map(|(p, t)| Op::File(p, t)),
        1 => path().prop_map(|path| Op::Link(path, "b")),
        1 => path().prop_map(Op::Special),
        3 => path().prop_map(Op::Remove),
        2 => path().prop_map(Op::Tmpfs),
        1 => path().prop_map(Op::Other),
        9 => (source(), path(), depth()).prop_map(|(s, p, d)| Op::Bind(s, p, d)),
        1 => (path(), path()).prop_map(|(s, p)| Op::Move(s, p)),
        3 => path().prop_map(Op::ReadOnly),
        7 => (source(), propagation()).prop_map(|(p, to)| Op::Propagation(p, to)),
        4 => path().prop_map(Op::Unmount),
        2 => path().prop_map(Op::Detach),
        2 => Just(Op::Clone),
        1 => (source(), source()).prop_map(|(a, b)| Op::Look(a, b)),
    ]
    .boxed()
}

fn options() -> impl Strategy<Value = String> {
    prop::sample::subsequence(
        vec!["ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime", "strictatime"],
        0..3,
    )
    .prop_map(|words| words.iter().fold(String::new(), |text, word| text + "," + word))
}

fn spread() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        6 => Just(""),
        1 => Just(",private"),
        1 => Just(",rprivate"),
        1 => Just(",slave"),
        1 => Just(",rslave"),
        1 => Just(",shared"),
        1 => Just(",rshared"),
        1 => Just(",unbindable"),
    ]
}

fn entry() -> impl Strategy<Value = String> {
    let operation = prop_oneof![4 => Just("bind"), 4 => Just("rbind"), 1 => Just("move")];
    let kind = prop_oneof![5 => Just(""), 1 => Just(",x-snapd.kind=file")];
    let missing = prop_oneof![6 => Just(""), 1 => Just(",x-snapd.ignore-missing")];
    let tree = (source(), path(), operation, options(), spread(), kind, missing).prop_map(
        |(from, to, operation, options, spread, kind, missing)| {
            format!("{from} {to} none {operation}{options}{spread}{kind}{missing} 0 0")
        },
    );
    let data = prop_oneof![
        Just(""),
        Just(",mode=0700"),
        Just(",x-snapd.mode=02755"),
        Just(",size=64k,uid=0"),
        Just(",mode=9")
    ];
    let new =
        (path(), prop_oneof![4 => Just("tmpfs"), 1 => Just("ramfs")], options(), spread(), data)
            .prop_map(|(to, fs, options, spread, data)| {
                // A ramfs reads no numbers.
                let data = if fs == "ramfs" { "" } else { data };
                format!("none {to} {fs} rw{options}{spread}{data} 0 0")
            });
    let again = (path(), options())
        .prop_map(|(path, options)| format!("none {path} none remount{options} 0 0"));
    prop_oneof![7 => tree, 3 => new, 1 => again]
}

fn act() -> impl Strategy<Value = Op> {
    let kind = || prop_oneof![3 => Just(ObjectKind::Directory), 1 => Just(ObjectKind::File)];
    let mode = prop_oneof![Just(0o755u16), Just(0o6711), Just(0o1777)];
    let target = || prop_oneof![Just("b"), Just("other")];
    let keep = || 1usize..4;
    let act = prop_oneof![
        4 => path().prop_map(Act::Unmount),
        2 => (path(), target(), keep()).prop_map(|(p, t, keep)| Act::RemoveSymlink(p, t, keep)),
        4 => (path(), keep()).prop_map(|(path, keep)| Act::RemoveMountPoint(path, keep)),
        3 => (path(), keep(), keep()).prop_map(|(p, own, keep)| Act::RemoveSource(p, own, keep)),
        3 => (path(), kind(), mode).prop_map(|(path, kind, mode)| Act::Make(path, kind, mode)),
        2 => (path(), target()).prop_map(|(path, target)| Act::MakeSymlink(path, target)),
        1 => (path(), source()).prop_map(|(path, needed)| Act::EnsureDir(path, needed)),
        8 => entry().prop_map(Act::Mount),
        6 => short_path().prop_map(Act::Mimic),
    ];
    let law =
        prop_oneof![3 => Just(Law::Anywhere), 1 => Just(Law::Shifting), 1 => Just(Law::OnTheTmpfs)];
    (act, law).prop_map(|(act, law)| Op::Act(act, law))
}

fn turns(op: impl Strategy<Value = Op> + 'static) -> BoxedStrategy<Turn> {
    (any::<bool>(), op).prop_map(|(second, op)| Turn { second, op }).boxed()
}

/// A line of a desired profile.
fn line() -> impl Strategy<Value = String> {
    let origin = || prop_oneof![3 => Just(",x-snapd.origin=layout"), 1 => Just("")];
    let kind = || prop_oneof![4 => Just(""), 1 => Just(",x-snapd.kind=file")];
    let bind = prop_oneof![Just("bind"), Just("rbind"), Just("rbind,ro"), Just("bind,ro")];
    let tree =
        (source(), path(), bind, origin(), kind()).prop_map(|(from, to, bind, origin, kind)| {
            format!("{from} {to} none {bind}{origin}{kind} 0 0\n")
        });
    let tmpfs = (path(), origin())
        .prop_map(|(to, origin)| format!("none {to} tmpfs mode=0750{origin} 0 0\n"));
    let link = (path(), prop_oneof![Just("/t/b"), Just("/t/a")], origin()).prop_map(
        |(to, target, origin)| {
            let kind = "x-snapd.kind=symlink,x-snapd.symlink";
            format!("none {to} none {kind}={target}{origin} 0 0\n")
        },
    );
    let ensure = (path(), source()).prop_map(|(to, needed)| {
        let kind = "x-snapd.kind=ensure-dir,x-snapd.must-exist-dir";
        format!("none {to} none {kind}={needed} 0 0\n")
    });
    prop_oneof![9 => tree, 2 => tmpfs, 2 => link, 1 => ensure]
}

pub(crate) fn updates() -> BoxedStrategy<Turn> {
    turns(prop_oneof![2 => call(), 1 => prop::collection::vec(line(), 0..6).prop_map(Op::Update)])
}

pub(crate) fn calls() -> BoxedStrategy<Turn> {
    turns(call())
}

pub(crate) fn actions() -> BoxedStrategy<Turn> {
    turns(prop_oneof![1 => call(), 2 => act()])
}
